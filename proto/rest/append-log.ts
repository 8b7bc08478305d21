/**
 * An append-only file: what `append` acknowledged is there after any crash, and nothing else is believed.
 *
 *   file   = "KMLOG" 0x00 0x00 0x01 (8) || log id (16, random) || SHA-256 of those 24, first 8 bytes || record*
 *   record = length (u32, big-endian) || check (8) || payload (length) || link (32)
 *   check  = first 8 bytes of SHA-256("head" || previous link || length)
 *   link   = SHA-256("link" || previous link || length || payload); the first previous link is SHA-256 of the 32 bytes
 *            before the first record
 *
 * The head has its own check so that a damaged length cannot pass for a torn end. A tail counts as torn, and is cut off,
 * only if the last record is cut short by the end of the file, or ends in zeros where its link belongs (a file system may
 * make a file longer before it writes the contents). Anything else that does not verify is `JOURNAL_CORRUPT`: the file is
 * left as it is for a person to look at.
 */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { writeFileAtomic } from './atomic-file.ts';
import { type Disk, type DiskFile, nodeDisk } from './disk.ts';
import { StoreError, systemCode } from './errors.ts';

const MAGIC: Uint8Array = new Uint8Array([0x4b, 0x4d, 0x4c, 0x4f, 0x47, 0, 0, 1]);
const FILE_HEAD = 32;
const HEAD = 12;
const LINK = 32;

/** Longest payload, in bytes: far above any record of ours, far below what would hurt a reader. */
export const MAX_RECORD: number = 1 << 20;

export interface AppendLogOptions {
  readonly path: string;
  /** 16 random bytes that name a new file; unused when the file exists. */
  readonly id: Uint8Array;
  /** Called once for every record, oldest first, before `open` resolves. What it throws, `open` throws. */
  readonly replay: (payload: Uint8Array, offset: number) => void;
  readonly disk?: Disk;
}

export class AppendLog {
  readonly path: string;
  /** The random name the file was created with, 16 bytes. */
  readonly id: Uint8Array;
  /** Bytes of a torn last record that were cut off at opening; 0 normally. */
  readonly tornBytes: number;
  readonly #file: DiskFile;
  #end: number;
  #previous: Uint8Array;
  #queue: Promise<void> = Promise.resolve();
  #stopped: StoreError | undefined;

  private constructor(path: string, file: DiskFile, tail: Tail) {
    this.path = path;
    this.id = tail.id;
    this.tornBytes = tail.torn;
    this.#file = file;
    this.#end = tail.end;
    this.#previous = tail.previous;
  }

  /** Opens or creates the file and replays it. The caller holds the home lock. */
  static async open(options: AppendLogOptions): Promise<AppendLog> {
    const disk = options.disk ?? nodeDisk;
    const file = await openOrCreate(options, disk);
    try {
      const tail = await replay(file, options);
      if (tail.torn > 0) {
        await file.truncate(tail.end);
        await file.sync();
      }
      return new AppendLog(options.path, file, tail);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Link of the last record: names the whole history before it. 32 bytes. */
  get head(): Uint8Array {
    return this.#previous.slice();
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#end;
  }

  /**
   * Resolves once the record is on stable storage; calls are served in order. After a failed write the log refuses all
   * further use with `JOURNAL_STOPPED`: what reached the disk is unknown until the next opening.
   */
  append(payload: Uint8Array): Promise<void> {
    if (payload.length > MAX_RECORD) {
      return Promise.reject(new StoreError('RECORD_TOO_LARGE', `A record of ${payload.length} bytes is too large.`));
    }
    const bytes = payload.slice();
    const done = this.#queue.then(() => this.#write(bytes));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Waits for pending appends, then closes; later appends are refused. */
  async close(): Promise<void> {
    const pending = this.#queue;
    this.#queue = pending.then(() => {
      this.#stopped ??= new StoreError('JOURNAL_STOPPED', `${this.path} is closed.`);
    });
    await this.#queue;
    await this.#file.close();
  }

  async #write(payload: Uint8Array): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const record = encodeRecord(this.#previous, payload);
    try {
      await this.#file.write(record, this.#end);
      await this.#file.sync();
    } catch (error) {
      const reason = systemCode(error);
      this.#stopped = new StoreError('JOURNAL_STOPPED', `${this.path} stopped after a failed write (${reason}).`);
      throw new StoreError('WRITE_FAILED', `Could not append to ${this.path}: ${reason}.`, { cause: error });
    }
    this.#previous = record.slice(record.length - LINK);
    this.#end += record.length;
  }
}

interface Tail {
  readonly id: Uint8Array;
  readonly end: number;
  readonly previous: Uint8Array;
  readonly torn: number;
}

async function openOrCreate(options: AppendLogOptions, disk: Disk): Promise<DiskFile> {
  try {
    return await disk.openFile(options.path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') {
      throw new StoreError('READ_FAILED', `Could not open ${options.path}: ${systemCode(error)}.`, { cause: error });
    }
  }
  // Created whole, so that a head cut short is always damage and never a crash.
  await writeFileAtomic(options.path, fileHead(options.id), disk);
  await disk.syncDirectory(dirname(options.path));
  return await disk.openFile(options.path);
}

function fileHead(id: Uint8Array): Uint8Array {
  if (id.length !== 16) throw new RangeError('a log id has 16 bytes');
  const named = join(MAGIC, id);
  return join(named, sha256(named).subarray(0, 8));
}

async function replay(file: DiskFile, options: AppendLogOptions): Promise<Tail> {
  const size = await file.size();
  const head = await file.read(0, FILE_HEAD);
  const id = head.slice(8, 24);
  if (head.length < FILE_HEAD || !equal(head, fileHead(id))) {
    throw corrupt(options.path, 0, 'the head of the file is damaged');
  }
  const reader = new Window(file, size);
  let previous = sha256(head);
  let offset = FILE_HEAD;
  while (offset < size) {
    const found = await readRecord(reader, previous, offset, size, options.path);
    if (found === undefined) return { id, end: offset, previous, torn: size - offset };
    options.replay(found.payload, offset);
    previous = found.link;
    offset += HEAD + found.payload.length + LINK;
  }
  return { id, end: offset, previous, torn: 0 };
}

/** The record at `offset`, `undefined` for a torn last one; throws `JOURNAL_CORRUPT`. */
async function readRecord(
  reader: Window,
  previous: Uint8Array,
  offset: number,
  size: number,
  path: string,
): Promise<{ readonly payload: Uint8Array; readonly link: Uint8Array } | undefined> {
  if (size - offset < HEAD) return undefined;
  const head = await reader.read(offset, HEAD);
  const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
  if (!equal(head, encodeHead(previous, length))) {
    if (await isZeroToEnd(reader, offset, size)) return undefined;
    throw corrupt(path, offset, 'the length of a record does not match its check');
  }
  if (length > MAX_RECORD) throw corrupt(path, offset, 'a record is longer than any may be');
  if (size - offset < HEAD + length + LINK) return undefined;
  const payload = await reader.read(offset + HEAD, length);
  const link = await reader.read(offset + HEAD + length, LINK);
  if (equal(link, linkOf(previous, head.subarray(0, 4), payload))) return { payload, link };
  if (link.every((byte) => byte === 0) && size === offset + HEAD + length + LINK) return undefined;
  throw corrupt(path, offset, 'a record does not match its checksum');
}

async function isZeroToEnd(reader: Window, from: number, size: number): Promise<boolean> {
  // A crash leaves at most one unfinished record, so a longer run of zeros is damage.
  if (size - from > HEAD + MAX_RECORD + LINK) return false;
  return (await reader.read(from, size - from)).every((byte) => byte === 0);
}

function encodeRecord(previous: Uint8Array, payload: Uint8Array): Uint8Array {
  const head = encodeHead(previous, payload.length);
  return join(head, payload, linkOf(previous, head.subarray(0, 4), payload));
}

function encodeHead(previous: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return join(bytes, sha256(new TextEncoder().encode('head'), previous, bytes).subarray(0, 8));
}

function linkOf(previous: Uint8Array, length: Uint8Array, payload: Uint8Array): Uint8Array {
  return sha256(new TextEncoder().encode('link'), previous, length, payload);
}

function corrupt(path: string, offset: number, what: string): StoreError {
  return new StoreError(
    'JOURNAL_CORRUPT',
    `${path} is damaged at offset ${offset}: ${what}. Nothing was changed; restore it or move to a new identity.`,
  );
}

/** Sequential reads through one large buffer. */
class Window {
  readonly #file: DiskFile;
  readonly #size: number;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    if (position < this.#start || position + length > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(length, MAX_RECORD), this.#size - position);
      this.#bytes = await this.#file.read(position, wanted);
      this.#start = position;
    }
    const from = position - this.#start;
    const slice = this.#bytes.slice(from, from + length);
    if (slice.length < length) throw new StoreError('READ_FAILED', 'A file became shorter while it was read.');
    return slice;
  }
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
