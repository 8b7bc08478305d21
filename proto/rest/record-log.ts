/**
 * What a node was told and said, in order: an append-only file of dated, tagged byte strings. Participants and the
 * coordinator rebuild their view of all ceremonies from it after a restart.
 */
import { AppendLog } from './append-log.ts';
import type { Disk } from './disk.ts';
import { StoreError } from './errors.ts';

export interface LogRecord {
  /** Unix seconds at which the node took it in; rules about time are replayed with this value. */
  readonly at: number;
  /** 1 to 32 characters. */
  readonly kind: string;
  readonly bytes: Uint8Array;
}

export interface RecordLogOptions {
  readonly path: string;
  /** 16 random bytes that name a new file. */
  readonly id: Uint8Array;
  readonly replay: (record: LogRecord) => void;
  readonly disk?: Disk;
}

const AT_BYTES = 8;

export class RecordLog {
  readonly #log: AppendLog;

  private constructor(log: AppendLog) {
    this.#log = log;
  }

  static async open(options: RecordLogOptions): Promise<RecordLog> {
    const log = await AppendLog.open({
      path: options.path,
      id: options.id,
      ...(options.disk === undefined ? {} : { disk: options.disk }),
      replay: (payload, offset) => options.replay(decode(payload, offset)),
    });
    return new RecordLog(log);
  }

  /** 32 bytes that name everything recorded so far. */
  get head(): Uint8Array {
    return this.#log.head;
  }

  /** Durable when it resolves. */
  append(record: LogRecord): Promise<void> {
    return this.#log.append(encode(record));
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

function encode(record: LogRecord): Uint8Array {
  const kind = new TextEncoder().encode(record.kind);
  const bytes = new Uint8Array(AT_BYTES + 1 + kind.length + record.bytes.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(record.at), false);
  bytes[AT_BYTES] = kind.length;
  bytes.set(kind, AT_BYTES + 1);
  bytes.set(record.bytes, AT_BYTES + 1 + kind.length);
  return bytes;
}

function decode(payload: Uint8Array, offset: number): LogRecord {
  const length = payload[AT_BYTES];
  const start = AT_BYTES + 1 + (length ?? 0);
  if (length === undefined || length === 0 || payload.length < start) {
    throw new StoreError('JOURNAL_CORRUPT', `The record at offset ${offset} has no kind.`);
  }
  const at = new DataView(payload.buffer, payload.byteOffset, AT_BYTES).getBigUint64(0, false);
  const kind = new TextDecoder().decode(payload.subarray(AT_BYTES + 1, start));
  return { at: Number(at), kind, bytes: payload.slice(start) };
}
