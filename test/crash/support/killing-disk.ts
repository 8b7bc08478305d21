/** The real disk, which kills its own process at one chosen write, as `kill -9` does: nothing more is said or written. */
import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import { type Disk, type DiskFile, nodeDisk } from '../../../proto/rest/disk.ts';
import { parseEnvelope } from '../../../protocol/ceremony/statement.ts';

/** Which write is the last one: the nth from now, or the first whose bytes contain a word. */
export interface KillOrder {
  /** Counts only writes to files whose path contains this. */
  readonly file?: string;
  readonly write?: number;
  readonly record?: string;
  /** Before the write, in the middle of it, or when it is on disk. */
  readonly phase: 'before' | 'half' | 'after';
}

/**
 * After which durable step: the nth from now, or the first (or nth) of this name. A step is a record that is on disk, a
 * file that was replaced, one that was removed; `journal acked`, `log statement verdict`, `sealed/key-record/* replaced`.
 */
export type StepOrder = { readonly step: number } | { readonly after: string; readonly nth?: number };

export class KillingDisk implements Disk {
  /** Called with how many writes there were since the last order. */
  order: KillOrder | undefined;
  stepOrder: StepOrder | undefined;
  writes = 0;
  /** Durable ones since the last order, by name. */
  steps: string[] = [];
  readonly readFile = nodeDisk.readFile;
  readonly makeDirectory = nodeDisk.makeDirectory;
  readonly list = nodeDisk.list;
  readonly syncDirectory = nodeDisk.syncDirectory;

  async createFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.createFile(path), path);
  }

  async openFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.openFile(path), path);
  }

  async rename(from: string, to: string): Promise<void> {
    await nodeDisk.rename(from, to);
    this.#stepped(`${nameOf(to)} ${TEMPORARY.test(from) ? 'replaced' : 'put aside'}`);
  }

  async remove(path: string): Promise<void> {
    await nodeDisk.remove(path);
    this.#stepped(`${nameOf(path)} removed`);
  }

  /** Counts from here on. */
  arm(order: KillOrder | StepOrder): void {
    this.writes = 0;
    this.steps = [];
    this.order = 'phase' in order ? order : undefined;
    this.stepOrder = 'phase' in order ? undefined : order;
  }

  #stepped(name: string): void {
    this.steps.push(name);
    const { stepOrder, steps } = this;
    if (stepOrder === undefined) return;
    const isLast =
      'step' in stepOrder
        ? steps.length === stepOrder.step
        : steps.filter((step) => step === stepOrder.after).length === (stepOrder.nth ?? 1) && name === stepOrder.after;
    if (!isLast) return;
    // Into the log of the process, which is a file.
    writeSync(2, `${new Date().toISOString()} KILLED after step ${steps.length}, ${name}\n`);
    die();
  }

  #wrap(file: DiskFile, path: string): DiskFile {
    let dying = false;
    let step: string | undefined;
    return {
      size: () => file.size(),
      read: (position, length) => file.read(position, length),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
      write: async (bytes, position) => {
        const counts = this.order?.file === undefined || path.includes(this.order.file);
        if (counts) this.writes += 1;
        const phase = counts && this.#isLast(bytes) ? this.order?.phase : undefined;
        if (phase === 'before') die();
        if (phase === 'half') {
          await file.write(bytes.subarray(0, bytes.length >> 1), position);
          die();
        }
        dying = phase === 'after';
        await file.write(bytes, position);
        step = TEMPORARY.test(path) ? undefined : `${nameOf(path)} ${contentsOf(path, bytes)}`;
      },
      sync: async () => {
        await file.sync();
        if (dying) die();
        const done = step;
        step = undefined;
        if (done !== undefined) this.#stepped(done);
      },
    };
  }

  #isLast(bytes: Uint8Array): boolean {
    const { order, writes } = this;
    if (order === undefined) return false;
    if (order.write !== undefined) return writes === order.write;
    return order.record !== undefined && Buffer.from(bytes).includes(order.record);
  }
}

const TEMPORARY = /\.tmp-[0-9]+-[0-9]+$/;

/** Inside the home, without the names that are different each time. */
function nameOf(path: string): string {
  return path.replace(/^.*\/party-[0-9]+\//, '').replace(/[0-9a-f]{16,}([.-][0-9a-f]+)*/g, '*');
}

/** Bytes in an append-only file before the payload of a record, and after it. */
const RECORD_HEAD = 12;
const RECORD_LINK = 32;
/** Of a log record, before its kind. */
const LOG_HEAD = 8;

/** What kind of record this is: the journal is JSON, the log has a kind and mostly a statement. */
function contentsOf(path: string, bytes: Uint8Array): string {
  const payload = bytes.subarray(RECORD_HEAD, bytes.length - RECORD_LINK);
  if (basename(path) === 'journal') return /"type":"([a-z0-9-]+)"/.exec(new TextDecoder().decode(payload))?.[1] ?? '';
  const length = payload[LOG_HEAD] ?? 0;
  const kind = new TextDecoder().decode(payload.subarray(LOG_HEAD + 1, LOG_HEAD + 1 + length));
  const envelope = kind === 'statement' ? parseEnvelope(payload.subarray(LOG_HEAD + 1 + length)) : undefined;
  return envelope?.ok === true ? `${kind} ${envelope.value.type.split('.')[1] ?? ''}` : kind;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
