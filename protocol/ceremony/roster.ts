/**
 * The roster: who the parties are, by which keys they speak, how many must sign. Every statement names its digest and
 * every participant and auditor pins its fingerprint. It binds only once all n parties signed it, each proving that
 * it holds both its keys (design: statements).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english';
import { concat, equalBytes, toHex, utf8 } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { array, bytes, integer, object, optional, type Reader, read, text } from '../common/schema.ts';
import { isAcceptableKey, type PublicKey, type Signer, verify } from './ed25519.ts';
import {
  describeProblem,
  ENVELOPE,
  type Envelope,
  envelopeJson,
  openStatement,
  type Statement,
  signStatement,
} from './statement.ts';

/** Party indices are Shamir coordinates and one byte on the wire; 20 parties is what this suite is measured for. */
export const MAX_PARTIES = 20;
/** Six days, in seconds: a proposal lives for seven, and has to outlast its announcement. */
export const MAX_ANNOUNCEMENT: number = 6 * 24 * 3600;

export interface Party {
  /** 1..n, the Shamir x-coordinate. */
  readonly index: number;
  readonly name: string;
  /** The human being; separation of duties counts persons, not keys. */
  readonly person: string;
  /** Ed25519 key that signs this party's statements and round messages. */
  readonly statementKey: PublicKey;
  /** Ed25519 key of its libp2p identity. */
  readonly transportKey: PublicKey;
  /** Multiaddrs without the peer id. */
  readonly addresses: readonly string[];
}

/** May propose; holds no share and decides nothing. */
export interface Operator {
  readonly name: string;
  readonly person: string;
  readonly key: PublicKey;
  readonly transportKey: PublicKey;
}

export interface RosterBody {
  readonly name: string;
  readonly version: number;
  /** Digest of the roster this one replaces; absent in the first. */
  readonly previous?: Uint8Array | undefined;
  readonly threshold: number;
  readonly parties: readonly Party[];
  readonly operators: readonly Operator[];
  /** SHA-256 of the private-network key; the key itself is handed over apart. */
  readonly network: Uint8Array;
  /** Seconds between announcing and executing a change of keys or members. */
  readonly announcement: number;
}

export interface RosterError {
  readonly code: 'ROSTER_MALFORMED' | 'ROSTER_INVALID' | 'ROSTER_UNSIGNED';
  readonly message: string;
}

interface RosterSignature {
  readonly roster: Uint8Array;
  readonly party: number;
  /** Signature of the transport key over the roster digest and the index. */
  readonly transportProof: Uint8Array;
}

/** A roster with the signatures collected so far. */
export interface RosterFile {
  readonly body: RosterBody;
  readonly digest: Uint8Array;
  readonly signatures: readonly Statement<RosterSignature>[];
}

/** A roster that all n parties signed: the only form that anything else accepts. */
export interface Roster extends RosterBody {
  readonly digest: Uint8Array;
  readonly file: RosterFile;
  readonly brand: 'roster';
}

/** Checks what no single field shows: indices 1..n, distinct keys and names, 2 <= t <= n. */
export function createRoster(body: RosterBody): Result<RosterFile, RosterError> {
  const fault = rosterFault(body);
  if (fault !== undefined) return err({ code: 'ROSTER_INVALID', message: fault });
  return ok({ body, digest: rosterDigest(body), signatures: [] });
}

export function rosterDigest(body: RosterBody): Uint8Array {
  return sha256(concat(utf8('keymoot.roster.v1\0'), canonicalBytes(rosterJson(body))));
}

/** Adds one party's signature; replaces an older one of the same party. */
export function signRoster(file: RosterFile, party: number, statementKey: Signer, transportKey: Signer): RosterFile {
  const transportProof = transportKey.sign(transportMessage(file.digest, party));
  const signature = signStatement(
    'keymoot.roster-signature.v1',
    { roster: file.digest, party, transportProof },
    signatureJson,
    statementKey,
  );
  const others = file.signatures.filter((other) => other.body.party !== party);
  return { ...file, signatures: [...others, signature].sort((a, b) => a.body.party - b.body.party) };
}

/** The parties that have not signed yet. */
export function unsignedParties(file: RosterFile): readonly Party[] {
  return file.body.parties.filter(
    (party) => !file.signatures.some((signature) => signature.body.party === party.index),
  );
}

/** Accepts the roster only when every party has signed. */
export function sealRoster(file: RosterFile): Result<Roster, RosterError> {
  const missing = unsignedParties(file);
  if (missing.length > 0) {
    const names = missing.map((party) => party.name).join(', ');
    return err({ code: 'ROSTER_UNSIGNED', message: `the roster still lacks the signature of ${names}` });
  }
  return ok({ ...file.body, digest: file.digest, file, brand: 'roster' });
}

/** Reads a roster file, checks every signature in it, but not yet that all have signed. */
export function parseRosterFile(json: Json): Result<RosterFile, RosterError> {
  const shape = read(ROSTER_FILE, json);
  if (!shape.ok) return err({ code: 'ROSTER_MALFORMED', message: describeProblem(shape.error) });
  const file = createRoster(shape.value.roster);
  if (!file.ok) return file;
  const signatures: Statement<RosterSignature>[] = [];
  for (const envelope of shape.value.signatures) {
    const signature = readSignature(file.value, envelope);
    if (!signature.ok) return signature;
    if (signatures.some((other) => other.body.party >= signature.value.body.party)) {
      return err({ code: 'ROSTER_MALFORMED', message: 'signatures must be one a party, in order of index' });
    }
    signatures.push(signature.value);
  }
  return ok({ ...file.value, signatures });
}

export function rosterFileJson(file: RosterFile): Json {
  return {
    roster: rosterJson(file.body),
    signatures: file.signatures.map((signature) => envelopeJson(signature.envelope)),
  };
}

export interface Fingerprint {
  /** Twelve words: 128 bits of the digest and a checksum. */
  readonly words: string;
  /** The same 128 bits as 39 decimal digits in groups. */
  readonly digits: string;
}

/** What people compare over another channel, all of it. */
export function fingerprint(digest: Uint8Array): Fingerprint {
  const bits = digest.subarray(0, 16);
  const digits = BigInt(`0x${toHex(bits)}`)
    .toString()
    .padStart(39, '0');
  return { words: entropyToMnemonic(bits, wordlist), digits: digits.match(/.{1,5}/g)?.join(' ') ?? digits };
}

/** Whether words or digits given by a person name this digest; case and spacing do not matter. */
export function matchesFingerprint(digest: Uint8Array, given: string): boolean {
  const own = fingerprint(digest);
  const normal = given.trim().toLowerCase().replace(/\s+/g, ' ');
  return normal === own.words || normal.replaceAll(' ', '') === own.digits.replaceAll(' ', '');
}

export function partyOf(roster: RosterBody, index: number): Party | undefined {
  return roster.parties.find((party) => party.index === index);
}

export function operatorOf(roster: RosterBody, name: string): Operator | undefined {
  return roster.operators.find((operator) => operator.name === name);
}

export interface MemberAddress {
  readonly transportKey: PublicKey;
  /** Empty for operators: they dial. */
  readonly addresses: readonly string[];
}

/** Every member by the name it has in statements: `party:1`, `operator:ops`. */
export function members(roster: RosterBody): ReadonlyMap<string, MemberAddress> {
  const found = new Map<string, MemberAddress>();
  for (const party of roster.parties) found.set(`party:${party.index}`, party);
  for (const { name, transportKey } of roster.operators) found.set(`operator:${name}`, { transportKey, addresses: [] });
  return found;
}

function readSignature(file: RosterFile, envelope: Envelope): Result<Statement<RosterSignature>, RosterError> {
  const opened = openStatement(envelope, 'keymoot.roster-signature.v1', SIGNATURE, (body) => {
    return partyOf(file.body, body.party)?.statementKey;
  });
  if (!opened.ok) return err({ code: 'ROSTER_MALFORMED', message: `a roster signature: ${opened.error.message}` });
  const { party, roster, transportProof } = opened.value.body;
  const transportKey = partyOf(file.body, party)?.transportKey;
  if (!equalBytes(roster, file.digest)) {
    return err({ code: 'ROSTER_MALFORMED', message: `party ${party} signed another roster` });
  }
  if (transportKey === undefined || !verify(transportKey, transportMessage(file.digest, party), transportProof)) {
    return err({ code: 'ROSTER_MALFORMED', message: `party ${party} does not prove that it holds its transport key` });
  }
  return opened;
}

function transportMessage(digest: Uint8Array, party: number): Uint8Array {
  return concat(utf8('keymoot.transport-proof.v1\0'), digest, Uint8Array.of(party));
}

function rosterFault(body: RosterBody): string | undefined {
  const n = body.parties.length;
  if (body.parties.some((party, i) => party.index !== i + 1)) return 'party indices must be 1..n in order';
  if (n < 2) return 'a roster needs two parties at least';
  if (body.threshold < 2 || body.threshold > n) return `the threshold must be between 2 and ${n}`;
  if (body.announcement > MAX_ANNOUNCEMENT) return 'changes of keys may be announced six days ahead at most';
  const keys = [
    ...body.parties.flatMap((party) => [party.statementKey, party.transportKey]),
    ...body.operators.flatMap((operator) => [operator.key, operator.transportKey]),
  ];
  if (new Set(keys.map(toHex)).size !== keys.length) return 'every key must belong to one party or operator only';
  if (!keys.every(isAcceptableKey)) return 'a key is not a usable Ed25519 public key';
  const names = [...body.parties, ...body.operators].map((member) => member.name);
  if (new Set(names).size !== names.length) return 'names must be distinct';
  if ((body.previous === undefined) !== (body.version === 1)) return 'only the first version has no previous roster';
  return undefined;
}

function rosterJson(body: RosterBody): Json {
  return {
    announcement: String(body.announcement),
    name: body.name,
    network: toHex(body.network),
    operators: body.operators.map((operator) => ({
      key: toHex(operator.key),
      name: operator.name,
      person: operator.person,
      transportKey: toHex(operator.transportKey),
    })),
    parties: body.parties.map((party) => ({
      addresses: party.addresses,
      index: String(party.index),
      name: party.name,
      person: party.person,
      statementKey: toHex(party.statementKey),
      transportKey: toHex(party.transportKey),
    })),
    ...(body.previous === undefined ? {} : { previous: toHex(body.previous) }),
    threshold: String(body.threshold),
    version: String(body.version),
  };
}

function signatureJson(body: RosterSignature): Json {
  return { party: String(body.party), roster: toHex(body.roster), transportProof: toHex(body.transportProof) };
}

/** Names of members and wallets: what a shell, a screen and a file name can carry. */
export const MEMBER_NAME: Reader<string> = text({ min: 1, max: 40, pattern: /^[a-z0-9][a-z0-9-]*$/ });
export const PERSON: Reader<string> = text({ min: 1, max: 80, pattern: /^[\x20-\x7e]+$/ });
const KEY: Reader<Uint8Array> = bytes({ length: 32 });

const PARTY: Reader<Party> = object({
  addresses: array(text({ min: 1, max: 120, pattern: /^\/[\x21-\x7e]+$/ }), { max: 8 }),
  index: integer({ min: 1, max: MAX_PARTIES }),
  name: MEMBER_NAME,
  person: PERSON,
  statementKey: KEY,
  transportKey: KEY,
});

const OPERATOR: Reader<Operator> = object({ key: KEY, name: MEMBER_NAME, person: PERSON, transportKey: KEY });

const ROSTER: Reader<RosterBody> = object<RosterBody>({
  announcement: integer({ max: MAX_ANNOUNCEMENT }),
  name: MEMBER_NAME,
  network: KEY,
  operators: array(OPERATOR, { min: 1, max: 16 }),
  parties: array(PARTY, { min: 2, max: MAX_PARTIES }),
  previous: optional(KEY),
  threshold: integer({ min: 2, max: MAX_PARTIES }),
  version: integer({ min: 1, max: 1_000_000 }),
});

const SIGNATURE: Reader<RosterSignature> = object({
  party: integer({ min: 1, max: MAX_PARTIES }),
  roster: KEY,
  transportProof: bytes({ length: 64 }),
});

const ROSTER_FILE: Reader<{ readonly roster: RosterBody; readonly signatures: readonly Envelope[] }> = object({
  roster: ROSTER,
  signatures: array(ENVELOPE, { max: MAX_PARTIES }),
});
