/** Files that people name to the policy commands. */
import { readTextFile } from '../../proto/control/files.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { type Address, parseAddress } from '../../protocol/payload/address.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { type Decoded, decode } from '../../protocol/payload/payload.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';

/** Fails with `POLICY_INVALID`, the field and what to do. */
export async function policyFrom(path: string): Promise<Policy> {
  const policy = parsePolicy(await readTextFile(path));
  if (policy.ok) return policy.value;
  const { code, field, message } = policy.error;
  throw new InvalidArgument(code, field === '' ? path : `${path}: ${field}`, message);
}

/** A payload as `keymoot inspect` takes it. Fails with the decoder's code. */
export function decodedFrom(text: string, field: string): Decoded {
  const payload = payloadFromInspectJson(text);
  const decoded = payload.ok ? decode(payload.value) : payload;
  if (decoded.ok) return decoded.value;
  throw new InvalidArgument(decoded.error.code, field, decoded.error.message);
}

export function addressFrom(text: string, field: string): Address {
  const address = parseAddress(text);
  if (address === undefined || address === 'checksum') {
    throw new InvalidArgument(
      'ADDRESS_INVALID',
      field,
      'must be an address: 0x and 40 hex digits, with a correct checksum if in mixed case',
    );
  }
  return address;
}

/** The one wallet of a policy, unless one is named. */
export function walletFrom(policy: Policy, name: string | undefined): string {
  const names = [...policy.document.wallets.keys()];
  const wallet = name ?? names[0];
  if (wallet === undefined || (name === undefined && names.length > 1)) {
    throw new InvalidArgument(
      'WALLET_AMBIGUOUS',
      '--wallet',
      `is needed: the policy names ${names.join(', ') || 'no wallet'}`,
    );
  }
  if (!policy.document.wallets.has(wallet)) {
    throw new InvalidArgument('UNKNOWN_WALLET', '--wallet', `is none of the policy's wallets: ${names.join(', ')}`);
  }
  return wallet;
}

/** Who a rule expects to propose, unless somebody is named. */
export function initiatorFrom(policy: Policy, name: string | undefined): string {
  return name ?? policy.document.rules.flatMap(({ match }) => match.initiators ?? [])[0] ?? 'operator';
}
