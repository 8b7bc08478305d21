import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord } from '../../../participant/journal/record-codec.ts';
import type { JournalRecord } from '../../../participant/journal/records.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const party = fc.integer({ min: 1, max: 255 });
const gen = fc.integer({ min: 1, max: 0xffff_ffff });
const name = fc.stringMatching(/^[\x20-\x7e]{1,80}$/);
const code = fc.stringMatching(/^[A-Z0-9_]{1,64}$/);
const statement = fc.uint8Array({ maxLength: 200 });
const maybeId = fc.oneof(digest, fc.constant(new Uint8Array(0)));
const u256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const is = <const T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type);

const address = fc.stringMatching(/^0x[0-9a-f]{40}$/);
const chainId = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n });
const account = fc.record({ kind: is('account'), account: address, chainId, nonce: u256 });
const safe = fc.record(
  { kind: is('safe'), safe: address, chainId, nonce: u256 },
  { requiredKeys: ['kind', 'safe', 'nonce'] },
);
const word = fc.stringMatching(/^[\x21-\x7e]{1,20}$/);
const spend = fc.record(
  {
    wallet: word,
    account: address,
    initiator: word,
    chainId,
    kind: fc.constantFrom('evm-transaction', 'evm-typed-data', 'evm-message', 'evm-authorization'),
    fee: u256,
    moves: fc.array(
      fc.record(
        { asset: word, amount: u256, counterparty: address, selector: word },
        { requiredKeys: ['asset', 'selector'] },
      ),
      { maxLength: 5 },
    ),
    place: fc.oneof(account, safe, fc.record({ kind: is('until'), at: fc.nat() }), fc.record({ kind: is('none') })),
  },
  { requiredKeys: ['wallet', 'account', 'initiator', 'kind', 'fee', 'moves', 'place'] },
);

const RECORDS: { readonly [K in JournalRecord['type']]: fc.Arbitrary<JournalRecord> } = {
  opened: fc.record({ type: is('opened'), fencing: count }),
  'ceremony-seen': fc.record({ type: is('ceremony-seen'), proposal: digest, attempt: count, kind: name }),
  'verdict-given': fc.record(
    {
      type: is('verdict-given'),
      proposal: digest,
      attempt: count,
      decision: fc.constantFrom('consent', 'reject'),
      body: digest,
      counter: count,
      statement,
      reservation: fc.record({ walletId: digest, digest, spend, at: fc.nat(), until: fc.nat() }),
    },
    { requiredKeys: ['type', 'proposal', 'attempt', 'decision', 'body', 'counter'] },
  ) as fc.Arbitrary<JournalRecord>,
  'session-started': fc.record(
    {
      type: is('session-started'),
      sessionId: digest,
      proposal: digest,
      attempt: count,
      epochId: maybeId,
      walletId: digest,
      path: fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 10 }),
      signers: fc.array(party, { minLength: 1, maxLength: 20 }),
      digest,
      slot: fc.record({ chainId: u256, nonce: u256 }),
      replaces: fc.boolean(),
    },
    {
      requiredKeys: [
        'type',
        'sessionId',
        'proposal',
        'attempt',
        'epochId',
        'walletId',
        'path',
        'signers',
        'digest',
        'replaces',
      ],
    },
  ),
  'r2-sent': fc.record({
    type: is('r2-sent'),
    sessionId: digest,
    fullSid: digest,
    heard: fc.array(fc.record({ party, hash: digest }), { maxLength: 20 }),
  }),
  'r3-sent': fc.record(
    { type: is('r3-sent'), sessionId: digest, released: digest, at: fc.nat() },
    { requiredKeys: ['type', 'sessionId', 'released'] },
  ),
  'released-seen': fc.record({ type: is('released-seen'), walletId: digest, digest, at: fc.nat() }),
  settled: fc.record({ type: is('settled'), proposal: digest, attempt: count }),
  'spend-freed': fc.record({ type: is('spend-freed'), walletId: digest, digest, proposal: digest, attempt: count }),
  'nonce-consumed': fc.record({
    type: is('nonce-consumed'),
    place: fc.oneof(account, safe),
    at: fc.nat(),
    source: fc.constantFrom('hand', 'nodes'),
  }) as fc.Arbitrary<JournalRecord>,
  'signature-void': fc.record({ type: is('signature-void'), walletId: digest, digest, at: fc.nat() }),
  'session-ended': fc.record({
    type: is('session-ended'),
    sessionId: digest,
    outcome: fc.constantFrom('completed', 'aborted'),
    reason: code,
  }),
  ban: fc.record({
    type: is('ban'),
    epochId: digest,
    peer: party,
    identityKey: digest,
    check: name,
    failure: fc.constantFrom('LEAK', 'CHEAT'),
    count,
    software: fc.stringMatching(/^[\x20-\x7e]{0,80}$/),
  }),
  'ban-lifted': fc.record({
    type: is('ban-lifted'),
    epochId: digest,
    peer: party,
    counter: count,
    statements: fc.tuple(digest, digest),
  }),
  'pair-fail': fc.record({ type: is('pair-fail'), epochId: digest, peer: party, check: name }),
  'pair-fail-reset': fc.record({ type: is('pair-fail-reset'), epochId: digest, peer: party }),
  prepared: fc.record({ type: is('prepared'), walletId: digest, epochId: digest, gen }),
  acked: fc.record({ type: is('acked'), walletId: digest, epochId: digest, gen }),
  active: fc.record({ type: is('active'), walletId: digest, epochId: digest, gen }),
  exported: fc.record({
    type: is('exported'),
    walletId: digest,
    epochId: digest,
    sessionId: digest,
    recipient: digest,
  }),
  'policy-set': fc.record({ type: is('policy-set'), scope: fc.constantFrom('common', 'own'), version: count, digest }),
  counter: fc.record({ type: is('counter'), value: count }),
  withdraw: fc.record({ type: is('withdraw'), proposal: digest, attempt: count, author: name }),
  freeze: fc.record({ type: is('freeze'), walletId: maybeId, frozen: fc.boolean(), statement: digest, at: fc.nat() }),
  'policy-announced': fc.record({ type: is('policy-announced'), digest, version: count, at: fc.nat() }),
  'policy-vetoed': fc.record({ type: is('policy-vetoed'), digest }),
  'peer-counter': fc.record({ type: is('peer-counter'), party, statementKey: digest, counter: count, statement }),
};

const anyRecord = fc.oneof(...Object.values(RECORDS));

test.each(Object.entries(RECORDS))('%s reads back as it was written', (_, records) => {
  fc.assert(
    fc.property(records, (record) => {
      expect(decodeRecord(encodeRecord(record))).toEqual({ ok: true, value: record });
    }),
  );
});

test('no two records share their bytes, and text with another byte is another record or none', () => {
  fc.assert(
    fc.property(anyRecord, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, mask) => {
      const good = encodeRecord(record);
      const bad = good.slice();
      const index = at % bad.length;
      bad[index] = (bad[index] ?? 0) ^ mask;
      const read = decodeRecord(bad);
      expect(read.ok && Buffer.compare(encodeRecord(read.value), bad) !== 0).toBe(false);
      expect(read.ok ? read.value : undefined).not.toEqual(record);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['an unknown type', '{"type":"nothing"}'],
  ['no type', '{}'],
  ['an inherited name', '{"type":"constructor"}'],
  ['a missing member', '{"type":"counter"}'],
  ['an extra member', '{"more":"1","type":"counter","value":"1"}'],
  ['a number', '{"type":"counter","value":1}'],
  ['zero', '{"type":"counter","value":"0"}'],
  ['another order', '{"value":"1","type":"counter"}'],
  ['a space', '{"type":"counter", "value":"1"}'],
  ['a list', '[]'],
  ['nothing', ''],
])('%s is no record', (_, text) => {
  expect(decodeRecord(new TextEncoder().encode(text)).ok).toBe(false);
});
