/**
 * `keymoot demo attack …`: runs one attack with a real operator's keys against the nodes of a demo, and says what the
 * parties answered. The honest coordinator of that home must be stopped: one process a home.
 */

import { type Command, type CommandCall, dispatch } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import { systemRandom } from '../effects.ts';
import { openHome } from '../home.ts';
import { alteredByte, HostileCoordinator } from './hostile-coordinator.ts';

const OPTIONS = {
  ...HOME_OPTION,
  ...PASSPHRASE_OPTION,
  wallet: { type: 'string' },
  note: { type: 'string' },
} as const;

const twoFaces: Command = {
  usage: 'FIRST SECOND --home DIR --wallet NAME [--passphrase-file FILE] [--note TEXT]',
  summary: 'show one payload to the first party and another to the second, under one nonce',
  options: OPTIONS,
  positionals: { min: 2, max: 2 },
  async run(call) {
    const [first, second] = await Promise.all(call.positionals.map(payloadAt));
    if (first === undefined || second === undefined) throw new InvalidArgument('PAYLOAD_MISSING', 'FILE', 'give two');
    return await attack(call, async (hostile) => {
      const a = hostile.propose(hostile.wallet(call.required('wallet')), first, call.text('note') ?? '');
      const b = hostile.swap(a, second);
      await hostile.tell([1], a);
      await hostile.tell([2], b);
      return [a, b];
    });
  },
};

const alter: Command = {
  usage: 'FILE --byte OFFSET --home DIR --wallet NAME [--passphrase-file FILE] [--note TEXT]',
  summary: 'collect consents to a payload, change one byte of it, and start with the old consents',
  options: { ...OPTIONS, byte: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const payload = await payloadAt(path);
    const altered = alteredByte(payload, Number(call.required('byte')));
    return await attack(call, async (hostile) => {
      const parties = hostile.home.roster.parties.map((party) => party.index);
      const shown = hostile.propose(hostile.wallet(call.required('wallet')), payload, call.text('note') ?? '');
      await hostile.tell(parties, shown);
      await hostile.until('the consents of all parties', () => consentsTo(hostile, shown) === parties.length);
      const source = hostile.ceremony(shown);
      if (source === undefined) throw new Refusal('CEREMONY_UNKNOWN', 'the ceremony is gone');
      const changed = hostile.swap(shown, altered);
      // First the proposal that was consented to, over the digest of other bytes; then the other bytes themselves.
      await hostile.tell(parties, hostile.forgeStart(shown, source, altered));
      await hostile.tell(parties, hostile.forgeStart(changed, source, altered));
      await hostile.tell(parties, changed);
      return [shown, changed];
    });
  },
};

const oldEpoch: Command = {
  usage: 'FILE --epoch HEX --home DIR --wallet NAME [--passphrase-file FILE] [--note TEXT]',
  summary: 'propose a payload for the shares of an epoch that was replaced',
  options: { ...OPTIONS, epoch: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const payload = await payloadAt(path);
    return await attack(call, async (hostile) => {
      const parties = hostile.home.roster.parties.map((party) => party.index);
      const wallet = hostile.wallet(call.required('wallet'), call.required('epoch'));
      const proposal = hostile.propose(wallet, payload, call.text('note') ?? '');
      await hostile.tell(parties, proposal);
      return [proposal];
    });
  },
};

export function attackCommand(args: readonly string[]): Promise<number> {
  return dispatch('demo attack', { 'two-faces': twoFaces, alter, 'old-epoch': oldEpoch }, args);
}

/** Runs an attack and waits until every party has refused every proposal of it, in public. */
async function attack(
  call: CommandCall,
  run: (hostile: HostileCoordinator) => Promise<readonly Proposal[]>,
): Promise<number> {
  const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
  const home = await openHome(homeOf(call), passphrase, systemRandom);
  passphrase.fill(0);
  const hostile = new HostileCoordinator(home);
  try {
    await hostile.start();
    const proposals = await run(hostile);
    const refusedByAll = (): boolean =>
      proposals.every((proposal) => refusers(hostile, proposal).length === home.roster.parties.length);
    await hostile.until('all parties to refuse', refusedByAll);
    const signed = proposals.some((proposal) => (hostile.ceremony(proposal)?.outcomes.size ?? 0) > 0);
    if (signed || hostile.rounds > 0) throw new Refusal('ATTACK_SUCCEEDED', 'a party began to sign');
    const rows = proposals.map((proposal) => row(hostile, proposal));
    call.terminal.result({ ok: true, ceremonies: rows.map((entry) => ({ ...entry })) }, rows.map(sentence).join('\n'));
    return 0;
  } finally {
    await hostile.stop();
  }
}

/** Parties that rejected a proposal or withdrew their consent to it. */
function refusers(hostile: HostileCoordinator, proposal: Proposal): readonly number[] {
  const ceremony = hostile.ceremony(proposal);
  return hostile.home.roster.parties
    .map((party) => party.index)
    .filter((party) => {
      const verdict = ceremony?.verdicts.get(party)?.body.decision;
      return verdict === 'reject' || ceremony?.withdrawals.has(`party:${party}`) === true;
    });
}

function consentsTo(hostile: HostileCoordinator, proposal: Proposal): number {
  const verdicts = [...(hostile.ceremony(proposal)?.verdicts.values() ?? [])];
  return verdicts.filter((verdict) => verdict.body.decision === 'consent').length;
}

interface Row {
  readonly ceremony: string;
  readonly refusedBy: number[];
}

function row(hostile: HostileCoordinator, proposal: Proposal): Row {
  return { ceremony: shortName(proposal.digest), refusedBy: [...refusers(hostile, proposal)] };
}

function sentence({ ceremony, refusedBy }: Row): string {
  return `${ceremony}  refused by parties ${refusedBy.join(', ')}; no party began to sign`;
}

async function payloadAt(path: string): Promise<Payload> {
  const payload = payloadFromInspectJson(await readTextFile(path));
  if (payload.ok) return payload.value;
  throw new InvalidArgument(payload.error.code, path, payload.error.message);
}
