/** JSON for other programs that may pass by a terminal on its way: payloads hold any characters, so only ASCII is written. */
import type { Json } from '../../protocol/common/canonical-json.ts';

/** One line. JSON itself escapes the control characters below the space only, and no mark that turns the writing. */
export function jsonLine(value: Json): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
