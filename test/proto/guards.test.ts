import { describe, expect, it } from 'vitest';
import { WireError } from '../../proto/errors.ts';
import { MUXER_ANSWERS_BURST, NEGOTIATION_NAMES, WINDOW_BYTES } from '../../proto/limits.ts';
import { Bucket } from '../../proto/link/bucket.ts';
import { MuxerWatch } from '../../proto/link/muxer-guard.ts';
import { NegotiationBounds } from '../../proto/link/negotiation-guard.ts';
import { QuietLog } from '../../proto/link/quiet-log.ts';

const DATA = 0;
const WINDOW_UPDATE = 1;
const PING = 2;
const SYN = 1;
const ACK = 2;

function header(type: number, flags: number, stream: number, length: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint8(1, type);
  view.setUint16(2, flags);
  view.setUint32(4, stream);
  view.setUint32(8, length);
  return bytes;
}

function feed(watch: MuxerWatch, bytes: Uint8Array, chunk: number): string {
  for (let at = 0; at < bytes.length; at += chunk) {
    const error = watch.push(bytes.subarray(at, at + chunk), 0);
    if (error !== undefined) return error.code;
  }
  return 'PASSED';
}

describe('MuxerWatch', () => {
  it.each([1, 5, 12, 1000])('follows data frames in chunks of %i bytes', (chunk) => {
    const payload = new Uint8Array(500).fill(0xff);
    const honest = Buffer.concat([header(DATA, SYN, 1, 500), payload, header(DATA, 0, 1, 500), payload]);
    expect(feed(new MuxerWatch(0), honest, chunk)).toBe('PASSED');
    const hostile = Buffer.concat([honest, header(DATA, 0, 1, 0xffffffff)]);
    expect(feed(new MuxerWatch(0), hostile, chunk)).toBe('MUXER_OVERSIZE');
  });

  it('allows a whole window and not a byte more', () => {
    expect(feed(new MuxerWatch(0), header(DATA, 0, 1, WINDOW_BYTES), 12)).toBe('PASSED');
    expect(feed(new MuxerWatch(0), header(DATA, 0, 1, WINDOW_BYTES + 1), 12)).toBe('MUXER_OVERSIZE');
  });

  it('counts what has to be answered', () => {
    for (const frame of [header(PING, SYN, 0, 1), header(WINDOW_UPDATE, SYN, 3, 0), header(DATA, SYN, 3, 0)]) {
      const watch = new MuxerWatch(0);
      for (let count = 0; count < MUXER_ANSWERS_BURST; count++) expect(watch.push(frame, 0)).toBeUndefined();
      expect(watch.push(frame, 0)).toMatchObject({ code: 'MUXER_FLOOD' });
    }
  });

  it('does not count answers and windows', () => {
    const watch = new MuxerWatch(0);
    for (let count = 0; count < 1000; count++) {
      expect(watch.push(header(PING, ACK, 0, count), 0)).toBeUndefined();
      expect(watch.push(header(WINDOW_UPDATE, 0, 1, 1000), 0)).toBeUndefined();
    }
  });
});

describe('NegotiationBounds', () => {
  it('reads one and two bytes', () => {
    expect(new NegotiationBounds().options().lengthDecoder(Uint8Array.of(19))).toBe(19);
    expect(new NegotiationBounds().options().lengthDecoder(Uint8Array.of(0x80, 0x01))).toBe(128);
    expect(() => new NegotiationBounds().options().lengthDecoder(Uint8Array.of(0x80))).toThrow(RangeError);
  });

  it('refuses a third byte', () => {
    expect(() => new NegotiationBounds().options().lengthDecoder(Uint8Array.of(0x80, 0x80))).toThrow(WireError);
  });

  it('refuses endless names', () => {
    const bounds = new NegotiationBounds();
    const decode = bounds.options().lengthDecoder;
    for (let count = 0; count < NEGOTIATION_NAMES; count++) expect(decode(Uint8Array.of(3))).toBe(3);
    expect(() => decode(Uint8Array.of(3))).toThrow(WireError);
    expect(bounds.violation).toMatchObject({ code: 'NEGOTIATION_NAMES' });
  });
});

describe('Bucket', () => {
  it('gives a burst, then a rate', () => {
    const bucket = new Bucket(2, 10, 0);
    expect([bucket.take(1, 0), bucket.take(1, 0), bucket.take(1, 0)]).toEqual([true, true, false]);
    expect([bucket.take(1, 99), bucket.take(1, 100), bucket.take(1, 100)]).toEqual([false, true, false]);
    expect([bucket.take(2, 10_000), bucket.take(1, 10_000)]).toEqual([true, false]);
  });

  it('says how long a debt lasts', () => {
    const bucket = new Bucket(10, 100, 0);
    expect([bucket.owe(10, 0), bucket.owe(5, 0), bucket.owe(0, 50)]).toEqual([0, 50, 0]);
  });
});

describe('QuietLog', () => {
  it('tells the same thing once in a while, and other things at once', () => {
    const told: string[] = [];
    const log = new QuietLog(({ code, detail }) => told.push(`${code} ${detail}`));
    for (let count = 0; count < 100; count++) log.tell('DIAL_FAILED', 'a', 'refused');
    log.tell('DIAL_FAILED', 'b', 'refused');
    log.tell('PEER_SILENT', 'a', 'nothing');
    expect(told).toEqual(['DIAL_FAILED a: refused', 'DIAL_FAILED b: refused', 'PEER_SILENT a: nothing']);
  });

  it('remembers a bounded number of things', () => {
    const told: string[] = [];
    const log = new QuietLog(({ detail }) => told.push(detail));
    for (let count = 0; count < 100_000; count++) log.tell('INBOUND_FAILED', `stranger ${count}`, 'no');
    expect(told.length).toBeLessThan(1000);
  });
});
