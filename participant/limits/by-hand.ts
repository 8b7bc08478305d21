/** What the key holder is told about charges and may say about them: that a nonce, or a signature, is used up. */
import type { JsonValue } from '../../proto/control/message.ts';
import { fromHex, toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { read } from '../../protocol/common/schema.ts';
import type { LedgerRow } from '../../protocol/policy/ledger.ts';
import { USED_PLACE, type UsedPlace } from '../../protocol/policy/spend.ts';
import type { NodeContext } from '../context.ts';

type Params = { readonly [key: string]: JsonValue };
type HandNode = Pick<NodeContext, 'clock' | 'journal'>;

/** Every payload that is charged, oldest first. */
export function nonceRows({ journal }: HandNode): JsonValue {
  return journal.state.ledger.rows().map(({ at, consumed, key, released, spend }) => {
    const [walletId = '', digest = ''] = key.split('/');
    const { place } = spend;
    return {
      walletId,
      digest,
      wallet: spend.wallet,
      initiator: spend.initiator,
      place: place.kind,
      account: 'nonce' in place ? ownerOf(place) : spend.account,
      chain: String(('chainId' in place ? place.chainId : spend.chainId) ?? 'any'),
      nonce: 'nonce' in place ? String(place.nonce) : null,
      until: place.kind === 'until' ? place.at : null,
      since: at,
      state: consumed !== undefined ? 'used up' : released !== undefined ? 'signed' : 'reserved',
    };
  });
}

/** The key holder has looked at the chain: all nonces of the account up to this one are used up. */
export async function nonceConsumed({ clock, journal }: HandNode, params: Params): Promise<JsonValue> {
  const { kind, account, chain, nonce } = params;
  const of = kind === 'safe' ? { kind, safe: account } : { kind: 'account', account };
  const named = chain === 'any' ? {} : { chainId: chain };
  const place = read(USED_PLACE, { ...of, ...named, nonce } as { [key: string]: string });
  if (!place.ok) throw new InvalidArgument('NONCE_PLACE', place.error.field, place.error.message);
  const { state } = journal;
  const charged = state.ledger.rows().filter((row) => isAt(row, place.value));
  // What a typing error ends cannot be taken back: nothing behind the highest nonce that was signed is believed.
  if (!charged.some(({ spend }) => 'nonce' in spend.place && spend.place.nonce >= place.value.nonce)) {
    throw new Refusal('NONCE_UNKNOWN', 'nothing is charged for this account, chain and nonce, or one behind it');
  }
  await journal.record({ type: 'nonce-consumed', place: place.value, at: clock.now(), source: 'hand' });
  return { account: ownerOf(place.value), nonce: String(place.value.nonce) };
}

/** The key holder knows that nobody can use this signature any more: the permit was cancelled, say. */
export async function signatureVoid({ clock, journal }: HandNode, params: Params): Promise<JsonValue> {
  const name = String(params['digest'] ?? '');
  const digest = fromHex(name);
  const row = journal.state.ledger.rows().find(({ key }) => key.split('/')[1] === name);
  const walletId = fromHex(row?.key.split('/')[0] ?? '');
  if (digest?.length !== 32 || walletId === undefined || row === undefined) {
    throw new Refusal('NONCE_UNKNOWN', 'no payload with this digest is charged');
  }
  if ('nonce' in row.spend.place) {
    throw new Refusal('NONCE_PLACE', 'this payload has a nonce: say that the nonce is used up');
  }
  await journal.record({ type: 'signature-void', walletId, digest, at: clock.now() });
  return { digest: toHex(digest) };
}

function isAt({ spend: { place } }: LedgerRow, used: UsedPlace): boolean {
  return (
    'nonce' in place && place.kind === used.kind && place.chainId === used.chainId && ownerOf(place) === ownerOf(used)
  );
}

function ownerOf(place: UsedPlace): string {
  return place.kind === 'account' ? place.account : place.safe;
}
