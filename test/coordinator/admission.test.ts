import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Admission, MAX_RUNNING } from '../../coordinator/admission.ts';

/** Asks, and asks again whenever it is called, as the coordinator does. */
function run(names: readonly string[], endsAfter: (begun: readonly string[]) => string): readonly string[] {
  const admission = new Admission();
  const begun: string[] = [];
  const running = new Set<string>();
  const ask = (name: string): void => {
    if (!admission.enter(name)) return;
    begun.push(name);
    running.add(name);
  };
  for (const name of names) ask(name);
  while (running.size > 0) {
    expect(running.size).toBeLessThanOrEqual(MAX_RUNNING);
    const over = endsAfter([...running]);
    running.delete(over);
    admission.leave(over);
    for (let name = admission.next(); name !== undefined; name = admission.next()) ask(name);
  }
  return begun;
}

it('all begin, in the order in which they asked, whoever ends first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.array(fc.nat(), { minLength: 1 }), (count, picks) => {
      const names = Array.from({ length: count }, (_, i) => `ceremony ${i}`);
      let turn = 0;
      const begun = run(names, (running) => {
        turn += 1;
        return running[(picks[turn % picks.length] ?? 0) % running.length] ?? '';
      });
      expect(begun).toEqual(names);
    }),
  );
});

it('whoever asks again while it waits keeps its place', () => {
  const admission = new Admission();
  for (let i = 0; i < MAX_RUNNING; i++) expect(admission.enter(`running ${i}`)).toBe(true);
  for (const name of ['first', 'second', 'first']) expect(admission.enter(name)).toBe(false);
  expect(admission.next()).toBeUndefined();
  admission.leave('running 3');
  expect(admission.next()).toBe('first');
});

it('whoever ends while it waits takes nobody’s turn', () => {
  const admission = new Admission();
  for (let i = 0; i < MAX_RUNNING; i++) admission.enter(`running ${i}`);
  admission.enter('withdrawn');
  admission.enter('next');
  admission.leave('withdrawn');
  admission.leave('running 0');
  expect(admission.next()).toBe('next');
  expect(admission.enter('next')).toBe(true);
  expect(admission.enter('one more')).toBe(false);
});
