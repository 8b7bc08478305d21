/** Reshares, imports and exports of a moot: real statements and real runs, as keygens and signings are in moot.ts. */
import { mustAgree } from '../../protocol/ceremony/agreement.ts';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { NewKey, OutcomeBody } from '../../protocol/ceremony/outcome.ts';
import {
  type ExportProposal,
  type ImportProposal,
  type Proposal,
  type ReshareProposal,
  signProposal,
} from '../../protocol/ceremony/proposal.ts';
import { exportPlan, importPlan, type RunPlan, resharePlan } from '../../protocol/ceremony/run-plan.ts';
import { type SealedShare, signSealedShare } from '../../protocol/ceremony/sealed-share.ts';
import { exportSessionId, runSessionId } from '../../protocol/ceremony/session-binding.ts';
import { nextWalletDocument, walletDocument } from '../../protocol/ceremony/wallet.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import type { KeygenOutput, KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import type { Certificate } from '../../protocol/threshold/keygen/certificate.ts';
import { hashChainCode } from '../../protocol/threshold/keygen/epoch.ts';
import { createEpochRun } from '../../protocol/threshold/keygen/machine.ts';
import type { Machine } from '../../protocol/threshold/rounds/round.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { vec } from '../threshold/support/labels.ts';
import { labelRandom } from '../threshold/support/sign-network.ts';
import { type Ran, runAll } from './bus.ts';
import { abortOf, type Moot } from './moot.ts';
import type { MootWallet, Plan, Told } from './plan.ts';
import type { Story } from './story.ts';

export interface ResharePlan extends Plan {
  /** The moot that the key is handed to; a refresh without it. */
  readonly next?: Moot;
  /** The first t if absent. */
  readonly dealers?: readonly number[];
  readonly proposal?: (body: ReshareProposal) => ReshareProposal;
}

export interface ImportPlan extends Plan {
  readonly secret: bigint;
  readonly holder?: number;
  readonly proposal?: (body: ImportProposal) => ImportProposal;
}

export interface ExportPlan extends Plan {
  readonly recipient: Uint8Array;
  readonly proposal?: (body: ExportProposal) => ExportProposal;
}

/** What came of a run, and the wallet as its holders have it. */
export type Ended = Told & { readonly wallet: MootWallet | undefined };

const OPERATOR = 'operator:olivia';

/** A whole reshare. Without all the consents that it needs it ends there. */
export function reshare(moot: Moot, from: MootWallet, plan: ResharePlan = {}): Ended {
  const { wallet } = from;
  const honest: ReshareProposal = {
    ...moot.head(),
    ceremony: 'reshare',
    wallet: wallet.name,
    walletId: wallet.walletId,
    epochId: wallet.epochId,
    gen: wallet.gen + 1,
    dealers: plan.dealers ?? moot.indices.slice(0, moot.roster.threshold),
    ...(plan.next === undefined ? {} : { next: plan.next.roster }),
  };
  const body = plan.proposal === undefined ? honest : plan.proposal(honest);
  const proposal = signProposal(body, moot.keyOf(OPERATOR));
  const answers = moot.answers(proposal, wallet, plan);
  const planned = resharePlan(moot.roster, wallet.epoch, body);
  const documents = [...answers.documents, wallet.document];
  const story: Story = { ...told(moot, proposal), documents, verdicts: answers.verdicts };
  if (!planned.ok || !agreed(moot, story, plan)) return { ...moot.finish(story, plan), wallet: undefined };
  const dealt = (oldIndex: number): Dealt | undefined => {
    const share = from.shares.get(oldIndex);
    return share && { secret: share.share.use((x) => x), chainCode: share.chainCode.use((code) => code.slice()) };
  };
  const document = (certificate: Certificate): Json => nextWalletDocument(wallet, certificate);
  return finishRun(moot, plan, story, { plan: planned.value, next: plan.next, dealt, document });
}

/** A whole import of a key without a chain code of its own. */
export function importKey(moot: Moot, name: string, plan: ImportPlan): Ended {
  const publicKey = curve.encode(curve.base(plan.secret));
  const chainCode = vec('an imported chain code');
  const { holder = 1 } = plan;
  const honest: ImportProposal = {
    ...moot.head(),
    ceremony: 'import',
    wallet: name,
    holder,
    publicKey,
    chainCodeHash: hashChainCode(publicKey, chainCode),
    exportable: true,
  };
  const body = plan.proposal === undefined ? honest : plan.proposal(honest);
  const proposal = signProposal(body, moot.keyOf(OPERATOR));
  const answers = moot.answers(proposal, undefined, plan);
  const planned = importPlan(moot.roster, proposal.digest, body);
  const story: Story = { ...told(moot, proposal), documents: answers.documents, verdicts: answers.verdicts };
  if (!planned.ok || !agreed(moot, story, plan)) return { ...moot.finish(story, plan), wallet: undefined };
  const document = (certificate: Certificate): Json => walletDocument(proposal, certificate);
  const dealt = (): Dealt => ({ secret: plan.secret, chainCode: chainCode.slice() });
  return finishRun(moot, plan, story, { plan: planned.value, next: undefined, dealt, document });
}

/** A whole export; the ciphertexts are make-believe, since nothing but their digests is recorded. */
export function exportKey(moot: Moot, from: MootWallet, plan: ExportPlan): Told & { readonly sealed: SealedShare[] } {
  const { wallet } = from;
  const sealed: SealedShare[] = [];
  const honest: ExportProposal = {
    ...moot.head(),
    ceremony: 'export',
    wallet: wallet.name,
    walletId: wallet.walletId,
    epochId: wallet.epochId,
    recipient: plan.recipient,
  };
  const body = plan.proposal === undefined ? honest : plan.proposal(honest);
  const proposal = signProposal(body, moot.keyOf(OPERATOR));
  const answers = moot.answers(proposal, wallet, plan);
  const planned = exportPlan(wallet.epoch, body);
  const documents = [...answers.documents, wallet.document];
  const story: Story = { ...told(moot, proposal), documents, verdicts: answers.verdicts };
  if (!planned.ok || !agreed(moot, story, plan)) return { ...moot.finish(story, plan), sealed };
  const bound = { digest: proposal.digest, body };
  const start = moot.start(proposal, answers.verdicts, moot.indices, plan, (consents) =>
    exportSessionId(moot.roster, bound, wallet.publicKey, planned.value, consents),
  );
  const outcomes = moot.outcomes(proposal, start, plan, (party): Partial<OutcomeBody> => {
    const statement = signSealedShare(
      {
        proposal: proposal.digest,
        attempt: body.attempt,
        party,
        sessionId: start.body.sessionId,
        epochId: body.epochId,
        recipient: body.recipient,
        encapsulated: vec(`encapsulated/${party}`),
        ciphertext: vec(`ciphertext/${party}`, 80).slice(0, 80),
        created: moot.now(),
      },
      moot.keyOf(`party:${party}`),
    );
    sealed.push(statement);
    return { exported: statement.digest, released: true };
  });
  return { ...moot.finish({ ...story, start, outcomes }, plan), sealed };
}

interface Dealt {
  readonly secret: bigint;
  readonly chainCode: Uint8Array;
}

interface RunSetup {
  readonly plan: RunPlan;
  readonly next: Moot | undefined;
  /** What a dealer brings, by its index in the parent epoch (0 in an import). */
  readonly dealt: (oldIndex: number) => Dealt | undefined;
  readonly document: (certificate: Certificate) => Json;
}

function finishRun(moot: Moot, hooks: Plan, story: Story, setup: RunSetup): Ended {
  const { plan, next } = setup;
  const { proposal, verdicts } = story;
  const signers = mustAgree(proposal.body, moot.roster) ?? [];
  const start = moot.start(proposal, verdicts, signers, hooks, (consents) =>
    runSessionId(
      moot.roster,
      proposal,
      plan,
      consents.filter(({ body }) => signers.includes(body.party)),
    ),
  );
  const ran = runMembers(moot, hooks, setup, start.body.sessionId);
  const document = [...ran.outputs.values()].map((output) => setup.document(output.certificate))[0];
  const outcomes = moot.outcomes(proposal, start, hooks, (party): Partial<OutcomeBody> => {
    const pid = plan.members.find((member) => member.party === party)?.pid ?? 0;
    const output = ran.outputs.get(pid);
    if (output === undefined || document === undefined) return { abort: abortOf(ran, pid) };
    const { epochId, publicKey } = output.epoch;
    const certificate = documentDigest(document);
    const key: NewKey = { walletId: plan.walletId, epochId, publicKey, certificate };
    return { key, released: true };
  });
  const documents = [...story.documents, ...(document === undefined ? [] : [document])];
  const ended = moot.finish({ ...story, documents, start, rounds: ran.broadcasts, outcomes }, hooks);
  return { ...ended, wallet: document === undefined ? undefined : (next ?? moot).holding(document, ran) };
}

/** All members of a run, by pid; a newcomer has the keys that the next moot knows. */
function runMembers(
  moot: Moot,
  hooks: Plan,
  { plan, next, dealt }: RunSetup,
  sessionId: Uint8Array,
): Ran<KeygenOutput, KeygenRecord> {
  const { config, cfgHash, parent } = plan;
  const machines = new Map<number, Machine<KeygenOutput, KeygenRecord>>();
  for (const { pid, party, joining } of plan.members) {
    const row = config.parties[pid - 1];
    const signer = party === undefined ? next?.keyOf(`party:${joining ?? 0}`) : moot.keyOf(`party:${party}`);
    if (row === undefined || signer === undefined) throw new Error(`member ${pid} has no key`);
    const brought = row.dealer ? dealt(row.oldIndex) : undefined;
    machines.set(
      pid,
      createEpochRun({
        sessionId,
        config,
        cfgHash,
        pid,
        ...(parent === undefined ? {} : { parent }),
        ...(brought === undefined
          ? {}
          : { dealt: { secret: new Secret(brought.secret), chainCode: new Secret(brought.chainCode) } }),
        sign: signer.sign,
        verify,
        random: labelRandom(`${moot.crew('run', hooks).label}/${pid}`),
      }),
    );
  }
  return runAll(machines, hooks.network);
}

function told(moot: Moot, proposal: Proposal): Omit<Story, 'documents' | 'verdicts'> {
  return { roster: moot.roster.digest, proposal, withdrawals: [], rounds: [], outcomes: [] };
}

function agreed(moot: Moot, { proposal, verdicts }: Story, { insist = false }: Plan): boolean {
  if (insist) return true;
  const consents = verdicts.filter(({ body }) => body.decision === 'consent').map(({ body }) => body.party);
  const rejected = verdicts.some(({ body }) => body.decision === 'reject');
  return !rejected && (mustAgree(proposal.body, moot.roster) ?? []).every((party) => consents.includes(party));
}
