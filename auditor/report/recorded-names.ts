/** What the policies in a transcript call addresses. Only for one that verifies: then parties have judged by these. */

import type { AddressNames } from '../../protocol/payload/words/names.ts';
import { addressNames } from '../../protocol/policy/names.ts';
import { readPolicy } from '../../protocol/policy/parse.ts';
import type { Line } from '../../protocol/transcript/entry.ts';

export function recordedNames(lines: readonly Line[]): AddressNames {
  const policies = lines.flatMap(({ entry }) => {
    // Any other document is no policy for the reader.
    const policy = entry.kind === 'document' ? readPolicy(entry.content) : undefined;
    return policy?.ok === true ? [policy.value] : [];
  });
  return addressNames(policies);
}
