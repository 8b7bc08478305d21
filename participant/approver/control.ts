/** What an approver's commands ask of the running program, or of the desk that a command opened by itself. */
import type { JsonValue } from '../../proto/control/message.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { type ApproverDesk, draftName, type Looked } from './desk.ts';
import {
  FREEZE_DRAFT,
  freeze,
  policyOf,
  signVersion,
  THAW_DRAFT,
  thaw,
  VETO_DRAFT,
  versionDraft,
  versionLines,
  veto,
  withSignature,
} from './governance.ts';
import { groupsAsked } from './reading.ts';
import { approverScreen } from './screen.ts';
import type { Uttered } from './voice.ts';

export interface DeskCall {
  readonly method: string;
  readonly params: JsonValue;
}

type Params = { readonly [key: string]: JsonValue };

/** @param connected the participants that hear this approver at this moment */
export async function answerDesk(desk: ApproverDesk, call: DeskCall, connected: readonly string[]): Promise<JsonValue> {
  return await desk.exclusively(async () => {
    await desk.policy.ripen();
    return await answer(desk, call, connected);
  });
}

async function answer(desk: ApproverDesk, call: DeskCall, connected: readonly string[]): Promise<JsonValue> {
  const params: Params = isObject(call.params) ? call.params : {};
  switch (call.method) {
    case 'status':
      return statusRow(desk, connected);
    case 'inbox':
      return desk.inbox().map((looked) => requestRow(desk, looked));
    case 'take':
      return { ceremony: toHex(await desk.request(textOf(params, 'text'), textOf(params, 'path'))) };
    case 'show':
      return shown(desk, find(desk, params));
    case 'decide':
      return await decide(desk, find(desk, params), params);
    case 'seal':
      return sealed(await desk.seal(draftName(proposalOf(desk, params)), textOf(params, 'signature')));
    case 'policy-preview':
      return previewed(desk, policyIn(params));
    case 'policy-adopt':
      return await adopt(desk, policyIn(params), textOf(params, 'digest'));
    case 'policy-sign':
      return await signPolicy(desk, policyIn(params), textOf(params, 'digest'));
    case 'policy-seal': {
      const policy = policyIn(params);
      const envelope = await desk.seal(versionDraft(policy), textOf(params, 'signature'));
      return { ...sealed(envelope), file: withSignature(policy, envelope) };
    }
    case 'freezes':
      return desk.freezes().map(({ body, digest }) => ({
        freeze: toHex(digest),
        wallet: desk.wallets().find(({ walletId }) => toHex(walletId) === toHex(body.walletId))?.name ?? null,
        all: body.walletId.length === 0,
        author: body.author,
        reason: body.reason,
        created: body.created,
      }));
    case 'veto':
      return uttered(await veto(desk, textOf(params, 'digest'), textOf(params, 'reason')));
    case 'veto-seal': {
      const envelope = await desk.seal(VETO_DRAFT, textOf(params, 'signature'));
      await desk.statement(envelope);
      return sealed(envelope);
    }
    case 'freeze': {
      const { wallet } = params;
      return uttered(await freeze(desk, typeof wallet === 'string' ? wallet : undefined, textOf(params, 'reason')));
    }
    case 'freeze-seal':
      return sealed(await desk.seal(FREEZE_DRAFT, textOf(params, 'signature')));
    case 'thaw':
      return uttered(await thaw(desk, textsOf(params, 'freezes')));
    case 'thaw-seal':
      return sealed(await desk.seal(THAW_DRAFT, textOf(params, 'signature')));
    default:
      throw new InvalidArgument(
        'METHOD_UNKNOWN',
        call.method,
        'this program does not know the request; is it of another version?',
      );
  }
}

function statusRow(desk: ApproverDesk, connected: readonly string[]): JsonValue {
  const { profile, roster } = desk.home;
  return {
    name: desk.name ?? null,
    calledHere: profile.name,
    person: profile.person,
    device: profile.device,
    key: desk.voice.key,
    roster: { name: roster.name, version: roster.version },
    policy: policyRow(desk.policy.current),
    waiting: desk.policy.waiting().map(({ at, policy }) => ({ ...policyRow(policy), takesEffect: at })),
    connected,
    requests: desk.inbox().length,
  };
}

function policyRow(policy: Policy | undefined): { readonly [name: string]: JsonValue } | null {
  if (policy === undefined) return null;
  const { id, version } = policy.document;
  return { id, version, digest: toHex(policyDigest(policy)) };
}

function requestRow(desk: ApproverDesk, { approvals, earlier, entry, read }: Looked): JsonValue {
  const { body, digest } = entry.ceremony.proposal;
  const { current } = desk.policy;
  const asked = read.place && current ? groupsAsked(read.judgement, current, read.place.name) : [];
  const own = approvals.filter((approval) => approval.body.approver === desk.name);
  return {
    ceremony: shortName(digest),
    wallet: body.wallet,
    attempt: body.attempt,
    initiator: body.initiator,
    note: body.note,
    expires: body.expires,
    judgement: read.judgement.judgement,
    asked: [...asked],
    repeated: earlier.length,
    said: own.at(-1)?.body.decision ?? null,
    hold: read.refusal?.detail ?? null,
  };
}

function shown(desk: ApproverDesk, entry: BookEntry): JsonValue {
  const { approvals, earlier, read } = desk.look(entry);
  const { judgement, refusal } = read;
  const { digest } = entry.ceremony.proposal;
  const context = { roster: desk.home.roster, policy: desk.policy.current, earlier, approvals, now: desk.clock.now() };
  return {
    ceremony: shortName(digest),
    proposal: toHex(digest),
    judgement: judgement.judgement,
    risks: judgement.risks,
    repeated: earlier.length,
    refusal: refusal === undefined ? null : { code: refusal.code, detail: refusal.detail },
    digest: judgement.reading === undefined ? null : toHex(judgement.reading.digest),
    screen: approverScreen(entry, read, context),
  };
}

async function decide(desk: ApproverDesk, entry: BookEntry, params: Params): Promise<JsonValue> {
  const decision = textOf(params, 'decision');
  if (decision !== 'approve' && decision !== 'reject' && decision !== 'cancel') {
    throw new InvalidArgument('PARAMETER_MISSING', 'decision', 'must be approve, reject or cancel');
  }
  const { life } = params;
  const done = await desk.decide(entry, {
    decision,
    comment: textOf(params, 'comment'),
    shown: textOf(params, 'digest'),
    life: typeof life === 'number' ? life : undefined,
  });
  return { ceremony: shortName(entry.ceremony.proposal.digest), decision, ...uttered(done) };
}

function previewed(desk: ApproverDesk, policy: Policy): JsonValue {
  return { ...policyRow(policy), lines: versionLines(desk, policy) };
}

async function adopt(desk: ApproverDesk, policy: Policy, digest: string): Promise<JsonValue> {
  mustBe(policy, digest);
  await desk.policy.adopt(policy);
  return policyRow(policy);
}

async function signPolicy(desk: ApproverDesk, policy: Policy, digest: string): Promise<JsonValue> {
  mustBe(policy, digest);
  const done = await signVersion(desk, policy);
  return { ...uttered(done), ...(done.kind === 'signed' ? { file: withSignature(policy, done.envelope) } : {}) };
}

/** What was read on the screen is what is adopted or signed. */
function mustBe(policy: Policy, digest: string): void {
  if (toHex(policyDigest(policy)) === digest) return;
  throw new Refusal('SHOWN_DIFFERS', 'the version that was read has another digest than this one');
}

function uttered(done: Uttered): { readonly [name: string]: JsonValue } {
  if (done.kind === 'signed') return sealed(done.envelope);
  return { message: Buffer.from(done.message).toString('base64'), namespace: done.namespace };
}

function sealed({ bytes }: { readonly bytes: Uint8Array }): { readonly [name: string]: JsonValue } {
  return { statement: new TextDecoder().decode(bytes) };
}

function policyIn(params: Params): Policy {
  return policyOf(textOf(params, 'text'), 'FILE');
}

function proposalOf(desk: ApproverDesk, params: Params): Uint8Array {
  return find(desk, params).ceremony.proposal.digest;
}

/** The one request whose digest begins with what was typed; at least eight hex digits. */
function find(desk: ApproverDesk, params: Params): BookEntry {
  const name = textOf(params, 'ceremony').toLowerCase();
  const isName = /^[0-9a-f]{8,64}$/.test(name);
  if (!isName) throw new InvalidArgument('CEREMONY_NAME', 'CEREMONY', 'a ceremony is named by at least 8 hex digits');
  const found = desk.home.book.entries().filter((entry) => toHex(entry.ceremony.proposal.digest).startsWith(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new InvalidArgument(
    'CEREMONY_UNKNOWN',
    'CEREMONY',
    found.length === 0 ? 'no such request is known here' : 'several requests begin like this; give more digits',
  );
}

function textOf(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') throw new InvalidArgument('PARAMETER_MISSING', name, 'must be given as text');
  return value;
}

function textsOf(params: Params, name: string): readonly string[] {
  const value = params[name];
  if (!Array.isArray(value)) throw new InvalidArgument('PARAMETER_MISSING', name, 'must be given as a list of texts');
  return value.filter((item) => typeof item === 'string');
}

function isObject(value: JsonValue): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
