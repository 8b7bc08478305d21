/** Runs `keymoot policy …` in this process and keeps what it prints. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policy } from '../../participant/tools/main.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One at a time: the streams of this process are taken over while it runs. */
export async function run(...args: readonly string[]): Promise<Ran> {
  const streams = [process.stdout, process.stderr] as const;
  const written = ['', ''];
  const before = streams.map((stream) => stream.write.bind(stream));
  for (const [i, stream] of streams.entries()) {
    stream.write = (text: unknown): boolean => {
      written[i] += String(text);
      return true;
    };
  }
  try {
    const code = await policy(args);
    return { code, out: written[0] ?? '', err: written[1] ?? '' };
  } finally {
    for (const [i, stream] of streams.entries()) stream.write = before[i] ?? stream.write;
  }
}

export async function directory(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'keymoot-tools-'));
}

export async function file(home: string, name: string, content: unknown): Promise<string> {
  const path = join(home, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

export function repository(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}
