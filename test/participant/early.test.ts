import { expect, it } from 'vitest';
import { EarlyEnvelopes } from '../../participant/ceremonies/early.ts';
import { vec } from '../threshold/support/labels.ts';

const sid = (i: number): Uint8Array => vec(`session ${i}`);

it('keeps the first messages of a hundred sessions of one member', () => {
  const early = new EarlyEnvelopes();
  for (let i = 0; i < 100; i++) {
    early.hold(sid(i), new Uint8Array(171).fill(i), 'party:2');
    early.hold(sid(i), new Uint8Array(10_939).fill(i), 'party:2');
  }
  for (let i = 0; i < 100; i++) expect(early.release(sid(i)).map((bytes) => bytes.length)).toEqual([171, 10_939]);
  expect(early.release(sid(0))).toEqual([]);
});

it('a flood pushes out only its own', () => {
  const early = new EarlyEnvelopes();
  early.hold(sid(1), Uint8Array.of(1), 'party:2');
  early.hold(sid(1), Uint8Array.of(3), 'party:3');
  for (let i = 0; i < 10_000; i++) early.hold(sid(2), new Uint8Array(48 << 10), 'party:3');
  const bytes = early.release(sid(2)).reduce((sum, envelope) => sum + envelope.length, 0);
  expect(bytes).toBeLessThanOrEqual(4 << 20);
  expect(early.release(sid(1))).toEqual([Uint8Array.of(1)]);
});
