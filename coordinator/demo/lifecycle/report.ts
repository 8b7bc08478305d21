/** The lifecycle's result for scripts: what each step left of the key, and where the evidence lies. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { DemoWallet } from '../stage.ts';
import type { Cast } from './cast.ts';

/** One change of the key, or one signature with it. */
export interface Step {
  readonly name: string;
  readonly ceremony: string;
  readonly ending: string;
  /** Address of the wallet as the step found or left it: always the same. */
  readonly address: string;
  readonly roster: number;
  readonly threshold: number;
  /** Names of the parties of that roster, in order of index. */
  readonly parties: readonly string[];
  /** Indices of those who signed, dealt or received. */
  readonly signers: readonly number[];
  /** After a step that changed the key. */
  readonly epoch?: string | undefined;
  /** After a signature. */
  readonly rawTransaction?: string | undefined;
  readonly transactionHash?: string | undefined;
  readonly transcript: string;
}

/** Writes the report. Unless the homes are kept, rosters and transcripts are copied beside it to outlive them. */
export async function writeLifecycle(path: string, cast: Cast, wallet: DemoWallet): Promise<void> {
  const file = resolve(path);
  const place = cast.kept ? undefined : await copies(`${file}.transcripts`, cast);
  const at = (source: string): string => (place === undefined ? source : join(place, basename(source)));
  const [first] = cast.rosters;
  const report = {
    story: 'lifecycle',
    roster: at(first?.file ?? ''),
    fingerprint: first?.fingerprint ?? '',
    rosters: cast.rosters.map((roster) => at(roster.file)),
    wallet: { address: wallet.address, publicKey: wallet.publicKey },
    steps: cast.steps.map((step) => ({ ...step, transcript: at(step.transcript) })),
    refused: cast.refused.map((entry) => ({ ...entry, transcript: at(entry.transcript) })),
    transcripts: cast.transcripts.map(at),
  };
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

async function copies(place: string, cast: Cast): Promise<string> {
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  const sources = [...cast.rosters.map((roster) => roster.file), ...cast.transcripts];
  for (const source of sources) await copyFile(source, join(place, basename(source)));
  return place;
}
