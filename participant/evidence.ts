/**
 * Evidence this party has against others, one file a guilt, for its key holder: `HOME/evidence/CEREMONY-ACCUSED-CHECK.json`.
 * Judged before it is written. A file marked for members shows a share of a dead run and goes to members of that run only.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../proto/rest/directory.ts';
import type { Found } from '../protocol/ceremony/evidence/gather.ts';
import { type Guilt, judgeEvidence } from '../protocol/ceremony/evidence/judge.ts';
import type { Roster } from '../protocol/ceremony/roster.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import { canonicalBytes, parseCanonical } from '../protocol/common/canonical-json.ts';

export interface KeptEvidence {
  readonly path: string;
  readonly guilt: Guilt;
}

/** A corrupt member is caught once; a directory beyond this is not read, for people to look at. */
const MAX_LISTED = 200;

export class EvidenceStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Durable when it resolves; returns the path. The same guilt of one ceremony is written once more, not twice. */
  async keep(proposal: Uint8Array, { document, guilt }: Found): Promise<string> {
    await ensureDirectory(this.#directory);
    const name = [shortName(proposal), guilt.accused.replace(':', '-'), guilt.check].join('-');
    const path = join(this.#directory, `${name}.json`);
    await writeFileAtomic(path, canonicalBytes(document));
    return path;
  }

  /** Everything kept that still proves something under this roster. */
  async list(roster: Roster): Promise<readonly KeptEvidence[]> {
    const names = await readdir(this.#directory).catch((): readonly string[] => []);
    const kept: KeptEvidence[] = [];
    for (const name of [...names].sort().slice(0, MAX_LISTED)) {
      const path = join(this.#directory, name);
      const document = parseCanonical(new Uint8Array(await readFile(path).catch(() => Buffer.alloc(0))));
      const judged = document.ok ? judgeEvidence(document.value, roster, { members: true }) : document;
      if (judged.ok) kept.push({ path, guilt: judged.value });
    }
    return kept;
  }
}
