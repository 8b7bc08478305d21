/** What only this node knows of a proposal: grounds to reject that lie outside the payload, and the key of its path. */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { ProposalBody } from '../../protocol/ceremony/proposal.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { Refusal } from '../../protocol/common/errors.ts';
import type { NodeContext } from '../context.ts';
import { planOf } from './plans.ts';

/** Grounds to reject that lie outside the payload: what only this node can know. */
export function localReasons(node: NodeContext, entry: BookEntry): readonly VerdictReason[] {
  if (entry.conflict !== undefined) {
    return [{ code: 'OPERATOR_EQUIVOCATION', detail: 'the operator signed two different proposals under one nonce' }];
  }
  if (entry.inadmissible !== undefined) {
    return [{ code: entry.inadmissible.code, detail: entry.inadmissible.message }];
  }
  const { proposal } = entry.ceremony;
  const { body } = proposal;
  if (body.ceremony === 'keygen' || body.ceremony === 'import') {
    const isTaken = node.wallets.all().some(({ wallet }) => wallet.name === body.wallet);
    return isTaken ? [{ code: 'WALLET_NAME_TAKEN', detail: `there is a wallet ${body.wallet} already` }] : [];
  }
  return epochReasons(node, proposal.digest, body);
}

/** The key of a proposal's path, derived from this party's own chain code; undefined for the root key. */
export function childKeyOf(node: NodeContext, wallet: Wallet, body: ProposalBody): Uint8Array | undefined {
  if (body.ceremony !== 'sign' || body.path.length === 0) return undefined;
  const derived = node.wallets.derive(wallet, body.path);
  return derived.ok ? derived.value.publicKey : undefined;
}

/** Why nothing more happens under the epoch that a proposal names, as far as only this node knows. */
function epochReasons(
  node: NodeContext,
  digest: Uint8Array,
  body: Exclude<ProposalBody, { readonly ceremony: 'keygen' | 'import' }>,
): readonly VerdictReason[] {
  const { wallets } = node;
  const elsewhere = wallets.all().find(({ wallet }) => equalBytes(wallet.walletId, body.walletId));
  const wallet = wallets.byId(body.walletId);
  if (wallet === undefined) {
    if (elsewhere === undefined) return [];
    const detail = wallets.hasLeft(body.walletId)
      ? 'this wallet is in the hands of another group, without this party; its old epoch signs no more'
      : 'this wallet has moved on to the next roster; it signs again when this node lives under that';
    return [{ code: 'WRONG_EPOCH', detail }];
  }
  if (!equalBytes(wallet.epochId, body.epochId)) {
    const detail = `the proposal names another epoch of this wallet than the present one, generation ${wallet.gen}`;
    return [{ code: 'WRONG_EPOCH', detail }];
  }
  if (body.ceremony !== 'reshare') return asReasons(wallets.hindrance(wallet));
  const plan = planOf(node, digest, body);
  return plan.ok ? asReasons(wallets.generationFault(plan.value.config)) : [plan.error];
}

function asReasons(refusal: Refusal | undefined): readonly VerdictReason[] {
  return refusal === undefined ? [] : [{ code: refusal.code, detail: refusal.message }];
}
