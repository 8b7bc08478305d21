/**
 * A compromised coordinator, for the demo: it has the operator's keys and the coordinator's place in the network, and
 * says what it likes to whom it likes. Nothing here weakens a participant; it only uses what an attacker would have.
 */
import type { FrameMessage } from '../../proto/codec.ts';
import { Members } from '../../proto/link/members.ts';
import { type Link, openLink } from '../../proto/link/node.ts';
import type { Ceremony } from '../../protocol/ceremony/lifecycle.ts';
import { type Proposal, type SignProposal, signProposal } from '../../protocol/ceremony/proposal.ts';
import { standings } from '../../protocol/ceremony/quorum.ts';
import { members as rosterMembers } from '../../protocol/ceremony/roster.ts';
import { signSessionId } from '../../protocol/ceremony/session-binding.ts';
import { type Start, signStart } from '../../protocol/ceremony/start.ts';
import { parseEnvelope, type Statement } from '../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal, TransportError } from '../../protocol/common/errors.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { Collection } from '../collect/collection.ts';
import { systemClock, systemRandom } from '../effects.ts';
import type { Home } from '../home.ts';
import { DEFAULT_LIFE } from '../propose.ts';

/** The victims get this long to answer, in milliseconds. */
const PATIENCE = 45_000;

export class HostileCoordinator {
  readonly home: Home;
  readonly #collection: Collection;
  readonly #listeners = new Set<() => void>();
  #link: Link | undefined;
  #members: Members | undefined;
  #rounds = 0;

  constructor(home: Home) {
    this.home = home;
    this.#collection = new Collection(home.roster);
    for (const record of home.records)
      if (record.kind === 'document') this.#collection.addDocument(record.bytes, 'log');
  }

  /** Takes the coordinator's place in the network and waits until every party has connected. */
  async start(): Promise<void> {
    const { home } = this;
    const keys = new Map([...rosterMembers(home.roster)].filter(([name]) => name !== `operator:${home.self.name}`));
    this.#link = await openLink({
      transportSeed: home.keys.transportSeed.use((seed) => seed.slice()),
      listen: [],
      peers: [...keys.values()],
      networkKey: home.networkKey,
      hello: { network: home.roster.network, software: 'keymoot 0.1.0' },
      onFrame: (_from, frame) => this.#onFrame(frame),
      onPeer: () => this.#changed(),
      log: () => undefined,
    });
    const transportKeys = new Map([...keys].map(([name, member]) => [name, member.transportKey]));
    this.#members = new Members(this.#link, transportKeys, () => undefined);
    await this.until('all parties to connect', () => this.#parties().length === home.roster.parties.length);
  }

  async stop(): Promise<void> {
    await this.#link?.stop();
    await this.home.close();
  }

  /** Round messages seen so far: any at all would mean that a party had begun to sign. */
  get rounds(): number {
    return this.#rounds;
  }

  /** The wallet in its newest epoch, or in any that was ever shown. */
  wallet(name: string, epoch?: string): Wallet {
    const known = epoch === undefined ? this.#collection.wallets() : this.#collection.epochs();
    const wallet = known.find((item) => item.name === name && (epoch === undefined || toHex(item.epochId) === epoch));
    if (wallet !== undefined) return wallet;
    throw new Refusal('UNKNOWN_WALLET', `no party has shown a wallet named ${name}, or not in that epoch`);
  }

  /** A proposal under the operator's real key. */
  propose(wallet: Wallet, payload: Payload, note: string): Proposal {
    const { keys, roster, self } = this.home;
    const created = systemClock.now();
    const body: SignProposal = {
      roster: roster.digest,
      initiator: self.name,
      nonce: systemRandom.bytes(16),
      attempt: 1,
      created,
      expires: created + DEFAULT_LIFE,
      note,
      ceremony: 'sign',
      wallet: wallet.name,
      walletId: wallet.walletId,
      epochId: wallet.epochId,
      path: [],
      address: wallet.address,
      payload,
    };
    return signProposal(body, keys.statement);
  }

  /** The same proposal, nonce and all, with another payload in it. */
  swap(proposal: Proposal, payload: Payload): Proposal {
    return signProposal({ ...signBody(proposal), payload }, this.home.keys.statement);
  }

  /**
   * A start of `target` on the strength of the consents that `source` collected, over the digest of `payload`.
   * Everything that can be computed is computed right; the consents are real, but for other bytes.
   */
  forgeStart(target: Proposal, source: Ceremony, payload: Payload): Start {
    const { keys, roster, self } = this.home;
    const decoded = decode(payload);
    if (!decoded.ok) throw new InvalidArgument(decoded.error.code, 'PAYLOAD', decoded.error.message);
    const body = signBody(target);
    const { digest } = decoded.value;
    const consents = [...source.verdicts.values()].sort((a, b) => a.body.party - b.body.party);
    const signers = consents.slice(0, roster.threshold).map((consent) => consent.body.party);
    const { publicKey } = this.wallet(body.wallet);
    const proposal = { digest: target.digest, body };
    return signStart(
      {
        proposal: target.digest,
        attempt: body.attempt,
        composer: `operator:${self.name}`,
        created: systemClock.now(),
        signers,
        standings: standings(source, roster, consents),
        digest,
        sessionId: signSessionId(roster, proposal, publicKey, signers, digest, consents),
      },
      keys.statement,
    );
  }

  /** Says something to some parties only, and remembers having said it. */
  async tell(parties: readonly number[], statement: Statement<unknown>): Promise<void> {
    this.home.book.apply(statement.envelope, systemClock.now());
    for (const party of parties) {
      const frame = { kind: 'statement', envelope: statement.envelope.bytes } as const;
      const sent = await this.#members?.send(`party:${party}`, frame);
      if (sent !== true) throw new TransportError('PEER_UNREACHABLE', `party ${party} could not be told`);
    }
  }

  ceremony(proposal: Proposal): Ceremony | undefined {
    return this.home.book.get(proposal.digest)?.ceremony;
  }

  /** Fails with `ATTACK_UNANSWERED` if it does not come to be. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!holds()) return;
        cancel();
        this.#listeners.delete(look);
        resolve();
      };
      const cancel = systemClock.after(PATIENCE, () => {
        this.#listeners.delete(look);
        reject(new TransportError('ATTACK_UNANSWERED', `waited in vain for ${what}`));
      });
      this.#listeners.add(look);
      look();
    });
  }

  #parties(): readonly string[] {
    return (this.#members?.connected() ?? []).filter((member) => member.startsWith('party:'));
  }

  #onFrame(frame: FrameMessage): void {
    if (frame.kind === 'statement') {
      const envelope = parseEnvelope(frame.envelope);
      if (envelope.ok) this.home.book.apply(envelope.value, systemClock.now());
    }
    if (frame.kind === 'document') this.#collection.addDocument(frame.content, 'wire');
    if (frame.kind === 'round') this.#rounds += 1;
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#listeners]) look();
  }
}

/** Payload of the same kind and length that differs in one bit of one byte. */
export function alteredByte(payload: Payload, at: number): Payload {
  const bytes = payload.bytes.slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  if (equalBytes(bytes, payload.bytes))
    throw new InvalidArgument('OFFSET_INVALID', '--byte', 'is outside of the payload');
  return { kind: payload.kind, bytes };
}

function signBody({ body }: Proposal): SignProposal {
  if (body.ceremony === 'sign') return body;
  throw new InvalidArgument('CEREMONY_KIND', 'PROPOSAL', 'only signings are attacked');
}
