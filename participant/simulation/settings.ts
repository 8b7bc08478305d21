/**
 * Which nodes a participant asks for state: the file `simulation.json` of its home, or the command line. Addresses of providers
 * often hold a key, so the file is the better place.
 */
import { readFileIfPresent } from '../../proto/rest/atomic-file.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { array, object, read, text } from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import { checkNodeAddress } from './rpc.ts';
import type { StateOrigin } from './thread-messages.ts';

const MAX_NODES = 16;
const SETTINGS = object<{ readonly nodes: readonly string[] }>({
  nodes: array(text({ min: 8, max: 2048 }), { max: MAX_NODES }),
});

/**
 * @param given addresses from the command line; they take the place of the file
 * @throws {InvalidArgument} `SIMULATION_SETTINGS`
 */
export async function simulationOrigins(file: string, given: readonly string[]): Promise<readonly StateOrigin[]> {
  const nodes = given.length > 0 ? given : await nodesOf(file);
  return nodes.map((address, i): StateOrigin => {
    try {
      checkNodeAddress(address);
      return { kind: 'rpc', address };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it cannot be read';
      throw new InvalidArgument('SIMULATION_SETTINGS', given.length > 0 ? '--simulate' : `${file} nodes[${i}]`, why);
    }
  });
}

async function nodesOf(file: string): Promise<readonly string[]> {
  const content = await readFileIfPresent(file);
  if (content === undefined) return [];
  const parsed = parseStrictJson(new TextDecoder().decode(content));
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) throw new InvalidArgument('SIMULATION_SETTINGS', file, json.error.message);
  const settings = read(SETTINGS, json.value);
  if (settings.ok) return settings.value.nodes;
  throw new InvalidArgument('SIMULATION_SETTINGS', file, `${settings.error.field} ${settings.error.message}`);
}
