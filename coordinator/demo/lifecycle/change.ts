/** A change of the key as the operator and the key holders drive it: proposed, read, approved by hand, archived. */
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { approveByHand, ceremonyInInboxes, finished, readScreen } from '../ceremonies.ts';
import { WALLET } from '../names.ts';
import { demand } from '../narrator.ts';
import type { DemoWallet, Holder } from '../stage.ts';
import { allReady, type Cast, composeRoster, currentRoster, type SignedRoster, startNode } from './cast.ts';

export interface KeyChange {
  readonly name: string;
  /** What the operator types after `keymoot coordinator`. */
  readonly command: readonly string[];
  /** Whose hand it takes. */
  readonly approve: readonly Holder[];
  /** Whose screen is shown. */
  readonly reader: Holder;
}

/** Runs one such ceremony to its end, and adds the step to the report. */
export async function changeKey(cast: Cast, change: KeyChange): Promise<JsonValue> {
  const { narrator, operator, processes } = cast;
  const { approve, command, name, reader } = change;
  const running = processes.answer(['coordinator', ...command, '--home', operator.home, '--wallet', WALLET]);
  const ceremony = await ceremonyInInboxes(running, approve);
  narrator.quote(
    `WHAT ${reader.name.toUpperCase()} READS  (keymoot participant show ${ceremony})`,
    await readScreen(cast, reader, ceremony),
  );
  await approveByHand(cast, approve, ceremony, running);
  narrator.say(`${listed(approve)} approved it by hand.`);
  return await finished(cast, running, 'completed', name);
}

/** Makes `next` the successor everywhere: those who stay adopt it, newcomers join both, the operator adopts it. */
export async function adoptRoster(
  cast: Cast,
  next: SignedRoster,
  running: readonly Holder[],
  beforeStart: (newcomer: Holder) => Promise<void> = async () => undefined,
): Promise<void> {
  const { narrator, networkKey, operator, processes } = cast;
  const before = currentRoster(cast);
  const words = ['--fingerprint', next.fingerprint];
  const newcomers = next.parties.filter((party) => !before.parties.some(({ name }) => name === party.name));
  await Promise.all([
    ...running.map(({ home }) => processes.json(['participant', 'adopt', next.file, '--home', home, ...words])),
    processes.json(['coordinator', 'adopt', next.file, '--home', operator.home, ...words]),
    ...newcomers.map(async (newcomer) => {
      await processes.json([
        ...['participant', 'join', next.file, '--previous', before.file, '--home', newcomer.home],
        ...['--network-key', networkKey, ...words],
      ]);
      await beforeStart(newcomer);
      await startNode(cast, newcomer);
    }),
  ]);
  narrator.say(
    `${listed(running)} adopted roster version ${next.version} after comparing its fingerprint; ${listed(newcomers)} joined with the same words. Nothing has changed yet: the key still belongs to version ${before.version}.`,
  );
}

/** Composes, signs and adopts the next roster, moves the key to its parties, and waits until all live under it. */
export async function moveTo(
  cast: Cast,
  wallet: DemoWallet,
  move: {
    readonly name: string;
    readonly parties: readonly Holder[];
    readonly threshold: number;
    /** Parties of the old roster that stay: they must agree. */
    readonly staying: readonly Holder[];
  },
): Promise<void> {
  const { narrator } = cast;
  const next = await composeRoster(cast, move.parties, move.threshold);
  narrator.quote(`FINGERPRINT OF ROSTER VERSION ${next.version}, signed by all its parties`, [next.fingerprint]);
  await adoptRoster(cast, next, move.staying);
  const [reader] = move.staying;
  demand(reader !== undefined, 'nobody stays');
  const result = await changeKey(cast, {
    name: move.name,
    command: ['reshare', '--note', `Roster version ${next.version}`],
    approve: move.staying,
    reader,
  });
  cast.rosters.push(next);
  recordChange(cast, wallet, move.name, result);
  await allReady(cast);
}

/** The address must be what it was; the epoch must be another. */
export function recordChange(cast: Cast, wallet: DemoWallet, name: string, result: JsonValue): void {
  const epoch = field(result, 'epoch');
  demand(
    field(result, 'address').toLowerCase() === wallet.address.toLowerCase(),
    `after "${name}" the wallet has another address`,
  );
  demand(epoch !== '' && cast.steps.every((step) => step.epoch !== epoch), `"${name}" did not begin a new epoch`);
  addStep(cast, wallet, name, result);
}

export function addStep(cast: Cast, wallet: DemoWallet, name: string, result: JsonValue, hash?: string): void {
  const roster = currentRoster(cast);
  const optional = (key: string): string | undefined => field(result, key) || undefined;
  cast.steps.push({
    name,
    ceremony: field(result, 'ceremony'),
    ending: field(result, 'ending'),
    address: wallet.address,
    roster: roster.version,
    threshold: roster.threshold,
    parties: roster.parties.map((party) => party.name),
    signers: signersOf(result),
    epoch: optional('epoch'),
    rawTransaction: optional('rawTransaction'),
    transactionHash: hash,
    transcript: field(result, 'transcript'),
  });
}

export function signersOf(result: JsonValue): readonly number[] {
  return listOf(memberOf(result, 'signers')).map(Number);
}

/** Names as people say them. */
export function listed(people: readonly { readonly name: string }[]): string {
  const names = people.map(({ name }) => name);
  const last = names.at(-1) ?? 'nobody';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
