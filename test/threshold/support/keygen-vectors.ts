/** KEYGEN of test/vectors/protocol-vectors.json (2-of-3 and 3-of-5), and the labels of its inputs. */
import { readFileSync } from 'node:fs';
import { fromHex } from '../../../protocol/common/bytes.ts';
import { scalarToBytes } from '../../../protocol/threshold/math/scalar.ts';
import { vec, vscalar } from './labels.ts';

export interface EnvelopeVector {
  readonly type: string;
  readonly round: number;
  readonly from: number;
  readonly to: number;
  readonly bodySha256: string;
  readonly eh: string;
  readonly sig: string;
  readonly body?: string;
}

type Rounds = 'R1' | 'R2' | 'R3' | 'R4' | 'ACK' | 'ACTIVE';

export type DealerVector = Readonly<Record<'identityKey' | 'cc' | 'hc' | 'com' | 'sharePok', string>> &
  Readonly<Record<Rounds, EnvelopeVector>> & {
    readonly pid: number;
    readonly newIndex: number;
    readonly a: readonly string[];
    readonly A: readonly string[];
    readonly pok: readonly string[];
    readonly R3p2p: readonly EnvelopeVector[];
  };

export type KeygenVector = Readonly<
  Record<
    | 'rosterDigest'
    | 'proposalDigest'
    | 'walletId'
    | 'pList'
    | 'cfgHash'
    | 'sessionId'
    | 'sid'
    | 'echo2'
    | 'Q'
    | 'chainCode'
    | 'ccPub'
    | 'digest'
    | 'epochId',
    string
  >
> & {
  readonly t: number;
  readonly n: number;
  readonly pidToIndex: Readonly<Record<string, number>>;
  readonly dealers: readonly DealerVector[];
  readonly x: Readonly<Record<string, string>>;
  readonly X: Readonly<Record<string, string>>;
  readonly F: readonly string[];
};

export type ReshareMemberVector = Readonly<Record<'R1' | 'R2' | 'R3' | 'R4' | 'ACK', EnvelopeVector>> & {
  readonly pid: number;
  readonly com: string;
  readonly A: readonly string[];
  readonly R3p2p: readonly EnvelopeVector[];
};

export type ReshareVector = Readonly<
  Record<'rosterDigest' | 'hX' | 'pList' | 'cfgHash' | 'sessionId' | 'sid' | 'echo2' | 'digest' | 'epochId', string>
> & {
  readonly t: number;
  readonly dealersPid: readonly number[];
  readonly pidToOld: Readonly<Record<string, number>>;
  readonly pidToNew: Readonly<Record<string, number>>;
  readonly parties: readonly ReshareMemberVector[];
  readonly x: Readonly<Record<string, string>>;
  readonly X: Readonly<Record<string, string>>;
  readonly F: readonly string[];
};

/** REMOVE or IMPORT of test/vectors/lifecycle.json. */
export type LifecycleVector = Readonly<
  Record<'hX' | 'pList' | 'cfgHash' | 'sessionId' | 'sid' | 'ccPub' | 'digest' | 'epochId', string>
> & {
  readonly t: number;
  readonly members: readonly {
    readonly pid: number;
    readonly deals: boolean;
    readonly old: number;
    readonly new: number;
    readonly messages: Readonly<Partial<Record<Rounds, EnvelopeVector>>>;
    readonly shares: readonly EnvelopeVector[];
  }[];
  readonly x: Readonly<Record<string, string>>;
  readonly X: Readonly<Record<string, string>>;
  readonly F: readonly string[];
};

export interface TagVector {
  readonly tag: string;
  readonly fn: 'H' | 'h' | 'hash_to_curve';
  readonly sid?: string;
  readonly fields?: readonly (string | { readonly label: string; readonly len: number })[];
  readonly w?: string;
  readonly out: string;
  readonly scalar?: string;
  readonly dst?: string;
  readonly msg?: string;
  readonly note?: string;
}

interface Vectors {
  readonly tags: { readonly vectors: readonly TagVector[]; readonly tagPrefix: string };
  readonly elements: {
    readonly path: { readonly empty: string; readonly p0_7: string };
    readonly S: { readonly s1_3: string };
    readonly lagrange: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly hashToCurve: readonly { readonly msg: string; readonly dst: string; readonly out: string }[];
  };
  readonly keygen: KeygenVector;
  readonly sign35: { readonly keygen: KeygenVector };
  readonly envelope: {
    readonly seed: string;
    readonly publicKey: string;
    readonly cases: readonly Readonly<Record<'name' | 'bytes' | 'eh' | 'sig', string>>[];
  };
  readonly reshare: ReshareVector;
}

export const keygenVectors = JSON.parse(
  readFileSync(new URL('../../vectors/protocol-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

export const lifecycleVectors = JSON.parse(
  readFileSync(new URL('../../vectors/lifecycle.json', import.meta.url), 'utf8'),
) as Readonly<Record<'remove' | 'import', LifecycleVector>>;

/** The random draws of one dealer in the order in which a KEYGEN machine makes them. */
export function dealerDraws(prefix: string, pid: number, threshold: number): readonly Uint8Array[] {
  const label = `${prefix}/dealer/${pid}`;
  const each = (name: string) =>
    Array.from({ length: threshold }, (_, k) => scalarDraw(vscalar(`${label}/${name}${k}`)));
  return [
    ...each('a'),
    vec(`${label}/cc`),
    vec(`${label}/blind`),
    vec(`${label}/nonce`),
    ...each('pok'),
    scalarDraw(vscalar(`${label}/sharepok`)),
  ];
}

/** The same for a member of a RESHARE, REMOVE or IMPORT: the constant and the chain code are given. */
export function inheritedDraws(
  prefix: string,
  member: { readonly pid: number; readonly deals: boolean; readonly holds: boolean },
  threshold: number,
): readonly Uint8Array[] {
  const label = `${prefix}/party/${member.pid}`;
  const nonce = vec(`${label}/nonce`);
  const own = member.holds ? [scalarDraw(vscalar(`${label}/sharepok`))] : [];
  if (!member.deals) return [nonce, ...own];
  const each = (name: string, from: number) =>
    Array.from({ length: threshold - from }, (_, k) => scalarDraw(vscalar(`${label}/${name}${from + k}`)));
  return [...each('a', 1), vec(`${label}/blind`), nonce, ...each('pok', 0), ...own];
}

/** 48 bytes that a machine reduces to exactly this scalar. */
export function scalarDraw(scalar: bigint): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes.set(scalarToBytes(scalar), 16);
  return bytes;
}

/** Bytes of hex that a vector file guarantees. */
export function hexBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`not hex: ${hex.slice(0, 20)}`);
  return bytes;
}
