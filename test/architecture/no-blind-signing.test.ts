/**
 * No schema takes a bare digest (docs/threat-model.md). The names are searched by digests.ts; here the schemas are run: a
 * proposal that is fine but for the place of its payload, and 32 bytes in the place of a payload.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { openProposal, proposalJson, type SignProposal } from '../../protocol/ceremony/proposal.ts';
import type { RosterBody } from '../../protocol/ceremony/roster.ts';
import { signStatement } from '../../protocol/ceremony/statement.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { decode, PAYLOAD_KINDS, type PayloadKind } from '../../protocol/payload/payload.ts';

/** All that may ever be a payload. Whatever is not here needs a new sentence in the threat model first. */
const KINDS = ['evm-transaction', 'evm-typed-data', 'evm-message', 'evm-authorization'];

const operator = signerFromSeed(new Uint8Array(32).fill(7));
const digest = keccak_256(utf8('something'));

const roster: RosterBody = {
  name: 'example',
  version: 1,
  threshold: 2,
  parties: [],
  operators: [{ name: 'ops', person: 'O', key: operator.publicKey, transportKey: new Uint8Array(32) }],
  network: new Uint8Array(32),
  announcement: 0,
};

const proposal: SignProposal = {
  roster: new Uint8Array(32),
  initiator: 'ops',
  nonce: new Uint8Array(16),
  attempt: 1,
  created: 1,
  expires: 2,
  note: '',
  ceremony: 'sign',
  wallet: 'treasury',
  walletId: new Uint8Array(32),
  epochId: new Uint8Array(32),
  path: [],
  address: new Uint8Array(20),
  payload: { kind: 'evm-transaction', bytes: Uint8Array.of(2) },
};

/** Opens the proposal above with some members replaced, correctly signed by the operator. */
function open(change: { readonly [key: string]: Json }, without: readonly string[] = []): boolean {
  const members = Object.entries({ ...(proposalJson(proposal) as { readonly [key: string]: Json }), ...change });
  const body = Object.fromEntries(
    members.filter(([key]) => !without.includes(key)).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const { envelope } = signStatement('keymoot.proposal.v1', proposal, () => body, operator);
  return openProposal(envelope, roster).ok;
}

test('every payload kind is something that can be decoded', () => {
  expect(KINDS).toEqual(expect.arrayContaining([...PAYLOAD_KINDS]));
});

test('a proposal carries a payload', () => {
  expect(open({})).toBe(true);
  expect(open({}, ['payload'])).toBe(false);
});

test.each(['digest', 'hash', 'signingDigest', 'messageHash', 'raw', 'bytes'])(
  'a proposal with a member %s is refused',
  (name) => {
    expect(open({ [name]: toHex(digest) })).toBe(false);
    expect(open({ [name]: toHex(digest) }, ['payload'])).toBe(false);
  },
);

test.each(['evm-digest', 'digest', 'hash', 'raw', 'evm-raw', 'evm-hash', 'eth-sign', ''])(
  'a payload of kind "%s" is refused',
  (kind) => {
    expect(open({ payload: { bytes: toHex(digest), kind } })).toBe(false);
  },
);

test('a payload made of a digest instead of bytes is refused', () => {
  expect(open({ payload: toHex(digest) })).toBe(false);
  expect(open({ payload: { digest: toHex(digest), kind: 'evm-transaction' } })).toBe(false);
  expect(open({ payload: { bytes: '02', digest: toHex(digest), kind: 'evm-transaction' } })).toBe(false);
});

test('32 bytes in the place of a payload are not decoded, whatever kind they claim to be', () => {
  for (const kind of PAYLOAD_KINDS) {
    expect(decode({ kind, bytes: digest }).ok).toBe(false);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (bytes) => !decode({ kind, bytes: keccak_256(bytes) }).ok,
      ),
      { numRuns: 200 },
    );
  }
});

test('a kind that the types do not know is not decoded either', () => {
  const kind = 'evm-digest' as string as PayloadKind;
  expect(decode({ kind, bytes: digest })).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED_KIND' } });
});
