/**
 * Payments asked for at once against one limit, at three real nodes, of which one is killed with -9 in the middle of
 * whatever it writes: 40 and one kill here, 200 and three kills with `KEYMOOT_CRASH=all`. No ledger, log or journal ever
 * shows more than the limit, and neither does
 * the chain on which all that was signed is executed.
 */
import { createTestClient, type Hex, http, parseTransaction, serializeTransaction } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChain } from '../../coordinator/demo/chain.ts';
import { JournalState } from '../../participant/journal/state.ts';
import { homeLayout } from '../../participant/keystore/settings.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { policyFrom } from '../support/must.ts';
import { ETHER, PAYEE, treasuryPolicy } from '../support/treasury.ts';
import { bookOf, journalOf, logOf } from './support/memory.ts';
import { Network } from './support/network.ts';
import { payment } from './support/payments.ts';
import { eventually } from './support/processes.ts';

const isWhole = process.env['KEYMOOT_CRASH'] === 'all';
const REQUESTS = isWhole ? 200 : 40;
const AT_A_TIME = 8;
/** Milliseconds; nothing is expected to take long, but a machine may be busy. */
const PATIENCE = 600_000;
const VALUE = ETHER / 4n;
const LIMIT = 3n * ETHER;
const DAY = 86_400;
const VICTIM = 2;
/** Ends with kill -9: before, in the middle of, and after a write. */
const KILLS = isWhole ? (['after', 'half', 'before'] as const) : (['half'] as const);

const base = treasuryPolicy() as { readonly rules: readonly { readonly id: string }[] };
/** All three must consent, so that the limit of any one of them is the limit of what is signed (docs/limits.md). */
const POLICY = {
  ...base,
  rules: base.rules.map((rule) => (rule.id === 'small' ? { ...rule, consents: 3 } : rule)),
  limits: [{ id: 'day', measure: 'amount', asset: 'ETH', windowSec: DAY, max: String(LIMIT) }],
};

let network: Network;

beforeAll(async () => {
  network = await Network.start({ policy: POLICY });
  await network.wallet();
  await network.paired('treasury', 1, VICTIM);
}, 300_000);

afterAll(async () => {
  await network.stop();
});

test(`${REQUESTS} at once and kill -9 in between: the limit holds at every node, in every log, and on the chain`, async () => {
  // All are open at once; a node's socket takes so many questions at a time.
  for (let asked = 0; asked < REQUESTS; asked += AT_A_TIME) {
    const payments = Array.from({ length: AT_A_TIME }, () => payment({ nonce: network.nextNonce(), value: VALUE }));
    await Promise.all(payments.map((payload) => patiently(() => network.propose(payload))));
  }
  for (const [i, phase] of KILLS.entries()) {
    const victim = network.node(VICTIM);
    // A verdict, a message of a session, whatever it is.
    await victim.tell({ write: 5 + 31 * i, phase });
    const died = async (): Promise<true | undefined> => (victim.isAlive ? undefined : true);
    await eventually('a kill', died, PATIENCE);
    await network.startParty(VICTIM);
  }
  await eventually('the answers of all', async () => ((await areAnswered()) ? true : undefined), PATIENCE);
  // On a busy machine every session may have run out of time; what failed has been freed, so there is room for more.
  await eventually('a signature', async () => ((await isSigned()) ? true : await payOnceMore()), PATIENCE);

  const signed = new Map<string, Hex>();
  for (const { home, index } of network.holders) {
    const state = new JournalState();
    const released = new Set<string>();
    for (const record of await journalOf(home)) {
      expect(state.check(record)).toBeUndefined();
      state.apply(record);
      expect(used(state), `party ${index} after ${record.type}`).toBeLessThanOrEqual(LIMIT);
      if (record.type === 'r3-sent') released.add(toHex(record.released));
    }
    expect(BigInt(released.size) * VALUE).toBeLessThanOrEqual(LIMIT);
    const seen = new Set<string>();
    for (const { ceremony } of bookOf(network.roster, await logOf(homeLayout(home).log)).entries()) {
      const { body } = ceremony.proposal;
      const signature = [...ceremony.outcomes.values()].flatMap((outcome) => outcome.body.signature ?? [])[0];
      if (body.ceremony !== 'sign' || signature === undefined) continue;
      const digest = decode(body.payload);
      if (!digest.ok) throw new Error(digest.error.code);
      seen.add(toHex(digest.value.digest));
      const plain = parseTransaction(`0x${toHex(body.payload.bytes)}`);
      const { r, s, recovery } = signature;
      const raw = serializeTransaction(plain, { r: `0x${toHex(r)}`, s: `0x${toHex(s)}`, yParity: recovery });
      signed.set(toHex(digest.value.digest), raw);
    }
    expect(BigInt(seen.size) * VALUE).toBeLessThanOrEqual(LIMIT);
  }
  expect(signed.size).toBeGreaterThan(0);

  const chain = await startChain();
  try {
    const before = await chain.balance(PAYEE);
    const tester = createTestClient({ mode: 'anvil', transport: http(chain.rpc) });
    const address = await payer();
    await tester.setBalance({ address, value: 1000n * ETHER });
    // Nonces that were refused leave gaps; whoever holds the signatures could fill them.
    for (const raw of signed.values()) {
      await tester.setNonce({ address, nonce: parseTransaction(raw).nonce ?? 0 });
      expect((await chain.sendRaw(raw)).status).toBe('success');
    }
    const mined = (await chain.balance(PAYEE)) - before;
    expect(mined).toBe(BigInt(signed.size) * VALUE);
    expect(mined).toBeLessThanOrEqual(LIMIT);
  } finally {
    await chain.stop();
  }
}, 2_000_000);

const common = policyFrom(POLICY);

/** What the limit says at the end of time: nothing was mined, so everything still counts. */
function used(state: JournalState): bigint {
  const view = state.ledger.view(state.ledger.latest, { common });
  return view({ layer: 'common', limit: 'day', bucket: 'wallet=treasury', charge: 0n })?.used ?? -1n;
}

/** With hundreds of ceremonies at once a socket may answer late. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  return await eventually('an answer', async () => await ask().catch(() => undefined), PATIENCE);
}

/** Every node has answered every request, for good. */
async function areAnswered(): Promise<boolean> {
  for (const { home } of network.holders) {
    const records = await journalOf(home);
    if (records.filter(({ type }) => type === 'verdict-given').length < REQUESTS) return false;
  }
  return true;
}

async function isSigned(): Promise<boolean> {
  const book = bookOf(network.roster, await logOf(homeLayout(network.holder(1).home).log));
  return book.entries().some(({ ceremony: { outcomes } }) => {
    return [...outcomes.values()].some(({ body }) => body.signature !== undefined);
  });
}

async function payOnceMore(): Promise<undefined> {
  const payload = payment({ nonce: network.nextNonce(), value: VALUE });
  const ceremony = await patiently(() => network.propose(payload));
  await network.result(ceremony).catch(() => undefined);
}

async function payer(): Promise<Hex> {
  const wallets = (await network.ask(1, 'wallets'))['wallets'] as unknown as readonly { readonly address: Hex }[];
  const [wallet] = wallets;
  if (wallet === undefined) throw new Error('there is no wallet');
  return wallet.address;
}
