/** Which external checker a participant has set: the file `checker.json` of its home. */
import { readFileIfPresent, removeFile, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { array, integer, object, type Reader, read, text } from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';

export interface CheckerSettings {
  /** Program and arguments, as they are: no shell reads them. */
  readonly command: readonly string[];
  /** Within which it must answer; less than all looks together may take. */
  readonly seconds: number;
}

export const DEFAULT_SECONDS = 10;

const SETTINGS: Reader<CheckerSettings> = object<CheckerSettings>({
  command: array(text({ max: 4096, pattern: /^[^\0]*$/ }), { min: 1, max: 64 }),
  seconds: integer({ min: 1, max: 15 }),
});

/**
 * `undefined`: none is set. A file that cannot be read stops the node: a checker that was set must not be forgotten.
 *
 * @throws {InvalidArgument} `CHECKER_SETTINGS`
 */
export async function readChecker(file: string): Promise<CheckerSettings | undefined> {
  const content = await readFileIfPresent(file);
  if (content === undefined) return undefined;
  const parsed = parseStrictJson(new TextDecoder().decode(content));
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) throw new InvalidArgument('CHECKER_SETTINGS', file, json.error.message);
  const settings = read(SETTINGS, json.value);
  if (settings.ok) return settings.value;
  throw new InvalidArgument('CHECKER_SETTINGS', file, `${settings.error.field} ${settings.error.message}`);
}

export async function writeChecker(file: string, { command, seconds }: CheckerSettings): Promise<void> {
  const json = { command: [...command], seconds: String(seconds) };
  const settings = read(SETTINGS, json);
  if (!settings.ok) {
    throw new InvalidArgument('CHECKER_SETTINGS', settings.error.field, settings.error.message);
  }
  await writeFileAtomic(file, utf8(`${canonicalText(json)}\n`));
}

export async function clearChecker(file: string): Promise<void> {
  await removeFile(file);
}
