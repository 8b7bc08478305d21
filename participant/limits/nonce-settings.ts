/** Which chain nodes a participant asks whether nonces were used up: the file `nonces.json` of its home. */
import { readFileIfPresent } from '../../proto/rest/atomic-file.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { array, boolean, integer, object, optional, type Reader, read, text } from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import { checkNodeAddress } from '../simulation/rpc.ts';

export interface NonceSettings {
  /** Addresses that begin with http:// or https://; which chain each is on, it says itself. */
  readonly nodes: readonly string[];
  /** So many nodes of a chain must say the same; 1 only with `own`. */
  readonly agree: number;
  /** Blocks on top of the one in which it was used up. */
  readonly confirmations: number;
  /** The nodes are the key holder's own: a single one is believed. */
  readonly own?: boolean | undefined;
}

const SETTINGS: Reader<NonceSettings> = object<NonceSettings>({
  nodes: array(text({ min: 8, max: 2048 }), { min: 1, max: 16 }),
  agree: integer({ min: 1, max: 16 }),
  confirmations: integer({ max: 1000 }),
  own: optional(boolean),
});

/**
 * `undefined`: nobody is asked, and only the key holder can say that a nonce was used up.
 *
 * @throws {InvalidArgument} `NONCE_SETTINGS`
 */
export async function readNonceSettings(file: string): Promise<NonceSettings | undefined> {
  const content = await readFileIfPresent(file);
  if (content === undefined) return undefined;
  const parsed = parseStrictJson(new TextDecoder().decode(content));
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) throw new InvalidArgument('NONCE_SETTINGS', file, json.error.message);
  const known = read(SETTINGS, json.value);
  if (!known.ok) throw new InvalidArgument('NONCE_SETTINGS', file, `${known.error.field} ${known.error.message}`);
  const settings = known.value;
  if (settings.agree === 1 && settings.own !== true) {
    throw new InvalidArgument('NONCE_SETTINGS', file, 'agree must be 2 or more, unless the nodes are your "own"');
  }
  if (settings.agree > new Set(settings.nodes).size) {
    throw new InvalidArgument('NONCE_SETTINGS', file, 'agree must not be more than there are different nodes');
  }
  for (const [i, address] of settings.nodes.entries()) {
    try {
      checkNodeAddress(address);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it cannot be read';
      throw new InvalidArgument('NONCE_SETTINGS', `${file} nodes[${i}]`, why);
    }
  }
  return settings;
}
