/** Looks that take time: one deadline, few at once, silence that counts, and nothing that holds up the node. */
import { describe, expect, it } from 'vitest';
import { OwnHistory } from '../../participant/observe/history.ts';
import type { Look, Sight } from '../../participant/observe/look.ts';
import { Observer } from '../../participant/observe/observer.ts';
import { type BookEntry, CeremonyBook } from '../../protocol/ceremony/book.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { NOW, propose, ROSTER, signingBody } from './../ceremony/support/members.ts';
import { policyFrom } from '../support/must.ts';
import { transfer, treasuryPolicy } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';

class TestClock implements Clock {
  readonly timers: { readonly milliseconds: number; readonly action: () => void }[] = [];
  now = (): number => NOW;
  monotonic = (): number => 0;
  after(milliseconds: number, action: () => void): () => void {
    const timer = { milliseconds, action };
    this.timers.push(timer);
    return () => {
      this.timers.splice(this.timers.indexOf(timer), 1);
    };
  }
}

const SEEN: Sight = { risks: [{ code: 'SIM_REVERTS', path: '0', detail: 'simulation: fails' }], lines: ['it fails'] };

function entryOf(label: string): BookEntry {
  const proposal = propose(signingBody({ payload: transfer(), nonce: vec(label, 16).slice(0, 16) }));
  const book = new CeremonyBook(ROSTER);
  book.apply(proposal.envelope, NOW);
  const entry = book.get(proposal.digest);
  if (entry === undefined) throw new Error('the proposal was not taken in');
  return entry;
}

function observerOf(
  looks: readonly Look[],
  clock: Clock = new TestClock(),
  policies: readonly object[] = [treasuryPolicy()],
) {
  const notes: string[] = [];
  const history = new OwnHistory({
    journal: () => ({ sessionOf: () => undefined }) as never,
    policies: () => policies.map(policyFrom),
    wallets: () => [],
  });
  const observer = new Observer({ history, looks, clock, note: (code) => notes.push(code), deadline: 7_000 });
  return { observer, notes };
}

/** A look that ends when the test says so. */
function controlled(name = 'simulation') {
  const asked: { readonly end: (sight: Sight) => void; readonly fail: () => void; readonly signal: AbortSignal }[] = [];
  const look: Look = {
    name,
    silence: { code: 'CHECKER_SILENT', path: '0', detail: `${name}: nothing` },
    look: (_, signal) =>
      new Promise((resolve, reject) => {
        asked.push({ end: resolve, fail: () => reject(new Error('broken')), signal });
      }),
  };
  return { asked, look };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const codes = (observer: Observer, entry: BookEntry): readonly string[] =>
  observer.observed(entry, NOW).map(({ code }) => code);

describe('an observer', () => {
  it('without looks is done at once', () => {
    const { observer } = observerOf([]);
    const entry = entryOf('a');
    expect(observer.isDone(entry)).toBe(true);
    expect(observer.lines(entry)).toEqual([]);
  });

  it('takes what only the own policy lists for a stranger', () => {
    const listed = treasuryPolicy();
    const others = {
      friends: (listed as { readonly addressLists: { readonly friends: unknown } }).addressLists.friends,
    };
    const common = { ...treasuryPolicy(), addressLists: others, rules: [] };
    const seen = (...policies: readonly object[]) =>
      codes(observerOf([], new TestClock(), policies).observer, entryOf('a'));
    expect(seen(listed)).not.toContain('FIRST_SEEN_DESTINATION');
    expect(seen(common)).toContain('FIRST_SEEN_DESTINATION');
    expect(seen(common, listed)).toContain('FIRST_SEEN_DESTINATION');
  });

  it('says what a look saw, and says that it is looking until then', async () => {
    const { asked, look } = controlled();
    const { observer } = observerOf([look]);
    const entry = entryOf('a');
    let calls = 0;
    expect(observer.isDone(entry)).toBe(false);
    observer.begin(entry, () => calls++);
    observer.begin(entry, () => calls++);
    await turn();
    expect(asked).toHaveLength(1);
    expect(observer.lines(entry)).toEqual(['simulation: still looking at it']);
    asked[0]?.end(SEEN);
    await turn();
    expect([observer.isDone(entry), calls]).toEqual([true, 1]);
    expect(codes(observer, entry)).toEqual(['SIM_REVERTS']);
    expect(observer.lines(entry)).toEqual(['it fails']);
    observer.begin(entry, () => calls++);
    await turn();
    expect([asked.length, calls]).toEqual([1, 1]);
  });

  it('takes a look that fails, or is late, as silent, and keeps what others saw', async () => {
    const clock = new TestClock();
    const [slow, quick, broken] = [controlled('checker'), controlled(), controlled('broken')];
    const { notes, observer } = observerOf([slow.look, quick.look, broken.look], clock);
    const entry = entryOf('a');
    observer.begin(entry, () => undefined);
    await turn();
    quick.asked[0]?.end(SEEN);
    broken.asked[0]?.fail();
    await turn();
    expect(observer.isDone(entry)).toBe(false);
    expect(clock.timers.map(({ milliseconds }) => milliseconds)).toEqual([7_000]);
    clock.timers[0]?.action();
    await turn();
    expect(slow.asked[0]?.signal.aborted).toBe(true);
    expect(observer.isDone(entry)).toBe(true);
    expect(observer.observed(entry, NOW)).toMatchObject([
      { code: 'CHECKER_SILENT', detail: 'checker: nothing; broken: nothing' },
      { code: 'SIM_REVERTS' },
    ]);
    expect(notes).toEqual(['LOOK_FAILED']);
    expect(clock.timers).toEqual([]);
  });

  it('looks at two proposals at a time', async () => {
    const { asked, look } = controlled();
    const { observer } = observerOf([look]);
    const entries = ['a', 'b', 'c'].map(entryOf);
    for (const entry of entries) observer.begin(entry, () => undefined);
    await turn();
    expect(asked).toHaveLength(2);
    asked[0]?.end(SEEN);
    await turn();
    expect(asked).toHaveLength(3);
  });

  it('that stops ends its looks and keeps nothing of them', async () => {
    const { asked, look } = controlled();
    const { observer } = observerOf([look]);
    const [entry, waiting] = [entryOf('a'), entryOf('b')];
    let calls = 0;
    observer.begin(entry, () => calls++);
    await turn();
    observer.begin(waiting, () => calls++);
    observer.stop();
    await turn();
    expect(asked[0]?.signal.aborted).toBe(true);
    expect([observer.isDone(entry), observer.isDone(waiting), calls]).toEqual([false, false, 0]);
  });
});
