/** `keymoot inspect --batch`: one line of JSON for each line, in order, however long the file is. */
import { MAX_INSPECT_LENGTH } from '../../protocol/payload/inspect-json.ts';
import { type Inspection, type Inspector, inspectText, refused } from '../report/inspection.ts';
import type { Io } from '../report/io.ts';
import { jsonLine } from '../report/json-line.ts';
import { type Chunks, linesOf, type Text } from '../report/lines.ts';
import { Progress } from '../report/progress.ts';

export interface BatchIo extends Io {
  /**
   * Waits until standard output takes more, so that a slow reader slows the batch down and does not fill the memory;
   * `false`: nobody reads any longer. Absent: it always takes more.
   */
  readonly ready?: () => boolean | Promise<boolean>;
}

export interface Batch {
  /** As it is called in messages. */
  readonly name: string;
  readonly chunks: Chunks;
  /** Bytes of all lines; `undefined`: nobody knows yet. */
  readonly size: number | undefined;
  /** Whether to tell on standard error how far it is. */
  readonly progress: boolean;
}

/** @returns 0 all lines were read (whatever was refused), 1 the file or whoever reads the output went away */
export async function inspectBatch(batch: Batch, inspector: Inspector, io: BatchIo): Promise<number> {
  const progress = new Progress(batch.size);
  const say = (line: string | undefined): void => {
    if (batch.progress && line !== undefined) io.stderr(line);
  };
  try {
    for await (const line of linesOf(counted(batch.chunks, progress), MAX_INSPECT_LENGTH)) {
      const { ok, json } = inspectLine(line, inspector);
      io.stdout(jsonLine(json));
      say(progress.add(ok, performance.now()));
      if (io.ready !== undefined && !(await io.ready())) return 1;
    }
  } catch {
    io.stderr(`REFUSED FILE_UNREADABLE: ${batch.name} cannot be read`);
    return 1;
  }
  say(progress.summary(performance.now()));
  return 0;
}

function inspectLine(line: Text, inspector: Inspector): Inspection {
  if (line.ok) return inspectText(line.text, inspector);
  return line.why === 'too-large'
    ? refused('PAYLOAD_TOO_LARGE', `the line has more than ${MAX_INSPECT_LENGTH} bytes`)
    : refused('TEXT_NOT_UTF8', 'the line is not UTF-8 text');
}

async function* counted(chunks: Chunks, progress: Progress): Chunks {
  for await (const chunk of chunks) {
    progress.read(chunk.length);
    yield chunk;
  }
}
