/**
 * Other people's libraries, measured in the same run and in turns with ours. None of them may be a dependency of this
 * project (their licences are non-commercial), so they are loaded by path from a directory outside the tree; README.md
 * in this folder says what must be there. Nothing here runs unless `--peer-dir` is given.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { BugError } from '../protocol/common/errors.ts';

export interface PeerKey {
  readonly shares: readonly unknown[];
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
}

export interface Peer {
  readonly name: string;
  readonly version: string;
  /** Everything up to the point at which any quorum could sign, base OT included. */
  dkg(t: number, n: number): PeerKey;
  refresh(key: PeerKey, t: number, n: number): PeerKey;
  sign(key: PeerKey, t: number, n: number, digest: Uint8Array): unknown;
  /** Checks what `sign` gave. @returns bytes that one party has sent, a broadcast counted once for each receiver */
  checked(key: PeerKey, digest: Uint8Array, signed: unknown): number;
}

type Call = (...args: readonly unknown[]) => unknown;

interface Library {
  readonly version: string;
  readonly dkg: Call;
  readonly refresh: Call;
  readonly sign: Call;
}

/** What the adapters of `dir` offer; those that are not installed are told to `missing` and left out. */
export async function loadPeers(dir: string, missing: (name: string, why: string) => void): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  for (const [name, load] of ADAPTERS) {
    try {
      peers.push(peerOf(name, await load(join(dir, 'peers'))));
    } catch (error) {
      missing(name, error instanceof Error ? error.message : 'unknown');
    }
  }
  return peers;
}

const ADAPTERS: readonly (readonly [string, (dir: string) => Promise<unknown>])[] = [
  ['vultisig', async (dir) => (await load(dir, 'vultisig.mjs'))['vultisig']],
  [
    'dkls-ll',
    async (dir) => {
      const make = (await load(dir, 'dkls-ll.mjs'))['make'];
      return isCall(make) ? make('dkls-ll-latest', 'SignSession', { name: 'dkls-ll' }) : undefined;
    },
  ],
];

async function load(dir: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(join(dir, file)).href)) as Readonly<Record<string, unknown>>;
}

function peerOf(name: string, found: unknown): Peer {
  const library = libraryOf(name, found);
  return {
    name,
    version: library.version,
    dkg: (t, n) => keyOf(name, library.dkg(n, t)),
    refresh: (key, t, n) => keyOf(name, library.refresh(key.shares, n, t)),
    sign: (key, t, n, digest) => library.sign(key.shares, t, digest, n, key.publicKey),
    checked(key, digest, signed) {
      const result = fieldsOf(signed);
      const { r, s } = result;
      if (!(r instanceof Uint8Array && s instanceof Uint8Array)) throw unusable(name, 'gave no signature');
      const signature = new Uint8Array(64);
      signature.set(r);
      signature.set(s, 32);
      const isValid = secp256k1.verify(signature, digest, key.publicKey, { prehash: false, lowS: false });
      if (!isValid) throw unusable(name, 'gave a signature that does not verify');
      return ['load', 'pre', 'online'].reduce((sum, part) => {
        const bytes = fieldsOf(result[part])['bytes'];
        return sum + (typeof bytes === 'number' ? bytes : 0);
      }, 0);
    },
  };
}

function libraryOf(name: string, found: unknown): Library {
  const { version, dkg, refresh, sign } = fieldsOf(found);
  if (isCall(dkg) && isCall(refresh) && isCall(sign))
    return { version: typeof version === 'string' ? version : '?', dkg, refresh, sign };
  throw unusable(name, 'has not the functions dkg, refresh and sign');
}

function keyOf(name: string, made: unknown): PeerKey {
  const { shares, pub } = fieldsOf(made);
  if (Array.isArray(shares) && pub instanceof Uint8Array)
    return { shares: shares as readonly unknown[], publicKey: pub };
  throw unusable(name, 'made no key');
}

function isCall(value: unknown): value is Call {
  return typeof value === 'function';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function unusable(name: string, what: string): BugError {
  return new BugError('BENCH_PEER', `the peer library ${name} ${what}`);
}
