/** Attacks on the policy itself: whoever changes it needs no other trick. */

import { signEntry } from '../../ceremony/address-entry.ts';
import { countThaws, openFreeze, signFreeze, signThaw } from '../../ceremony/freeze.ts';
import { policyReference } from '../../ceremony/judgement.ts';
import { type Admitted, admitPolicy } from '../../ceremony/policy-chain.ts';
import { signPolicyVersion, versionBody } from '../../ceremony/policy-version.ts';
import { envelopeJson } from '../../ceremony/statement.ts';
import { toHex } from '../../common/bytes.ts';
import type { Json } from '../../common/canonical-json.ts';
import type { Result } from '../../common/result.ts';
import type { Address } from '../../payload/address.ts';
import { canonicalPolicy, policyDigest } from '../../policy/canonical.ts';
import { readPolicy } from '../../policy/parse.ts';
import type { Policy } from '../../policy/prepare.ts';
import type { Counterparty } from '../../policy/schema.ts';
import { attackCase, heaviest } from '../case-parts.ts';
import { approve, type Cast, castOf, presented, quorumOf, requestFor, signerOf } from '../cast.ts';
import { inventedAddress, lookalikeOf } from '../encode.ts';
import type { AttackCase, Setting, StoppedBy, Trial } from '../types.ts';

type Fields = Readonly<Record<string, Json>>;

function showing(what: string, judge: (setting: Setting) => StoppedBy | undefined): Trial {
  return { label: what, steps: [{ kind: 'presented', what, judge }] };
}

function refused(code: string, words: string): StoppedBy {
  return { layer: 'chain-of-versions', code, words };
}

/** A version with other fields; `undefined` takes a field away. */
function edited(
  policy: Policy,
  change: (fields: Fields) => Readonly<Record<string, Json | undefined>>,
): Result<Policy, StoppedBy> {
  const fields = canonicalPolicy(policy) as Fields;
  const entries = Object.entries({ ...fields, ...change(fields) }).flatMap(([name, value]) => {
    return value === undefined ? [] : [[name, value] as const];
  });
  const next = readPolicy(Object.fromEntries(entries));
  return next.ok ? next : { ok: false, error: refused(next.error.code, `${next.error.field} ${next.error.message}`) };
}

/** The next version, with the parent it should have. */
function nextOf(
  policy: Policy,
  change: (fields: Fields) => Readonly<Record<string, Json | undefined>>,
): Result<Policy, StoppedBy> {
  return edited(policy, (fields) => ({
    version: String(policy.document.version + 1),
    parentHash: `0x${toHex(policyDigest(policy))}`,
    ...change(fields),
  }));
}

/** A rule that lets the attacker have everything, beside all those that are there. */
function opened({ rules }: Fields): Readonly<Record<string, Json>> {
  const rule = { id: 'zz-temporary', effect: 'allow', match: {} };
  return { rules: [...(Array.isArray(rules) ? (rules as readonly Json[]) : []), rule] };
}

/** A denial of something, which no treasury minds. */
function narrowed({ rules }: Fields): Readonly<Record<string, Json>> {
  const rule = { id: 'zz-no-blobs', effect: 'deny', match: { risks: ['BLOB'] } };
  return { rules: [...(Array.isArray(rules) ? (rules as readonly Json[]) : []), rule] };
}

/** Signed by one device of each of so many admins of the parent; by so many fewer than it takes. */
function signed({ policy: parent, setting }: Pick<Cast, 'policy' | 'setting'>, next: Policy, less = 0): Policy {
  const { admin, approvers, groups } = parent.document;
  const byPerson = new Map(
    [...(groups?.get(admin?.group ?? '') ?? [])].map((name) => [approvers?.get(name)?.person, name] as const),
  );
  const names = [...byPerson.values()].slice(0, Math.max(0, (admin?.quorum ?? 0) - less));
  return { ...next, signatures: names.flatMap((name) => signatureOf(next, name, setting.now)) };
}

function signatureOf(next: Policy, approver: string, now: number): readonly Json[] {
  const body = versionBody(next, approver, now);
  return body === undefined ? [] : [envelopeJson(signPolicyVersion(body, signerOf(`approver ${approver}`)).envelope)];
}

/** What becomes of a version that a node is shown; `undefined`: it takes effect at once. */
function admission({ policy, roster, setting }: Cast, next: Policy): StoppedBy | undefined {
  const admitted = admitPolicy(policy, next, roster, setting.now);
  return admitted.ok ? waiting(admitted.value) : refused(admitted.error.code, admitted.error.detail);
}

function waiting({ delaySec, direction }: Admitted): StoppedBy | undefined {
  if (delaySec === 0) return undefined;
  const words = `it counts as a change that ${direction}: it waits ${delaySec} seconds, and any party can veto it`;
  return refused('POLICY_NOT_EFFECTIVE', words);
}

/** One trial about the version after the one in force. */
function version(
  what: string,
  change: (fields: Fields) => Readonly<Record<string, Json | undefined>>,
  judge: (cast: Cast, next: Policy) => StoppedBy | undefined,
): Trial {
  return showing(what, (setting) => {
    const cast = castOf(setting);
    const next = nextOf(cast.policy, change);
    return next.ok ? judge(cast, next.value) : next.error;
  });
}

function hasAdmins({ policy }: Setting): boolean {
  return policy.document.admin !== undefined;
}

/** A version that narrows, signed by those who have to, takes effect at once. */
function narrowingTwin(setting: Setting): Trial | undefined {
  if (!hasAdmins(setting)) return undefined;
  return version('a version that denies more, signed by the admins', narrowed, (cast, next) =>
    admission(cast, signed(cast, next)),
  );
}

const NEW_SUPPLIER = inventedAddress('a new supplier');

export const GOVERNANCE_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'policy-swapped',
    name: 'Another policy is handed out: unsigned, or signed by people whom only it names',
    source: 'whoever controls the machine that hands out policies',
    family: 'governance',
    build: () => [
      version('a wider version that nobody signed', opened, admission),
      version(
        'a wider version that its own new admin signed',
        (fields) => ({
          ...opened(fields),
          approvers: {
            mallory: {
              person: 'Mallory',
              device: 'phone',
              key: `ed25519:${toHex(signerOf('approver mallory').publicKey)}`,
            },
          },
          groups: { owners: ['mallory'] },
          admin: { group: 'owners', quorum: '1', widenDelaySec: '0' },
          rules: [{ id: 'everything', effect: 'allow', match: {} }],
          limits: undefined,
        }),
        (cast, next) => admission(cast, { ...next, signatures: signatureOf(next, 'mallory', cast.setting.now) }),
      ),
    ],
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'policy-one-short',
    name: 'A wider policy signed by one admin fewer than it takes',
    source: 'one stolen or bribed admin',
    family: 'governance',
    build: (setting) =>
      hasAdmins(setting)
        ? [version('one signature short', opened, (cast, next) => admission(cast, signed(cast, next, 1)))]
        : [],
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'policy-rolled-back',
    name: 'An older version that was in force once, with its real signatures',
    source: 'replay of what was replaced for a reason',
    family: 'governance',
    build: () => [
      showing('the version before', (setting) => {
        const cast = castOf(setting);
        const next = nextOf(cast.policy, narrowed);
        if (!next.ok) return next.error;
        return admission({ ...cast, policy: next.value }, signed(cast, cast.policy));
      }),
    ],
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'policy-forked',
    name: 'Two versions with one number, each shown to some',
    source: 'two faces of one distributor',
    family: 'governance',
    build: () =>
      [1, 2].map((step) =>
        showing(step === 1 ? 'the same number' : 'the number after, with the old parent', (setting) => {
          const cast = castOf(setting);
          const first = nextOf(cast.policy, narrowed);
          const number = String(cast.policy.document.version + step);
          const second = nextOf(cast.policy, (fields) => ({ ...opened(fields), version: number }));
          if (!first.ok) return first.error;
          if (!second.ok) return second.error;
          return admission({ ...cast, policy: first.value }, signed(cast, second.value));
        }),
      ),
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'policy-disguised',
    name: 'A wider policy that looks like a tightening: one rule more, one denial more',
    source: 'long changes that nobody reads to the end',
    family: 'governance',
    build: () => [
      version(
        'a denial and, beside it, a permission',
        (fields) => {
          const { rules: denying } = narrowed(fields);
          return opened({ ...fields, ...(denying === undefined ? {} : { rules: denying }) });
        },
        (cast, next) => {
          const admitted = admitPolicy(cast.policy, signed(cast, next), cast.roster, cast.setting.now);
          if (!admitted.ok) return refused(admitted.error.code, admitted.error.detail);
          const { changes, direction } = admitted.value;
          if (direction === 'narrows') return undefined;
          const [found] = changes.filter(({ kind }) => kind === 'widens');
          return refused('POLICY_NOT_EFFECTIVE', `it is told for what it is: ${found?.words ?? direction}`);
        },
      ),
    ],
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'policy-in-a-hurry',
    name: 'A wider policy signed by a stolen quorum, for use within the hour',
    source: 'phished admins; what is left is the time in which somebody notices',
    family: 'governance',
    build: () => [version('signed by enough', opened, (cast, next) => admission(cast, signed(cast, next)))],
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'poisoned-book',
    name: 'A new entry of the address book looks like somebody who is known',
    source: 'address poisoning, through the front door',
    family: 'governance',
    build: (setting) => {
      const [payee] = setting.payees;
      if (payee === undefined) return [];
      const entry = (owner: string, address: Address): Counterparty => {
        const { chainId, now } = setting;
        const addresses = [{ chainId, address, kind: 'eoa' as const }];
        return signEntry(
          'new-supplier',
          { label: 'New supplier', addresses, version: 1, created: now },
          signerOf(owner),
        );
      };
      const book = ({ counterparties }: Fields, listed: Address, signature: string): Fields => {
        const { addresses, created, identity, label, version: number } = entry('supplier', listed);
        const json: Json = {
          addresses: addresses.map(({ address, chainId, kind }) => ({ address, chainId: String(chainId), kind })),
          created: String(created),
          identity,
          label,
          signature,
          version: String(number),
        };
        return { counterparties: { ...(counterparties as Fields | undefined), 'new-supplier': json } };
      };
      return [
        version(
          'a look-alike, signed by its own key',
          (fields) => book(fields, lookalikeOf(payee), entry('supplier', lookalikeOf(payee)).signature),
          (cast, next) => admission(cast, signed(cast, next)),
        ),
        version(
          'an entry that its identity has not signed',
          (fields) => book(fields, NEW_SUPPLIER, entry('somebody else', NEW_SUPPLIER).signature),
          (cast, next) => admission(cast, signed(cast, next)),
        ),
      ];
    },
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'frozen-wallet',
    name: 'A wallet that somebody has frozen is let go by too few',
    source: 'the hour after a theft is noticed',
    family: 'governance',
    build: () => [
      showing('thawed by one person fewer than it takes', (setting) => {
        const { policy, roster } = castOf(setting);
        const frozen = signFreeze(
          {
            roster: roster.digest,
            walletId: new Uint8Array(0),
            author: 'party:1',
            reason: 'something is wrong',
            nonce: new Uint8Array(16),
            created: setting.now,
          },
          signerOf('statement party-1'),
        );
        const seen = openFreeze(frozen.envelope, roster, policy);
        if (!seen.ok) return undefined;
        const { admin, groups } = policy.document;
        const names =
          admin === undefined
            ? roster.parties.map(({ index, name }) => ({ author: `party:${index}`, key: `statement ${name}` }))
            : (groups?.get(admin.group) ?? []).map((name) => ({ author: `approver:${name}`, key: `approver ${name}` }));
        const need = countThaws(frozen.digest, [], roster, policy).need;
        const thaws = names.slice(0, need - 1).map(({ author, key }) => {
          const body = { freezes: [frozen.digest], author, nonce: new Uint8Array(16), created: setting.now };
          return signThaw(body, signerOf(key));
        });
        const count = countThaws(frozen.digest, thaws, roster, policy);
        if (count.thawed) return undefined;
        return { layer: 'freeze', code: 'WALLET_FROZEN', words: `thawed by ${count.have.length} of ${count.need}` };
      }),
    ],
    twin: narrowingTwin,
  }),
  attackCase({
    id: 'old-policy',
    name: 'Approvals given under the version before are used under the one in force',
    source: 'a change of policy that comes too late for what is under way',
    family: 'governance',
    build: (setting) => {
      const act = heaviest(setting);
      if (act === undefined || act.verdict.obligations.groups.length === 0) return [];
      return [
        showing('approved under the version before', (at) => {
          const cast = castOf(at);
          const next = nextOf(cast.policy, narrowed);
          if (!next.ok) return next.error;
          const later = { ...cast, policy: next.value };
          const request = requestFor(later, act);
          const before = policyReference(cast.policy);
          return presented(
            later,
            request,
            quorumOf(cast, act).map((name) => approve(later, request, name, { policy: before }).envelope),
          );
        }),
      ];
    },
    twin: narrowingTwin,
  }),
];
