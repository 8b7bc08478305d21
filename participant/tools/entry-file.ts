/** An entry of the address book as a file: `{"NAME": {...}}`, as it stands in a policy. */
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { type Counterparty, POLICY_SCHEMA } from '../../protocol/policy/schema.ts';

export interface EntryFile {
  readonly name: string;
  readonly entry: Counterparty;
}

export function entryText(name: string, entry: Counterparty): string {
  const addresses = entry.addresses.map(({ chainId, ...rest }) => ({ chainId: String(chainId), ...rest }));
  return `${JSON.stringify({ [name]: { ...entry, addresses } }, undefined, 2)}\n`;
}

/** Read as part of a policy that says nothing else, by the one reader there is. Fails with `ENTRY_INVALID`. */
export function readEntryFile(text: string, path: string): EntryFile {
  const policy = parsePolicy(
    `{"schema":"${POLICY_SCHEMA}","id":"entry","version":1,"wallets":{},"rules":[],"counterparties":${text}}`,
  );
  if (!policy.ok) throw new InvalidArgument('ENTRY_INVALID', `${path}: ${policy.error.field}`, policy.error.message);
  const [first, ...others] = [...(policy.value.document.counterparties ?? [])];
  if (first === undefined || others.length > 0) {
    throw new InvalidArgument('ENTRY_INVALID', path, 'must hold exactly one entry');
  }
  return { name: first[0], entry: first[1] };
}

/** The next version of a policy, with this entry and without the signatures of the version before. */
export function withEntry(
  text: string,
  policy: Policy,
  name: string,
  entry: Counterparty,
): { readonly text: string; readonly policy: Policy } {
  // Its own strict reader has read it, so nothing in it is lost on the way through another one.
  const file = JSON.parse(text) as { readonly [key: string]: unknown };
  const { signatures: _, ...kept } = file;
  const next = {
    ...kept,
    version: policy.document.version + 1,
    parentHash: `0x${toHex(policyDigest(policy))}`,
    counterparties: {
      ...(kept['counterparties'] as object | undefined),
      ...(JSON.parse(entryText(name, entry)) as object),
    },
  };
  const written = `${JSON.stringify(next, undefined, 2)}\n`;
  const parsed = parsePolicy(written);
  if (parsed.ok) return { text: written, policy: parsed.value };
  throw new InvalidArgument(parsed.error.code, parsed.error.field, parsed.error.message);
}
