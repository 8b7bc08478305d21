/** The demo's result for scripts: what was signed, what was refused and why, and where the evidence lies. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { THRESHOLD } from './names.ts';
import type { DemoWallet, Stage } from './stage.ts';

export interface Signed {
  readonly ceremony: string;
  readonly kind: 'evm-transaction' | 'evm-typed-data';
  /**
   * A transaction that the wallet signed: the payload itself, or, for typed data, the one by which the wallet took its
   * signature over the document to the chain.
   */
  readonly rawTransaction: string;
  readonly transactionHash: string;
  readonly transcript: string;
  /** Typed data only: the digest that was signed and the wallet's signature over it, 65 bytes. */
  readonly digest?: string;
  readonly signature?: string;
}

export interface Refused {
  readonly case: string;
  readonly ceremony: string;
  /** As the parties signed them. */
  readonly reasons: readonly Reason[];
  readonly transcript: string;
}

export interface Reason {
  readonly party: number;
  readonly code: string;
  readonly detail: string;
}

/** All reasons in the refusals of a finished ceremony. */
export function reasonsOf(ceremony: JsonValue): readonly Reason[] {
  return listOf(memberOf(ceremony, 'refusals')).flatMap((refusal) =>
    listOf(memberOf(refusal, 'reasons')).map((reason) => ({
      party: Number(field(refusal, 'party')),
      code: field(reason, 'code'),
      detail: field(reason, 'detail'),
    })),
  );
}

/** Writes the report. Unless the homes are kept, roster and transcripts are copied beside it to outlive them. */
export async function writeReport(path: string, stage: Stage, wallet: DemoWallet): Promise<void> {
  const file = resolve(path);
  const place = stage.kept ? undefined : await copies(`${file}.transcripts`, stage);
  const at = (source: string): string => (place === undefined ? source : join(place, basename(source)));
  const { holders, operator, chain } = stage;
  const report = {
    roster: at(stage.roster),
    wallet: {
      address: wallet.address,
      publicKey: wallet.publicKey,
      threshold: THRESHOLD,
      parties: holders.length,
    },
    signed: stage.signed.map((entry) => ({ ...entry, transcript: at(entry.transcript) })),
    refused: stage.refused.map((entry) => ({ ...entry, transcript: at(entry.transcript) })),
    ...(stage.kept
      ? {
          homes: Object.fromEntries([...holders, operator].map((member) => [basename(member.home), member.home])),
          rpc: chain?.rpc ?? '',
        }
      : {}),
  };
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

async function copies(place: string, stage: Stage): Promise<string> {
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  for (const source of [stage.roster, ...stage.transcripts]) await copyFile(source, join(place, basename(source)));
  return place;
}
