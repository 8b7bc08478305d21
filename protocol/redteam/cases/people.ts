/** Attacks on people: screens that lie, devices that were stolen, approvals that were meant for something else. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { ApprovalBody } from '../../ceremony/approval.ts';
import type { Envelope } from '../../ceremony/statement.ts';
import { utf8 } from '../../common/bytes.ts';
import type { Policy } from '../../policy/prepare.ts';
import type { Approver } from '../../policy/schema.ts';
import { actTrial, attackCase, heaviest } from '../case-parts.ts';
import { approve, type Cast, castOf, presented, quorumOf, requestFor } from '../cast.ts';
import { pay } from '../pay.ts';
import type { Act, AttackCase, Setting, StoppedBy, Trial } from '../types.ts';
import { largest, limitsOn } from './time.ts';

/** The payment that the policy asks the most people about, if it asks any group at all. */
function asked(setting: Setting): Act | undefined {
  const act = heaviest(setting);
  return act !== undefined && act.verdict.obligations.groups.length > 0 ? act : undefined;
}

function showing(what: string, judge: (setting: Setting) => StoppedBy | undefined): Trial {
  return { label: what, steps: [{ kind: 'presented', what, judge }] };
}

function approversOf({ document }: Policy): ReadonlyMap<string, Approver> {
  return document.approvers ?? new Map<string, Approver>();
}

/** Nothing to try where nobody is asked: that a group should be asked is the case `fooled-holders`. */
function withGroups(setting: Setting, trials: (act: Act) => readonly Trial[]): readonly Trial[] {
  const act = asked(setting);
  return act === undefined ? [] : trials(act);
}

/** Honest approvals of one request, or of what `change` makes of them. */
function approvals(
  cast: Cast,
  act: Act,
  names: readonly string[],
  change: Partial<ApprovalBody> = {},
): readonly Envelope[] {
  const request = requestFor(cast, act);
  return names.map((name) => approve(cast, request, name, change).envelope);
}

/** Enough people approved, but of something that is different in one thing. */
function bent(what: string, act: Act, change: (setting: Setting, cast: Cast) => Partial<ApprovalBody>): Trial {
  return showing(what, (setting) => {
    const cast = castOf(setting);
    return presented(cast, requestFor(cast, act), approvals(cast, act, quorumOf(cast, act), change(setting, cast)));
  });
}

/** Enough people approved another request, and their statements are shown for this one. */
function replayed(what: string, act: Act, other: (setting: Setting) => Parameters<typeof requestFor>[2]): Trial {
  return showing(what, (setting) => {
    const cast = castOf(setting);
    const before = requestFor(cast, act, other(setting));
    const envelopes = quorumOf(cast, act).map((name) => approve(cast, before, name).envelope);
    return presented(cast, requestFor(cast, act), envelopes);
  });
}

/** The same payment, approved by as many as the policy asks. */
function approvedTwin(setting: Setting): Trial | undefined {
  const act = asked(setting);
  const plain = actTrial(act);
  if (act === undefined || plain === undefined) return plain;
  const cast = castOf(setting);
  const shown = showing('approved by those who are asked', () =>
    presented(cast, requestFor(cast, act), approvals(cast, act, quorumOf(cast, act))),
  );
  return { label: `${act.what}, with its approvals`, steps: [...plain.steps, ...shown.steps] };
}

export const PEOPLE_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'fooled-holders',
    name: 'Every key holder is shown a lie and agrees to the largest payment that there is',
    source: 'Bybit, Radiant, WazirX: all who looked, looked at screens that were not theirs',
    family: 'people',
    build: (setting) =>
      largest(setting).map((act) =>
        showing(`no second device, ${act.what}`, () => {
          if (act.verdict.obligations.groups.length > 0) {
            const cast = castOf(setting);
            return presented(cast, requestFor(cast, act), []);
          }
          const [limit] = limitsOn(setting, act, true);
          if (act.verdict.decision !== 'allow' || limit === undefined) return undefined;
          return {
            layer: 'limit',
            code: 'LIMIT_EXCEEDED',
            words: `nobody is asked, up to limit "${limit.id}" and no further`,
          };
        }),
      ),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'approval-replayed',
    name: 'Approvals of one request are shown for another one',
    source: 'signatures collected for one thing and used for another',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => [
        replayed('of another payload', act, (at) => ({
          payload: pay(at, { ...act, amount: act.amount + 1n }),
        })),
        replayed('of the attempt before', act, () => ({ attempt: 2 })),
        replayed('of another epoch', act, () => ({ epoch: 'epoch 0' })),
        bent('by devices that read another digest', act, () => ({ digest: sha256(utf8('another payload')) })),
        bent('by devices that read other calls', act, () => ({ tree: sha256(utf8('other calls')) })),
        bent('of another chain', act, () => ({ chainId: '424242' })),
        bent('by another policy', act, (_, { policy }) => ({
          policy: { digest: sha256(utf8('another policy')), version: policy.document.version },
        })),
        bent('by another wallet', act, () => ({ wallet: 'another-wallet' })),
      ]),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'approval-rewritten',
    name: 'The text of an approval is changed and its signature kept',
    source: 'whoever carries approvals can change them',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => [
        showing('the signatures of other statements', (at) => {
          const cast = castOf(at);
          const names = quorumOf(cast, act);
          const honest = approvals(cast, act, names);
          const wanted = approvals(cast, act, names, { comment: 'as you said' });
          const mixed = wanted.map((envelope, i) => ({
            ...envelope,
            signature: honest[i]?.signature ?? envelope.signature,
          }));
          return presented(cast, requestFor(cast, act), mixed);
        }),
      ]),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'initiator-approves',
    name: 'Whoever asks for a payment approves it on another device',
    source: 'one person with two roles',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => {
        const approvers = approversOf(setting.policy);
        const persons = [...new Set([...approvers.values()].map(({ person }) => person))];
        return persons.map((person) =>
          showing(`${person} asks and approves`, (at) => {
            const cast = castOf(at, person);
            const isOwn = (name: string): number => (approvers.get(name)?.person === person ? 0 : 1);
            const chosen = quorumOf(cast, act, 0, isOwn);
            const devices = [...approvers].flatMap(([name, approver]) => (approver.person === person ? [name] : []));
            return presented(cast, requestFor(cast, act), approvals(cast, act, [...new Set([...chosen, ...devices])]));
          }),
        );
      }),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'one-short',
    name: 'One person fewer than asked approves, on every device they have',
    source: 'stolen phones, one fewer than it takes',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => [
        showing('all devices of too few persons', (at) => {
          const cast = castOf(at);
          const few = quorumOf(cast, act, 1);
          const approvers = approversOf(cast.policy);
          const persons = new Set(few.map((name) => approvers.get(name)?.person));
          const devices = [...approvers].flatMap(([name, { person }]) => (persons.has(person) ? [name] : []));
          return presented(cast, requestFor(cast, act), approvals(cast, act, devices));
        }),
      ]),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'shared-device',
    name: 'One device that holds the keys of several people approves for all of them',
    source: 'one office computer for everybody',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => {
        const byDevice = new Map<string, string[]>();
        for (const [name, { device }] of setting.policy.document.approvers ?? []) {
          byDevice.set(device, [...(byDevice.get(device) ?? []), name]);
        }
        return [...byDevice].flatMap(([device, names]) => {
          if (names.length < 2) return [];
          return [
            showing(`everything that ${device} can sign`, (at) => {
              const cast = castOf(at);
              return presented(cast, requestFor(cast, act), approvals(cast, act, names));
            }),
          ];
        });
      }),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'stale-approval',
    name: 'Approvals that were given long ago, or that never end',
    source: 'Drift, 2026: approvals signed ahead',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => [
        bent('of last month', act, ({ now }) => {
          const created = now - 30 * 24 * 3600;
          return { created, expires: created + act.verdict.obligations.ttlSec };
        }),
        bent('without an end in sight', act, ({ now }) => ({ created: now, expires: now + 10 * 365 * 24 * 3600 })),
        bent('of next week', act, ({ now }) => {
          const created = now + 7 * 24 * 3600;
          return { created, expires: created + act.verdict.obligations.ttlSec };
        }),
      ]),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'worn-out',
    name: 'Who refused is asked until they agree, and their approval is counted',
    source: 'Radiant: the same request again and again, until it went through',
    family: 'people',
    build: (setting) =>
      withGroups(setting, (act) => [
        showing('a refusal, then everybody approves', (at) => {
          const cast = castOf(at);
          const names = quorumOf(cast, act, -100);
          const { rejects } = act.verdict.obligations;
          const refusals = approvals(cast, act, names.slice(0, rejects), { decision: 'reject' });
          return presented(cast, requestFor(cast, act), [...refusals, ...approvals(cast, act, names)]);
        }),
      ]),
    twin: approvedTwin,
  }),
  attackCase({
    id: 'in-a-hurry',
    name: 'A payment out of a cold wallet minutes after it was first asked for',
    source: 'urgency, which is in every story of this kind',
    family: 'people',
    build: (setting) => {
      const { policy, wallet } = setting;
      if (policy.document.wallets.get(wallet.name)?.class !== 'cold') return [];
      return largest(setting).map((act) =>
        showing(`at once, ${act.what}`, () => {
          const { delaySec } = act.verdict.obligations;
          if (delaySec === 0) return undefined;
          const words = `nobody consents before ${delaySec} seconds have passed, in which everybody can refuse`;
          return { layer: 'approval', code: 'APPROVAL_INVALID', words };
        }),
      );
    },
    twin: approvedTwin,
  }),
];
