/** A directory with a roster file and transcripts, as an auditor gets them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from '../../auditor/commands/audit.ts';
import { type RosterFile, rosterFileJson } from '../../protocol/ceremony/roster.ts';

export class Desk {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'keymoot-audit-'));

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }

  roster(file: RosterFile, name = 'roster.json'): string {
    return this.write(name, JSON.stringify(rosterFileJson(file), null, 2));
  }

  clear(): void {
    rmSync(this.directory, { recursive: true });
  }
}

export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs `keymoot audit …`. */
export async function run(...args: readonly string[]): Promise<Printed> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await audit(args, { stdout: (line) => out.push(line), stderr: (line) => error.push(line) });
  return { code, out: out.join('\n'), error: error.join('\n') };
}
