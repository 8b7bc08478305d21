/** Policies, versions that wait and freezes, as `status` and the commands show them. Plain JSON. */
import type { JsonValue } from '../../proto/control/message.ts';
import type { Admitted } from '../../protocol/ceremony/policy-chain.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { NodeContext } from '../context.ts';
import type { PolicyScope } from '../policies.ts';
import type { FreezeRow } from './freezes.ts';

type Row = { readonly [name: string]: JsonValue };

export function policyRow(policy: Policy | undefined): Row | null {
  if (policy === undefined) return null;
  const { id, version, rules } = policy.document;
  return { id, version, rules: rules.length, digest: toHex(policyDigest(policy)) };
}

/** What is in force, what waits for how long, what was refused last. */
export function policiesRow({ governance, policies }: NodeContext): Row {
  const refusal = governance.lastRefusal();
  return {
    common: policyRow(policies.common),
    own: policyRow(policies.own),
    pending: governance.pending().map(({ admitted, at, policy, waits }) => ({
      ...policyRow(policy),
      ...admittedRow(admitted),
      seen: at,
      waits,
    })),
    lastRefusal:
      refusal === undefined
        ? null
        : {
            digest: refusal.digest === undefined ? null : toHex(refusal.digest),
            from: refusal.from,
            code: refusal.code,
            message: refusal.message,
            at: refusal.at,
          },
  };
}

export function admittedRow({ changes, delaySec, direction, signers }: Admitted): Row {
  return { direction, delaySec, signers, changes: changes.map(({ kind, path, words }) => ({ kind, path, words })) };
}

export function freezeRow(
  { author, at, digest, reason, thaw, walletId }: FreezeRow,
  { wallets }: Pick<NodeContext, 'wallets'>,
): Row {
  return {
    freeze: toHex(digest),
    wallet: walletId.length === 0 ? 'all' : (wallets.byId(walletId)?.name ?? toHex(walletId)),
    author: author ?? 'unknown',
    reason: reason ?? '',
    at: at ?? 0,
    thawedBy: thaw.have,
    thawNeeds: thaw.need,
  };
}

/** What adopting a file would do, before the key holder confirms it. */
export function previewRow({ governance }: NodeContext, scope: PolicyScope, text: string): Row {
  const { admitted, policy } = governance.preview(scope, text);
  return { ...policyRow(policy), ...(admitted === undefined ? {} : admittedRow(admitted)) };
}

/** Adopts a policy by hand, or announces a version that its admins have signed. */
export async function setPolicy({ governance }: NodeContext, scope: PolicyScope, text: string): Promise<Row> {
  const { pending, policy } = await governance.adopt(scope, text);
  const waits = pending && governance.pending().find((item) => item.policy === pending.policy)?.waits;
  return { ...policyRow(policy), inForce: pending === undefined, waits: waits ?? 0 };
}

/** @param wallet its name; absent: all */
export async function freezeWallet(node: NodeContext, wallet: string | undefined, reason: string): Promise<Row> {
  const digest = await node.governance.freeze(walletIdOf(node, wallet) ?? new Uint8Array(), reason);
  return { freeze: toHex(digest), wallet: wallet ?? 'all', frozen: true };
}

export async function thawWallet(node: NodeContext, wallet: string | undefined): Promise<JsonValue> {
  await node.governance.thaw(walletIdOf(node, wallet));
  return { wallet: wallet ?? 'all', stillFrozen: node.governance.freezes().map((row) => freezeRow(row, node)) };
}

function walletIdOf({ wallets }: NodeContext, name: string | undefined): Uint8Array | undefined {
  if (name === undefined) return undefined;
  const wallet = wallets.byName(name);
  if (wallet !== undefined) return wallet.walletId;
  throw new InvalidArgument('UNKNOWN_WALLET', 'WALLET', `there is no wallet ${name} here`);
}
