/**
 * Which starts this party accepts, and what it runs. A start is checked against everything this party knows, its
 * session id is recomputed, and the first one accepted spends the consents; round messages find their run from here.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { checkStart, type Quorum, standing } from '../../protocol/ceremony/lifecycle.ts';
import type { Outcome } from '../../protocol/ceremony/outcome.ts';
import { keygenPlan, keygenSessionId, signSessionId } from '../../protocol/ceremony/session-binding.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Refusal } from '../../protocol/common/errors.ts';
import type { Result } from '../../protocol/common/result.ts';
import { Abort } from '../../protocol/threshold/errors.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';
import type { NodeContext } from '../context.ts';
import type { Keyshares } from '../keystore/keyshares.ts';
import type { Pairs } from '../pairs/pairs.ts';
import type { Activations } from './activations.ts';
import type { Answers } from './answers.ts';
import { EarlyEnvelopes } from './early.ts';
import { beginKeygen, partyOfPid } from './keygen-session.ts';
import { Session } from './session.ts';
import { beginSigning } from './sign-session.ts';

export interface SessionsOptions {
  readonly node: NodeContext;
  readonly keyshares: Keyshares;
  readonly hedge: Secret<Uint8Array>;
  readonly pairs: Pairs;
  readonly answers: Answers;
  readonly activations: Activations;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #early = new EarlyEnvelopes();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Accepts the first start that holds; others stay, in case a statement they rest on is still on its way. */
  async considerStarts(entry: BookEntry): Promise<void> {
    const { node } = this.#options;
    const { ceremony } = entry;
    if (ceremony.start !== undefined || entry.conflict !== undefined || entry.inadmissible !== undefined) return;
    for (const start of entry.starts) {
      const quorum = checkStart(ceremony, start, node.roster, node.clock.now());
      if (!quorum.ok) {
        node.note(quorum.error.code, `start of ${shortName(ceremony.proposal.digest)}: ${quorum.error.message}`);
        continue;
      }
      if (!this.#bindsSession(entry, start, quorum.value)) {
        node.note(
          'START_SESSION',
          `start of ${shortName(ceremony.proposal.digest)}: its session id is not the one that follows`,
        );
        continue;
      }
      const accepted = node.book.update(ceremony.proposal.digest, (known) => ({
        ...known,
        ceremony: { ...known.ceremony, start },
      }));
      if (start.body.signers.includes(node.self)) await this.#begin(accepted, start, quorum.value);
      return;
    }
  }

  /** Ends a running session whose ceremony no longer stands: a rejection, a withdrawal, an expiry. */
  recheck(entry: BookEntry): void {
    const session = this.#sessions.get(toHex(entry.ceremony.proposal.digest));
    if (session?.run === undefined || session.ended) return;
    const alive = standing(entry.ceremony, this.#options.node.clock.now());
    const why =
      entry.conflict === undefined
        ? alive.ok
          ? undefined
          : alive.error
        : { code: 'OPERATOR_EQUIVOCATION', message: 'two proposals under one nonce' };
    if (why !== undefined) {
      session.run.cancel(new Abort({ failure: 'BENIGN', check: why.code, message: `${why.message}.` }));
    }
  }

  /** Another signer has signed that it is out: there is nothing left to wait for. */
  peerEnded(outcome: Outcome): void {
    const { abort, party, proposal, sessionId } = outcome.body;
    const session = this.#sessions.get(toHex(proposal));
    if (abort === undefined || session === undefined || session.ended || party === this.#options.node.self) return;
    const { body } = session.start;
    if (!equalBytes(body.sessionId, sessionId) || !body.signers.includes(party)) return;
    session.run?.cancel(
      new Abort({ failure: 'BENIGN', check: 'peer', message: `Party ${party} has ended the session.` }),
    );
  }

  /** @param from the member whose connection brought it; who signed it is found out by its session */
  deliver(bytes: Uint8Array, envelope: ParsedEnvelope, from: string): void {
    const session = [...this.#sessions.values()].find((candidate) => candidate.run?.accepts(envelope.sid));
    if (session !== undefined) session.deliver(bytes);
    else if (!this.#options.activations.deliver(bytes, envelope.sid)) this.#early.hold(envelope.sid, bytes, from);
  }

  /** Signs the outcome of sessions that an earlier process could not: what was released stays released. */
  async settleCrashed(): Promise<void> {
    const { node } = this.#options;
    for (const { ceremony } of node.book.entries()) {
      const { proposal, start } = ceremony;
      const row = node.journal.state.sessionOf(proposal.digest, proposal.body.attempt);
      if (row === undefined || start === undefined || ceremony.outcomes.has(node.self)) continue;
      const session = new Session(node, start, (index) => index);
      await session.end({ abort: { failure: 'CRASH', check: 'restart', culprits: [] } }, row.released);
    }
  }

  async #begin(entry: BookEntry, start: Start, quorum: Quorum): Promise<void> {
    const { node } = this.#options;
    const { body } = entry.ceremony.proposal;
    const partyOf = body.ceremony === 'keygen' ? partyOfPid(node) : (index: number) => index;
    const session = new Session(node, start, partyOf);
    this.#sessions.set(toHex(entry.ceremony.proposal.digest), session);
    // Not awaited: making pair setups may take seconds, and statements must go on being heard meanwhile.
    void this.#run(entry, session, quorum)
      .then(async (begun) => {
        if (!begun.ok) {
          node.note(begun.error.code, begun.error.message);
          await session.end({ abort: { failure: begun.error.code, check: 'claim', culprits: [] } }, false);
          return;
        }
        for (const bytes of this.#early.release(session.sessionId)) session.deliver(bytes);
      })
      .catch(async (error: unknown) => {
        node.note('SESSION_FAILED', error instanceof Error ? error.message : 'a session could not begin');
        await session.end({ abort: { failure: 'SESSION_FAILED', check: 'begin', culprits: [] } }, false);
      })
      .catch(() => node.note('OUTCOME_LOST', 'the outcome of a failed session could not be published'));
  }

  async #run(entry: BookEntry, session: Session, quorum: Quorum): Promise<Result<void, Refusal>> {
    const { activations, answers, hedge, keyshares, node, pairs } = this.#options;
    const { proposal } = entry.ceremony;
    const { body } = proposal;
    if (body.ceremony === 'sign') return beginSigning(node, pairs, answers, session, { entry, body, quorum });
    const request = { proposal: { ...proposal, body }, cfgHash: quorum.digest };
    return beginKeygen(node, keyshares, hedge, activations, session, request);
  }

  #bindsSession(entry: BookEntry, start: Start, quorum: Quorum): boolean {
    const { node } = this.#options;
    const { proposal } = entry.ceremony;
    const { body } = proposal;
    if (body.ceremony === 'keygen') {
      const { cfgHash } = keygenPlan(node.roster, proposal.digest, body);
      if (!equalBytes(cfgHash, quorum.digest)) return false;
      return equalBytes(keygenSessionId(node.roster, proposal, cfgHash, quorum.consents), start.body.sessionId);
    }
    const wallet = node.wallets.byId(body.walletId);
    const key = wallet && node.wallets.derive(wallet, body.path);
    if (key?.ok !== true) return false;
    const { signers } = start.body;
    const id = signSessionId(
      node.roster,
      { digest: proposal.digest, body },
      key.value.publicKey,
      signers,
      quorum.digest,
      quorum.consents,
    );
    return equalBytes(id, start.body.sessionId);
  }
}
