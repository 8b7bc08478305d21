/** What the key holder's commands ask a running node, over the socket in its home. Each answer is plain JSON. */

import type { JsonValue } from '../proto/control/message.ts';
import type { ControlCall } from '../proto/control/serve.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import { readRoster } from '../protocol/ceremony/roster-file.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { toHex } from '../protocol/common/bytes.ts';
import { InvalidArgument } from '../protocol/common/errors.ts';
import { parsePaths } from '../protocol/threshold/derivation.ts';
import { importApproval, peopleLines, requestFor } from './approvals/control.ts';
import type { Pending } from './ceremonies/answers.ts';
import { walletRow } from './derived.ts';
import { freezeWallet, policiesRow, policyRow, previewRow, setPolicy, thawWallet } from './governance/rows.ts';
import { repeatLines } from './inbox/repeats.ts';
import { proposalScreen } from './inbox/screen.ts';
import { nonceConsumed, nonceRows, signatureVoid } from './limits/by-hand.ts';
import type { ParticipantNode } from './node.ts';
import { banRow, nodeStatus, rosterRow, walletFacts, walletLabels } from './node-status.ts';
import type { PolicyScope } from './policies.ts';

type Params = { readonly [key: string]: JsonValue };

export async function answerControl(node: ParticipantNode, call: ControlCall): Promise<JsonValue> {
  const params: Params = isObject(call.params) ? call.params : {};
  switch (call.method) {
    case 'status':
      return nodeStatus(node);
    case 'wallets':
      return wallets(node, params);
    case 'chain-code':
      return { chainCode: node.context.wallets.chainCode(textOf(params, 'wallet')) };
    case 'inbox':
      return inboxRows(node);
    case 'show':
      return show(node, find(node, params));
    case 'approve':
      return decide(node, params, (proposal) =>
        node.answers.approve(proposal, textOf(params, 'digest'), textsOf(params, 'risks')),
      );
    case 'reject':
      return decide(node, params, (proposal) => node.answers.reject(proposal, textOf(params, 'reason')));
    case 'withdraw': {
      const entry = find(node, params);
      await node.context.exchange.exclusively(() => node.answers.withdraw(entry, textOf(params, 'reason')));
      return { ceremony: shortName(entry.ceremony.proposal.digest), withdrawn: true };
    }
    case 'approval-request':
      return requestFor(node, find(node, params));
    case 'approval-import':
      return importApproval(node, textOf(params, 'text'));
    case 'adopt':
      return adopt(node, textOf(params, 'roster'));
    case 'bans':
      return node.bans.list().map(banRow);
    case 'lift-ban':
      return liftBan(node, params);
    case 'reset-pair':
      return resetPair(node, params);
    case 'nonces':
      return nonceRows(node.context);
    case 'nonce-consumed':
      return await nonceConsumed(node.context, params);
    case 'signature-void':
      return await signatureVoid(node.context, params);
    case 'policy-show':
      return policiesRow(node.context);
    case 'policy-preview':
      return previewRow(node.context, scopeOf(params), textOf(params, 'text'));
    case 'policy-set':
      return setPolicy(node.context, scopeOf(params), textOf(params, 'text'));
    case 'policy-veto': {
      const vetoed = await node.context.governance.vetoVersion(textOf(params, 'digest'), textOf(params, 'reason'));
      return policyRow(vetoed);
    }
    case 'freeze':
      return freezeWallet(node.context, maybeText(params, 'wallet'), textOf(params, 'reason'));
    case 'thaw':
      return thawWallet(node.context, maybeText(params, 'wallet'));
    default:
      throw new InvalidArgument(
        'METHOD_UNKNOWN',
        call.method,
        'this node does not know the request; is it of another version?',
      );
  }
}

function wallets(node: ParticipantNode, params: Params): JsonValue {
  const { derive = [], wallet: named } = params;
  const texts = Array.isArray(derive) ? derive : [];
  const paths = texts.flatMap((text) => {
    const read = parsePaths(typeof text === 'string' ? text : '', '--derive');
    if (!read.ok) throw read.error;
    return read.value;
  });
  const chosen = node.context.wallets.list().filter((wallet) => named === undefined || wallet.name === named);
  if (named !== undefined && chosen.length === 0) {
    throw new InvalidArgument('UNKNOWN_WALLET', '--wallet', 'this party holds no wallet of this name');
  }
  return {
    ok: true,
    wallets: chosen.map((wallet) => ({ ...walletRow(node.context, wallet, paths), ...walletFacts(node, wallet) })),
  };
}

/** What was asked for before and never signed stands first, whoever else waits for how long. */
function inboxRows(node: ParticipantNode): JsonValue {
  const { book, clock } = node.context;
  const entries = book.entries();
  const rows = node.answers.pending().map((item) => {
    const repeated = node.repeats.of(item.entry, entries, clock.now()).length;
    const isAgain = repeated > 0 || item.entry.ceremony.proposal.body.attempt > 1;
    return { isAgain, row: pendingRow(node, item, repeated) };
  });
  return [...rows.filter(({ isAgain }) => isAgain), ...rows.filter(({ isAgain }) => !isAgain)].map(({ row }) => row);
}

function pendingRow(node: ParticipantNode, { entry, judgement, since }: Pending, repeated: number): JsonValue {
  const { body, digest } = entry.ceremony.proposal;
  return {
    ceremony: shortName(digest),
    kind: body.ceremony,
    wallet: body.wallet,
    attempt: body.attempt,
    initiator: body.initiator,
    note: body.note,
    since,
    expires: body.expires,
    hold: node.answers.hold(entry, judgement)?.detail ?? null,
    repeated,
  };
}

function show(node: ParticipantNode, entry: BookEntry): JsonValue {
  const { context } = node;
  const now = context.clock.now();
  const judgement = node.answers.judge(entry, now);
  const { digest, body } = entry.ceremony.proposal;
  const wallet = 'epochId' in body ? context.wallets.known(body.epochId)?.wallet : undefined;
  return {
    ceremony: shortName(digest),
    proposal: toHex(digest),
    kind: body.ceremony,
    judgement: judgement.judgement,
    risks: judgement.risks,
    rules: judgement.rules,
    reasons: judgement.reasons.map(({ code, detail }) => ({ code, detail })),
    digest: judgement.reading === undefined ? null : toHex(judgement.reading.digest),
    screen: proposalScreen(entry, judgement, {
      roster: context.roster,
      wallet,
      labels: wallet === undefined ? [] : walletLabels(node, wallet),
      hold: node.answers.hold(entry, judgement)?.detail,
      now,
      seen: node.observer.lines(entry),
      repeated: repeatLines(node.repeats.of(entry, context.book.entries(), now), now),
      people: peopleLines(node, entry, judgement),
    }),
  };
}

async function decide(
  node: ParticipantNode,
  params: Params,
  action: (proposal: Uint8Array) => Promise<void>,
): Promise<JsonValue> {
  const entry = find(node, params);
  const { digest } = entry.ceremony.proposal;
  await node.context.exchange.exclusively(() => action(digest));
  const own = node.context.book.get(digest)?.ceremony.verdicts.get(node.context.self);
  return {
    ceremony: shortName(digest),
    decision: own?.body.decision ?? null,
    statement: own === undefined ? null : toHex(own.digest),
  };
}

async function adopt(node: ParticipantNode, text: string): Promise<JsonValue> {
  const roster = readRoster(text);
  if (!roster.ok) throw new InvalidArgument(roster.error.code, 'ROSTER', roster.error.message);
  await node.adopt(roster.value);
  return rosterRow(roster.value);
}

async function liftBan(node: ParticipantNode, params: Params): Promise<JsonValue> {
  const wallet = walletOf(node, params);
  const peer = Number(textOf(params, 'peer'));
  const state = await node.context.exchange.exclusively(() => node.bans.lift(wallet, peer));
  return { wallet: wallet.name, party: peer, state };
}

async function resetPair(node: ParticipantNode, params: Params): Promise<JsonValue> {
  const wallet = walletOf(node, params);
  const peer = Number(textOf(params, 'peer'));
  if (!node.context.roster.parties.some((party) => party.index === peer) || peer === node.context.self) {
    throw new InvalidArgument('UNKNOWN_PARTY', 'PEER', 'must be the index of another party');
  }
  await node.pairs.resetFailures(wallet.epochId, peer);
  return { wallet: wallet.name, party: peer, state: 'counted anew' };
}

function walletOf(node: ParticipantNode, params: Params): Wallet {
  const name = textOf(params, 'wallet');
  const wallet = node.context.wallets.byName(name);
  if (wallet !== undefined) return wallet;
  throw new InvalidArgument('UNKNOWN_WALLET', 'WALLET', `there is no wallet ${name} here`);
}

/** The one ceremony whose digest begins with what the key holder typed; at least eight hex digits. */
function find(node: ParticipantNode, params: Params): BookEntry {
  const name = textOf(params, 'ceremony').toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(name)) {
    throw new InvalidArgument(
      'CEREMONY_NAME',
      'CEREMONY',
      'a ceremony is named by at least 8 hex digits, as the inbox shows them',
    );
  }
  const found = node.context.book.entries().filter((entry) => toHex(entry.ceremony.proposal.digest).startsWith(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new InvalidArgument(
    'CEREMONY_UNKNOWN',
    'CEREMONY',
    found.length === 0 ? 'no such ceremony is known here' : 'several ceremonies begin like this; give more digits',
  );
}

function textOf(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') throw new InvalidArgument('PARAMETER_MISSING', name, 'must be given as text');
  return value;
}

function maybeText(params: Params, name: string): string | undefined {
  return params[name] === undefined ? undefined : textOf(params, name);
}

/** A list of texts; `undefined` if it is not given. */
function textsOf(params: Params, name: string): readonly string[] | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new InvalidArgument('PARAMETER_MISSING', name, 'must be given as a list of texts');
  return value.filter((item) => typeof item === 'string');
}

function scopeOf(params: Params): PolicyScope {
  const scope = textOf(params, 'scope');
  if (scope !== 'common' && scope !== 'own')
    throw new InvalidArgument('POLICY_SCOPE', 'SCOPE', 'must be "common" or "own"');
  return scope;
}

function isObject(value: JsonValue): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
