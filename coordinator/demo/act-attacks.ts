/** Steps 7 to 10: three attacks with a real operator’s keys, and what is left of them: signed refusals. */
import { type Address, parseEther } from 'viem';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { SUPPLIER } from './act-wallet.ts';
import { finished, proposeFile, readScreen } from './ceremonies.ts';
import type { DemoChain } from './chain.ts';
import { WALLET } from './names.ts';
import { demand } from './narrator.ts';
import { type Reason, reasonsOf } from './report.ts';
import { SAFE_ADDRESSES, safeImplementation, safeNonce, safeOwners } from './safe.ts';
import { safePayload } from './safe-tx.ts';
import {
  ask,
  type DemoWallet,
  eventually,
  logOf,
  type Stage,
  startCoordinator,
  stopCoordinator,
  writeJson,
} from './stage.ts';
import { ether, walletTransaction } from './transactions.ts';
import { deployTrojan, trojanSafeTx } from './trojan.ts';

/** What must not change while the attacks run. */
interface Holdings {
  readonly wallet: bigint;
  readonly walletNonce: number;
  readonly safe: bigint;
  readonly safeNonce: bigint;
  readonly safeCode: Address;
  readonly safeOwners: readonly Address[];
}

export async function takeStock(chain: DemoChain, wallet: DemoWallet, safe: Address): Promise<Holdings> {
  return {
    wallet: await chain.balance(wallet.address),
    walletNonce: await chain.nonce(wallet.address),
    safe: await chain.balance(safe),
    safeNonce: await safeNonce(chain, safe),
    safeCode: await safeImplementation(chain, safe),
    safeOwners: await safeOwners(chain, safe),
  };
}

/** The payload of February 2025, announced as something else. */
export async function attackByPayload(stage: Stage, chain: DemoChain, safe: Address): Promise<void> {
  const { holders, narrator } = stage;
  narrator.step('Attack A: the Bybit payload, announced as a plain transfer');
  const trojan = await deployTrojan(chain);
  const tx = trojanSafeTx(trojan, await safeNonce(chain, safe));
  const file = await writeJson(stage, 'payloads', 'hostile-delegatecall', safePayload(chain.chainId, safe, tx));
  const note = 'Plain token transfer to our warm wallet, as every week';
  narrator.say(
    `A thief has the operator’s machine. The SafeTx looks like transfer(address,uint256), but its operation is 1: the Safe would run the code at ${trojan.trojan} as its own, and that overwrites slot 0, the address of the Safe’s code.`,
  );
  const result = await finished(stage, proposeFile(stage, file, note), 'refused', 'the Bybit payload');
  const ceremony = field(result, 'ceremony');
  narrator.quote(
    `WHAT CLEO COULD READ  (keymoot participant show ${ceremony})`,
    await readScreen(stage, holders[2], ceremony),
  );
  const reasons = record(stage, 'bybit-delegatecall', result);
  for (const holder of holders) {
    const codes = codesOf(reasons, holder.index);
    demand(codes.includes('DELEGATECALL_UNTRUSTED'), `${holder.name} did not refuse the foreign code for what it is`);
    narrator.say(`${holder.name} rejects: ${codes.join(', ')}`);
  }
  narrator.proved('each party decoded the bytes for itself and signed a rejection. The note was never believed.');
}

/** Under one nonce, one payload for ada and another for ben. Each alone would be permitted. */
export async function attackByTwoFaces(stage: Stage, chain: DemoChain, wallet: DemoWallet): Promise<void> {
  const { narrator } = stage;
  narrator.step('Attack B: one payload for ada, another one for ben');
  const [first, second] = await Promise.all(
    ['0.01', '0.09'].map(async (amount) => {
      const payload = await walletTransaction(chain, wallet, { to: SUPPLIER, value: parseEther(amount) });
      return await writeJson(stage, 'payloads', `two-faces-${amount.replace('.', '')}`, payload);
    }),
  );
  narrator.say(
    'The coordinator’s process is replaced by a hostile one with the same keys. Under one nonce it shows ada a payment of 0.01 ETH, ben one of 0.09 ETH, and cleo nothing. The policy would permit either; the lie is what is caught.',
  );
  const ceremonies = await underAttack(stage, ['two-faces', first ?? '', second ?? '']);
  for (const [i, ceremony] of ceremonies.entries()) {
    const reasons = record(stage, 'two-payloads-one-nonce', ceremony);
    demand(allRefuse(stage, reasons), 'a party did not refuse the operator’s two faces');
    narrator.say(`${['The 0.01 ETH', 'The 0.09 ETH'][i] ?? ''}: ${refusalWords(stage, ceremony)}`);
  }
  narrator.proved(
    'the parties passed on what they were shown, so two faces met: all three refuse both with OPERATOR_EQUIVOCATION, cleo too, who was shown nothing.',
  );
}

/** Real consents, then other bytes. */
export async function attackByAlteration(stage: Stage, chain: DemoChain, wallet: DemoWallet): Promise<void> {
  const { holders, narrator } = stage;
  narrator.step('Attack C: a byte of the payload is changed after the consents');
  const payload = await walletTransaction(chain, wallet, { to: SUPPLIER, value: parseEther('0.02') });
  const file = await writeJson(stage, 'payloads', 'altered-after-consent', payload);
  // The last byte of the receiver: the money would go to an address one bit beside the supplier's.
  const byte = payload.unsigned.toLowerCase().indexOf(SUPPLIER.slice(2).toLowerCase()) / 2 - 1 + 19;
  narrator.say(
    `The hostile coordinator collects three honest consents to a payment of 0.02 ETH, changes one bit of the receiver (byte ${byte} of the payload), and starts the signing with the consents it has.`,
  );
  const marks = await Promise.all(holders.map(async (holder) => (await logOf(holder)).length));
  const ceremonies = await underAttack(stage, ['alter', file, '--byte', String(byte)]);
  for (const [i, holder] of holders.entries()) {
    await eventually(`${holder.name} to refuse the forged start`, async () =>
      (await logOf(holder)).slice(marks[i]).includes('START_DIGEST') ? true : undefined,
    );
  }
  narrator.say('The forged start: refused by all three nodes with START_DIGEST. No round message was sent.');
  for (const [i, ceremony] of ceremonies.entries()) {
    const reasons = record(stage, 'altered-after-consent', ceremony);
    demand(allRefuse(stage, reasons), 'a party did not refuse the altered payload');
    narrator.say(
      `${['The payload they consented to', 'The altered payload'][i] ?? ''}: ${refusalWords(stage, ceremony)}`,
    );
  }
  narrator.proved('a consent is worth nothing for any other bytes than those its party read; no signature came out.');
}

/** The wallet and the Safe hold what they held, and the Safe runs the code it ran. */
export async function showUntouched(
  stage: Stage,
  before: Holdings,
  places: { readonly chain: DemoChain; readonly wallet: DemoWallet; readonly safe: Address },
): Promise<void> {
  const { narrator } = stage;
  narrator.step('After the attacks: everything is where it was');
  const after = await takeStock(places.chain, places.wallet, places.safe);
  const rows: readonly (readonly [string, string, string])[] = [
    ['wallet', ether(before.wallet), ether(after.wallet)],
    ['wallet nonce', String(before.walletNonce), String(after.walletNonce)],
    ['Safe', ether(before.safe), ether(after.safe)],
    ['Safe nonce', String(before.safeNonce), String(after.safeNonce)],
    ['Safe code (slot 0)', before.safeCode, after.safeCode],
    ['Safe owners', before.safeOwners.join(' '), after.safeOwners.join(' ')],
  ];
  narrator.table([['', 'BEFORE', 'AFTER'], ...rows]);
  const moved = rows.find(([, was, is]) => was !== is);
  demand(moved === undefined, `the attacks changed something: ${moved?.[0] ?? ''}`);
  demand(after.safeCode === SAFE_ADDRESSES.Safe, 'the Safe does not run the published code');
  narrator.proved('not one wei moved, and slot 0 of the Safe still names the published Safe 1.4.1.');
}

/**
 * Replaces the coordinator by the hostile one for one attack. Then the honest one comes back, hears from the
 * participants what was done in its name, and archives it with their signatures.
 */
async function underAttack(stage: Stage, words: readonly string[]): Promise<readonly JsonValue[]> {
  const { narrator, operator, processes } = stage;
  await stopCoordinator(stage);
  const [what = '', ...rest] = words;
  const keys = ['--home', operator.home, '--passphrase-file', operator.passphrase, '--wallet', WALLET];
  const answer = await processes.json(['demo', 'attack', what, ...rest, ...keys, '--note', 'Invoice 1043']);
  const names = listOf(memberOf(answer, 'ceremonies')).map((row) => field(row, 'ceremony'));
  demand(names.length === 2, 'the attack did not come about');
  await startCoordinator(stage);
  const ceremonies: JsonValue[] = [];
  for (const ceremony of names) {
    const done = await eventually(`the end of ${ceremony}`, async () => {
      const state = await ask(operator, 'ceremony', { ceremony }).catch(() => null);
      return field(state, 'ending') === '' ? undefined : state;
    });
    ceremonies.push(await finished(stage, Promise.resolve({ code: 1, value: done }), 'refused', 'the attack'));
  }
  narrator.say(
    'The honest coordinator is back. It learned from the participants what was done in its name, and archived it.',
  );
  return ceremonies;
}

function record(stage: Stage, name: string, ceremony: JsonValue): readonly Reason[] {
  const reasons = reasonsOf(ceremony);
  demand(reasons.length > 0 && field(ceremony, 'signature') === '', 'an attack was not refused');
  stage.refused.push({
    case: name,
    ceremony: field(ceremony, 'ceremony'),
    reasons,
    transcript: field(ceremony, 'transcript'),
  });
  return reasons;
}

/** Every party rejected, or took its consent back, for the operator’s two faces. */
function allRefuse(stage: Stage, reasons: readonly Reason[]): boolean {
  return stage.holders.every((holder) =>
    reasons.some(
      ({ party, code, detail }) => party === holder.index && `${code} ${detail}`.includes('OPERATOR_EQUIVOCATION'),
    ),
  );
}

function refusalWords(stage: Stage, ceremony: JsonValue): string {
  const withdrawn = new Set(reasonsOf(ceremony).flatMap(({ code, party }) => (code === 'WITHDRAWN' ? [party] : [])));
  return stage.holders
    .map((holder) => `${holder.name} ${withdrawn.has(holder.index) ? 'takes the consent back' : 'rejects'}`)
    .join(', ');
}

function codesOf(reasons: readonly Reason[], party: number): readonly string[] {
  return [...new Set(reasons.flatMap((reason) => (reason.party === party ? [reason.code] : [])))];
}
