/** Small honest statements of a roster of three, for tests that change one thing in them. */
import { x25519 } from '@noble/curves/ed25519.js';
import { type Signer, signerFromSeed } from '../../../protocol/ceremony/ed25519.ts';
import { type Outcome, type OutcomeBody, signOutcome } from '../../../protocol/ceremony/outcome.ts';
import {
  type ExportProposal,
  type ImportProposal,
  type KeygenProposal,
  type Proposal,
  type ProposalBody,
  type ReshareProposal,
  type SignProposal,
  signProposal,
} from '../../../protocol/ceremony/proposal.ts';
import {
  createRoster,
  type Party,
  type Roster,
  type RosterBody,
  sealRoster,
  signRoster,
} from '../../../protocol/ceremony/roster.ts';
import { type Standing, type Start, type StartBody, signStart } from '../../../protocol/ceremony/start.ts';
import { signVerdict, type VerdictBody, type VerdictStatement } from '../../../protocol/ceremony/verdict-statement.ts';
import { signWithdrawal, type Withdrawal, type WithdrawalBody } from '../../../protocol/ceremony/withdrawal.ts';
import { equalBytes } from '../../../protocol/common/bytes.ts';
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import { keygenConfig } from '../../../protocol/threshold/keygen/config.ts';
import { type Epoch, hashChainCode, makeEpoch } from '../../../protocol/threshold/keygen/epoch.ts';
import { must } from '../../support/must.ts';
import { vec } from '../../threshold/support/labels.ts';

export const NOW = 1_795_000_000;
export const LIFE = 3600;

/** The statement key of `party:1` or `operator:ops`, its transport key with `/transport` behind. */
export function keyOf(member: string): Signer {
  return signerFromSeed(vec(`members/${member}`));
}

function partyAt(index: number): Party {
  return {
    index,
    name: `party-${index}`,
    person: `Person ${index}`,
    statementKey: keyOf(`party:${index}`).publicKey,
    transportKey: keyOf(`party:${index}/transport`).publicKey,
    addresses: [`/ip4/127.0.0.1/tcp/${9000 + index}`],
  };
}

export function rosterBody(changes: Partial<RosterBody> = {}): RosterBody {
  return {
    name: 'trio',
    version: 1,
    threshold: 2,
    parties: [partyAt(1), partyAt(2), partyAt(3)],
    operators: ['ops', 'eve'].map((name) => ({
      name,
      person: name,
      key: keyOf(`operator:${name}`).publicKey,
      transportKey: keyOf(`operator:${name}/transport`).publicKey,
    })),
    network: vec('members/network'),
    announcement: 0,
    ...changes,
  };
}

export function sealed(body: RosterBody): Roster {
  let file = must(createRoster(body));
  for (const { index } of body.parties) {
    file = signRoster(file, index, keyOf(`party:${index}`), keyOf(`party:${index}/transport`));
  }
  return must(sealRoster(file));
}

export const ROSTER: Roster = sealed(rosterBody());

/** A roster that follows `before`: parties by the label of their keys, in order of their new indices. */
export function successor(
  labels: readonly string[],
  changes: Partial<RosterBody> = {},
  before: Roster = ROSTER,
): Roster {
  const parties = labels.map((label, i): Party => {
    const known = before.parties.find(({ statementKey }) => equalBytes(statementKey, keyOf(label).publicKey));
    if (known !== undefined) return { ...known, index: i + 1 };
    return {
      index: i + 1,
      name: label.replace(':', '-'),
      person: `Person ${label}`,
      statementKey: keyOf(label).publicKey,
      transportKey: keyOf(`${label}/transport`).publicKey,
      addresses: [],
    };
  });
  let file = must(
    createRoster(rosterBody({ version: before.version + 1, previous: before.digest, parties, ...changes })),
  );
  for (const [i, label] of labels.entries()) {
    file = signRoster(file, i + 1, keyOf(label), keyOf(`${label}/transport`));
  }
  return must(sealRoster(file));
}

/** An epoch that the parties of this roster hold; nobody ran a keygen for it, but all its public values fit. */
export function epochOf(
  roster: Roster,
  changes: { readonly exportable?: boolean; readonly label?: string } = {},
): Epoch {
  const { exportable = false, label = 'members/epoch' } = changes;
  const parties = roster.parties.map(({ index, statementKey }) => ({ index, identityKey: statementKey }));
  const { threshold } = roster;
  const config = keygenConfig({ threshold, parties, gen: 1, walletId: vec('members/wallet'), exportable });
  const points = Array.from({ length: threshold }, (_, i) => curve.base(BigInt(1000 + i)));
  const epoch = makeEpoch(config, vec(label), points, (key) => hashChainCode(key, vec('members/chain code')));
  if (epoch === undefined) throw new Error('no epoch');
  return epoch;
}

export function reshareBody(epoch: Epoch, changes: Partial<ReshareProposal> = {}): ReshareProposal {
  return {
    ...head(),
    ceremony: 'reshare',
    wallet: 'treasury',
    walletId: epoch.config.walletId,
    epochId: epoch.epochId,
    gen: epoch.config.gen + 1,
    dealers: [1, 2],
    ...changes,
  };
}

export function importBody(changes: Partial<ImportProposal> = {}): ImportProposal {
  const publicKey = curve.encode(curve.base(77n));
  const chainCodeHash = hashChainCode(publicKey, vec('members/imported'));
  const terms = { holder: 2, publicKey, chainCodeHash, exportable: false };
  return { ...head(), ceremony: 'import', wallet: 'spare', ...terms, ...changes };
}

export function exportBody(epoch: Epoch, changes: Partial<ExportProposal> = {}): ExportProposal {
  return {
    ...head(),
    ceremony: 'export',
    wallet: 'treasury',
    walletId: epoch.config.walletId,
    epochId: epoch.epochId,
    recipient: x25519.getPublicKey(vec('members/recipient')),
    ...changes,
  };
}

let nonces = 0;

/** 16 bytes that no other call gave. */
export function freshNonce(): Uint8Array {
  nonces += 1;
  return vec(`members/nonce/${nonces}`).slice(0, 16);
}

function head() {
  return {
    roster: ROSTER.digest,
    initiator: 'ops',
    nonce: freshNonce(),
    attempt: 1,
    created: NOW,
    expires: NOW + LIFE,
    note: 'rent',
  };
}

export function signingBody(changes: Partial<SignProposal> = {}): SignProposal {
  return {
    ...head(),
    ceremony: 'sign',
    wallet: 'treasury',
    walletId: vec('members/wallet'),
    epochId: vec('members/epoch'),
    path: [],
    address: vec('members/address').slice(0, 20),
    payload: { kind: 'evm-transaction', bytes: vec('members/payload', 64) },
    ...changes,
  };
}

export function keygenBody(changes: Partial<KeygenProposal> = {}): KeygenProposal {
  return { ...head(), ceremony: 'keygen', wallet: 'treasury', exportable: false, ...changes };
}

export function propose(body: ProposalBody = signingBody()): Proposal {
  return signProposal(body, keyOf(`operator:${body.initiator}`));
}

export function answer(proposal: Proposal, party: number, changes: Partial<VerdictBody> = {}): VerdictStatement {
  const { decision = 'consent' } = changes;
  const body: VerdictBody = {
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    party,
    decision,
    reading: { digest: vec('members/digest'), tree: vec('members/tree') },
    commonPolicy: { digest: vec('members/policy'), version: 1 },
    judgement: decision === 'consent' ? 'allow' : 'deny',
    byHand: false,
    consents: 2,
    rejections: 1,
    rules: ['common/rent'],
    reasons: [],
    risks: [],
    inputs: vec('members/inputs'),
    claimedSoftware: 'test',
    counter: 7,
    nonce: vec(`members/answer/${party}`).slice(0, 16),
    created: NOW + 1,
    expires: NOW + 600,
    ...changes,
  };
  return signVerdict(body, keyOf(`party:${party}`));
}

export function standingOf(verdict: VerdictStatement): Standing {
  const { decision, party } = verdict.body;
  return { party, answer: decision, verdict: verdict.digest };
}

export function startOf(
  proposal: Proposal,
  standings: readonly Standing[],
  changes: Partial<StartBody> = {},
  composer = 'operator:ops',
): Start {
  const body: StartBody = {
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    composer,
    created: NOW + 2,
    signers: [1, 2],
    standings,
    digest: vec('members/digest'),
    sessionId: vec('members/session'),
    ...changes,
  };
  return signStart(body, keyOf(composer));
}

export function withdraw(proposal: Proposal, author: string, changes: Partial<WithdrawalBody> = {}): Withdrawal {
  const { attempt } = proposal.body;
  const body = { proposal: proposal.digest, attempt, author, reason: 'changed my mind', created: NOW + 3, ...changes };
  return signWithdrawal(body, keyOf(author));
}

export function endOf(proposal: Proposal, party: number, changes: Partial<OutcomeBody> = {}): Outcome {
  const body: OutcomeBody = {
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    party,
    sessionId: vec('members/session'),
    abort: { failure: 'BENIGN', check: 'deadline', culprits: [] },
    released: false,
    unicasts: [],
    counter: 8,
    created: NOW + 4,
    ...changes,
  };
  return signOutcome(body, keyOf(`party:${party}`));
}

/** The code of a refusal, or `ok`. */
export function codeOf(
  result: { readonly ok: true } | { readonly ok: false; readonly error: { readonly code: string } },
): string {
  return result.ok ? 'ok' : result.error.code;
}
