/** The known answers of PAIRSETUP, test/vectors/pair-setup-mirror.json, made by test/vectors/reference. */
import { readFileSync } from 'node:fs';
import type { TagVector } from './keygen-vectors.ts';
import type { KnownMessage } from './protocol-vectors.ts';

interface MirrorVectors {
  readonly hashToPoint: {
    readonly dst: string;
    readonly cases: readonly { readonly message: string; readonly point: string }[];
  };
  readonly tags: readonly TagVector[];
  readonly i: number;
  readonly j: number;
  readonly epochId: string;
  readonly rosterDigest: string;
  readonly pairSid: string;
  readonly mirrorSid: string;
  readonly zs: string;
  readonly conf: string;
  readonly pairEpoch: string;
  readonly Delta: Readonly<Record<string, string>>;
  readonly bothSha256: Readonly<Record<string, string>>;
  readonly chosenSha256: Readonly<Record<string, string>>;
  readonly mirror: Readonly<Record<'bodySha256' | 'U_0' | 'xh' | 'th_0' | 'K0_0' | 'K1_0', string>> & {
    readonly negative: readonly { readonly case: string; readonly bodySha256: string; readonly result: boolean }[];
  };
  readonly messages: Readonly<Record<string, Readonly<Record<string, KnownMessage>>>>;
}

export const mirrorVectors = JSON.parse(
  readFileSync(new URL('../../vectors/pair-setup-mirror.json', import.meta.url), 'utf8'),
) as MirrorVectors;
