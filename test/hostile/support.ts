/** Members of a network that the test itself plays, with their real keys, over real libp2p. */

import { systemRandom } from '../../participant/randomness.ts';
import type { FrameMessage } from '../../proto/codec.ts';
import { Members } from '../../proto/link/members.ts';
import { type Link, openLink } from '../../proto/link/node.ts';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import type { Ceremony } from '../../protocol/ceremony/lifecycle.ts';
import { type Proposal, type ProposalBody, type SignProposal, signProposal } from '../../protocol/ceremony/proposal.ts';
import { members as rosterMembers } from '../../protocol/ceremony/roster.ts';
import { parseEnvelope as parseStatement, type Statement } from '../../protocol/ceremony/statement.ts';
import { openWallet, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import type { Network } from '../crash/support/network.ts';
import { eventually } from '../crash/support/processes.ts';

export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** An impostor with the keys of `party:N` or of the operator: hears everything, says what it is told to. */
export class Impostor {
  readonly book: CeremonyBook;
  readonly rounds: Uint8Array[] = [];
  readonly wallets: Wallet[] = [];
  readonly #network: Network;
  readonly #link: Link;
  readonly #members: Members;

  private constructor(
    network: Network,
    link: Link,
    members: Members,
    heard: (take: (frame: FrameMessage) => void) => void,
  ) {
    this.#network = network;
    this.#link = link;
    this.#members = members;
    this.book = new CeremonyBook(network.roster);
    heard((frame) => this.#onFrame(frame));
  }

  /** Takes the place of a member whose process does not run; resolves when all who run are connected. */
  static async play(network: Network, member: 'operator:ops' | `party:${number}`): Promise<Impostor> {
    const isOperator = member === 'operator:ops';
    const index = Number(member.split(':')[1]);
    const seed = isOperator ? network.operator.transportSeed : network.holder(index).identity.transportSeed;
    const keys = new Map([...rosterMembers(network.roster)].filter(([name]) => name !== member));
    const waiting: FrameMessage[] = [];
    let take = (frame: FrameMessage): void => void waiting.push(frame);
    const link = await openLink({
      transportSeed: seed.use((bytes) => bytes.slice()),
      listen: isOperator ? [] : (network.roster.parties[index - 1]?.addresses ?? []),
      peers: [...keys.values()],
      networkKey: network.networkKey,
      hello: { network: network.roster.network, software: 'impostor' },
      onFrame: (_, frame) => take(frame),
      onPeer: () => undefined,
      log: () => undefined,
    });
    const members = new Members(
      link,
      new Map([...keys].map(([name, { transportKey }]) => [name, transportKey])),
      () => undefined,
    );
    const made = new Impostor(network, link, members, (heard) => {
      take = heard;
      for (const frame of waiting) heard(frame);
    });
    await eventually('all nodes to connect', () => {
      const connected = members.connected();
      return [...network.nodes.keys()].every((party) => connected.includes(`party:${party}`)) ? true : undefined;
    });
    return made;
  }

  async stop(): Promise<void> {
    await this.#link.stop();
  }

  async say(parties: readonly number[], ...statements: readonly Statement<unknown>[]): Promise<void> {
    for (const { envelope } of statements) {
      this.book.apply(envelope, now());
      for (const party of parties) await this.frame(party, { kind: 'statement', envelope: envelope.bytes });
    }
  }

  async frame(party: number, frame: FrameMessage): Promise<void> {
    await this.#members.send(`party:${party}`, frame);
  }

  ceremony(proposal: Proposal): Ceremony | undefined {
    return this.book.get(proposal.digest)?.ceremony;
  }

  async wallet(name = 'treasury'): Promise<Wallet> {
    return await eventually(`the wallet ${name}`, () => this.wallets.find((wallet) => wallet.name === name));
  }

  async signing(payload: Payload, changes: Partial<SignProposal> = {}): Promise<SignProposal> {
    const wallet = await this.wallet();
    return {
      roster: this.#network.roster.digest,
      initiator: 'ops',
      nonce: systemRandom.bytes(16),
      attempt: 1,
      created: now(),
      expires: now() + 600,
      note: 'rent',
      ceremony: 'sign',
      wallet: wallet.name,
      walletId: wallet.walletId,
      epochId: wallet.epochId,
      path: [],
      address: wallet.address,
      payload,
      ...changes,
    };
  }

  proposal(body: ProposalBody): Proposal {
    return signProposal(body, this.#network.operator.statement);
  }

  /** Codes with which each of these parties has rejected a proposal, sorted; withdrawals count as `WITHDRAWN`. */
  async refusals(proposal: Proposal, parties: readonly number[]): Promise<readonly string[]> {
    return await eventually('the refusals', () => {
      const ceremony = this.ceremony(proposal);
      const codes = parties.map((party) => {
        const verdict = ceremony?.verdicts.get(party)?.body;
        if (verdict?.decision === 'reject') return verdict.reasons.map((reason) => reason.code).join('+');
        return ceremony?.withdrawals.has(`party:${party}`) === true ? 'WITHDRAWN' : undefined;
      });
      return codes.every((code) => code !== undefined) ? codes.map((code) => code ?? '') : undefined;
    });
  }

  async consents(proposal: Proposal, parties: readonly number[]): Promise<void> {
    await eventually('the consents', () => {
      const verdicts = this.ceremony(proposal)?.verdicts;
      return parties.every((party) => verdicts?.get(party)?.body.decision === 'consent') ? true : undefined;
    });
  }

  #onFrame(frame: FrameMessage): void {
    if (frame.kind === 'statement') {
      const envelope = parseStatement(frame.envelope);
      if (envelope.ok) this.book.apply(envelope.value, now());
    }
    if (frame.kind === 'round') this.rounds.push(frame.envelope);
    if (frame.kind === 'document') {
      const document = parseCanonical(frame.content);
      const wallet = document.ok ? openWallet(document.value, this.#network.roster) : document;
      if (wallet.ok && !this.wallets.some(({ name }) => name === wallet.value.name)) this.wallets.push(wallet.value);
    }
  }
}
