/**
 * Stopping wallets and letting them go again. Any one key stops, since a thief has no use for it; a quorum lets go, and
 * names what it lets go by digest, so that a freeze it did not know of stays (docs/governance.md).
 */
import { toHex } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import { personName } from '../common/person.ts';
import type { Result } from '../common/result.ts';
import { array, bytes, object, problem, type Reader, text } from '../common/schema.ts';
import type { Policy } from '../policy/prepare.ts';
import type { Signer } from './ed25519.ts';
import { UNIX_SECONDS } from './proposal.ts';
import { partyOf, type RosterBody } from './roster.ts';
import { freezeGroup, groupOf, SPEAKER, speakerKey } from './speaker.ts';
import {
  type Envelope,
  openStatement,
  type Statement,
  type StatementError,
  sealEnvelope,
  signStatement,
} from './statement.ts';

export interface FreezeBody {
  readonly roster: Uint8Array;
  /** 32 bytes, or none: all wallets. */
  readonly walletId: Uint8Array;
  /** `party:INDEX`, `operator:NAME`, or `approver:NAME` of the freeze group. */
  readonly author: string;
  /** The author's own words, at most 140 characters. */
  readonly reason: string;
  /** 16 bytes: a second freeze is another one, which a thaw of the first leaves in force. */
  readonly nonce: Uint8Array;
  readonly created: number;
}

export type Freeze = Statement<FreezeBody>;

export interface ThawBody {
  /** Digests of the freezes that end; ascending. */
  readonly freezes: readonly Uint8Array[];
  /** `party:INDEX`, or `approver:NAME` of the admin group. */
  readonly author: string;
  readonly nonce: Uint8Array;
  readonly created: number;
}

export type Thaw = Statement<ThawBody>;

const FREEZE = 'keymoot.freeze.v1';
const THAW = 'keymoot.thaw.v1';
/** Freezes that one thaw can name. */
export const MAX_THAWED = 64;

export function signFreeze(body: FreezeBody, key: Signer): Freeze {
  return signStatement(FREEZE, body, freezeJson, key);
}

/** @param roster the one that the node lives under; freezes under another are none */
export function openFreeze(
  envelope: Envelope,
  roster: RosterBody & { readonly digest: Uint8Array },
  policy: Policy | undefined,
): Result<Freeze, StatementError> {
  return openStatement(envelope, FREEZE, FREEZE_BODY, (body) =>
    toHex(body.roster) === toHex(roster.digest)
      ? speakerKey(body.author, roster, policy, freezeGroup(policy), FREEZE)
      : undefined,
  );
}

/** The statement with a signature that another program made. */
export function freezeEnvelope(body: FreezeBody, signature: Uint8Array): Envelope {
  return sealEnvelope(FREEZE, canonicalBytes(freezeJson(body)), signature);
}

export function signThaw(body: ThawBody, key: Signer): Thaw {
  return signStatement(THAW, body, thawJson, key);
}

export function openThaw(
  envelope: Envelope,
  roster: RosterBody,
  policy: Policy | undefined,
): Result<Thaw, StatementError> {
  return openStatement(envelope, THAW, THAW_BODY, ({ author }) =>
    author.startsWith('operator:')
      ? undefined
      : speakerKey(author, roster, policy, policy?.document.admin?.group, THAW),
  );
}

/** The statement with a signature that another program made. */
export function thawEnvelope(body: ThawBody, signature: Uint8Array): Envelope {
  return sealEnvelope(THAW, canonicalBytes(thawJson(body)), signature);
}

export interface ThawCount {
  readonly thawed: boolean;
  /** Persons who have signed for it. */
  readonly have: readonly string[];
  readonly need: number;
}

/**
 * Whether a freeze has ended: by the admin quorum of the policy in force, in distinct persons; where no policy names
 * admins, by as many parties as must sign.
 *
 * @param thaws opened under the same roster and policy
 */
export function countThaws(
  freeze: Uint8Array,
  thaws: readonly Thaw[],
  roster: RosterBody,
  policy: Policy | undefined,
): ThawCount {
  const admin = policy?.document.admin;
  const name = toHex(freeze);
  const persons = new Set<string>();
  for (const { body } of thaws) {
    if (!body.freezes.some((digest) => toHex(digest) === name)) continue;
    const person = personOf(body.author, roster, policy);
    if (person !== undefined) persons.add(personName(person));
  }
  const need = admin?.quorum ?? roster.threshold;
  return { thawed: persons.size >= need, have: [...persons].sort(), need };
}

/** The person behind a thaw that counts. */
function personOf(author: string, roster: RosterBody, policy: Policy | undefined): string | undefined {
  const [role, name = ''] = author.split(':');
  const admin = policy?.document.admin;
  if (admin === undefined) return role === 'party' ? partyOf(roster, Number(name))?.person : undefined;
  const isAdmin = role === 'approver' && groupOf(policy, admin.group).includes(name);
  return isAdmin ? policy?.document.approvers?.get(name)?.person : undefined;
}

function freezeJson(body: FreezeBody): Json {
  return {
    author: body.author,
    created: String(body.created),
    nonce: toHex(body.nonce),
    reason: body.reason,
    roster: toHex(body.roster),
    wallet: toHex(body.walletId),
  };
}

function thawJson(body: ThawBody): Json {
  return {
    author: body.author,
    created: String(body.created),
    freezes: body.freezes.map(toHex),
    nonce: toHex(body.nonce),
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
const NONCE: Reader<Uint8Array> = bytes({ length: 16 });

const MAYBE_ID: Reader<Uint8Array> = (value, field) => {
  const id = bytes({ max: 32 })(value, field);
  return id.length === 0 || id.length === 32 ? id : problem(field, 'must be empty or 32 bytes');
};

const FREEZE_SHAPE: Reader<Omit<FreezeBody, 'walletId'> & { readonly wallet: Uint8Array }> = object<
  Omit<FreezeBody, 'walletId'> & { readonly wallet: Uint8Array }
>({
  author: SPEAKER,
  created: UNIX_SECONDS,
  nonce: NONCE,
  reason: text({ max: 140 }),
  roster: DIGEST,
  wallet: MAYBE_ID,
});

const FREEZE_BODY: Reader<FreezeBody> = (value, field) => {
  const { wallet, ...rest } = FREEZE_SHAPE(value, field);
  return { ...rest, walletId: wallet };
};

const THAW_SHAPE: Reader<ThawBody> = object<ThawBody>({
  author: SPEAKER,
  created: UNIX_SECONDS,
  freezes: array(DIGEST, { min: 1, max: MAX_THAWED }),
  nonce: NONCE,
});

const THAW_BODY: Reader<ThawBody> = (value, field) => {
  const body = THAW_SHAPE(value, field);
  const names = body.freezes.map(toHex);
  const isSorted = names.every((name, i) => i === 0 || (names[i - 1] ?? '') < name);
  return isSorted ? body : problem('freezes', 'must be in order, each once');
};
