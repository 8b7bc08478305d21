/** A clock that cannot be right holds signings back, and gives them free when it is. */
import { describe, expect, test } from 'vitest';
import { ClockWatch } from '../../../participant/limits/clock-watch.ts';
import type { BookEntry } from '../../../protocol/ceremony/book.ts';
import { CLOCK_TOLERANCE, newCeremony } from '../../../protocol/ceremony/lifecycle.ts';
import { keygenBody, NOW, propose } from '../../ceremony/support/members.ts';

const HOUR = 3600;

function watching(latest = 0) {
  const time = { wall: NOW, monotonic: 5_000 };
  const clock = { now: () => time.wall, monotonic: () => time.monotonic, after: () => () => undefined };
  const watch = new ClockWatch({ clock, latest: () => latest });
  /** Time passes, for both clocks alike. */
  const pass = (seconds: number): void => {
    time.wall += seconds;
    time.monotonic += seconds * 1000;
  };
  return { time, watch, pass, code: () => watch.doubt()?.code };
}

const entryOf = (proposal = propose()): BookEntry => ({ ceremony: newCeremony(proposal), starts: [] });

test('a clock that nobody contradicts holds nothing back', () => {
  const { watch, pass, code } = watching(NOW + CLOCK_TOLERANCE);
  pass(10 * HOUR);
  watch.heard('party:2', NOW + 10 * HOUR);
  watch.heard('party:3', NOW + 10 * HOUR - 5);
  pass(HOUR);
  expect(code()).toBeUndefined();
  expect([watch.hold(entryOf()), watch.veto(), watch.mayContinue()]).toEqual([undefined, undefined, true]);
});

describe.each([HOUR, -HOUR])('moved by %s s', (jump) => {
  test('while the node runs: held back until the clock is right again', () => {
    const { time, watch, pass, code } = watching();
    pass(100);
    time.wall += jump;
    expect(code()).toBe('CLOCK_JUMPED');
    expect(watch.hold(entryOf())?.code).toBe('CLOCK_JUMPED');
    // Changes of keys are decided by people, and are the way out of much.
    expect(watch.hold(entryOf(propose(keygenBody())))).toBeUndefined();
    time.wall -= jump;
    expect(code()).toBeUndefined();
  });

  test('while the node runs: most peers contradict it, and one of them alone does not', () => {
    const { time, watch, code } = watching();
    watch.heard('party:2', NOW);
    watch.heard('party:3', NOW + 2);
    time.wall += jump;
    expect(code()).toBe('CLOCK_DIFFERS');
    watch.gone('party:2');
    expect(code()).toBe('CLOCK_JUMPED');
  });

  test('before the node started: most peers contradict it', () => {
    const { watch, code } = watching();
    watch.heard('party:2', NOW + jump);
    expect(code()).toBeUndefined();
    watch.heard('party:3', NOW + jump);
    expect(code()).toBe('CLOCK_DIFFERS');
    // They were wrong, and say so when they connect again.
    watch.heard('party:3', NOW + 1);
    expect(code()).toBeUndefined();
  });

  test('one liar among them neither holds the node back nor hides that the others differ', () => {
    const lied = watching();
    lied.watch.heard('party:2', NOW);
    lied.watch.heard('party:3', NOW + jump);
    expect(lied.code()).toBeUndefined();
    const hidden = watching();
    for (const party of [2, 3, 4]) hidden.watch.heard(`party:${party}`, NOW + jump);
    hidden.watch.heard('party:5', NOW - 5 * jump);
    expect(hidden.code()).toBe('CLOCK_DIFFERS');
  });

  test('to where most peers are: it goes on', () => {
    const { time, watch, code } = watching();
    time.wall += jump;
    expect(code()).toBe('CLOCK_JUMPED');
    watch.heard('party:2', NOW + jump);
    expect(code()).toBe('CLOCK_JUMPED');
    watch.heard('party:3', NOW + jump + 3);
    expect(code()).toBeUndefined();
  });
});

test('a time that was written down before is not gone behind', () => {
  expect(watching(NOW + CLOCK_TOLERANCE + 1).code()).toBe('CLOCK_BACK');
  const { time, code } = watching(NOW + HOUR);
  expect(code()).toBe('CLOCK_BACK');
  time.wall += HOUR - CLOCK_TOLERANCE;
  time.monotonic += (HOUR - CLOCK_TOLERANCE) * 1000;
  expect(code()).toBeUndefined();
});

test('exactly a minute is what clocks may differ', () => {
  const { time, code } = watching();
  time.wall += CLOCK_TOLERANCE;
  expect(code()).toBeUndefined();
  time.wall += 1;
  expect(code()).toBe('CLOCK_JUMPED');
});
