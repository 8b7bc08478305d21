import { describe, expect, test } from 'vitest';
import { Run, type RunHost } from '../../../participant/ceremonies/run.ts';
import { Abort } from '../../../protocol/threshold/errors.ts';
import type { Effect, Machine } from '../../../protocol/threshold/rounds/round.ts';

type Step = Effect<string, string>;

const record = (name: string): Step => ({ kind: 'record', record: name });
const send = (name: string): Step => ({ kind: 'send', to: 2, envelope: new TextEncoder().encode(name) });
const abort = (check: string): Step => ({
  kind: 'abort',
  abort: new Abort({ failure: 'BENIGN', check, message: 'Over.' }),
});
const reason = new Abort({ failure: 'BENIGN', check: 'withdrawn', message: 'Withdrawn.' });

/** A machine that asks for what the test says, and a host that writes everything down. */
class Stage {
  readonly happened: string[] = [];
  readonly run: Run<string, string>;
  /** Lets a record become durable; records wait while this is set. */
  readonly waiting: (() => void)[] = [];
  hold = false;
  failRecord = false;
  #stopped = false;

  constructor(steps: readonly (readonly Step[])[]) {
    const script = [...steps];
    const next = (): readonly Step[] => (this.#stopped ? [] : (script.shift() ?? []));
    const machine: Machine<string, string> = {
      accepts: () => true,
      start: next,
      deliver: next,
      stop: () => {
        this.#stopped = true;
        this.happened.push('wiped');
      },
    };
    const host: RunHost<string, string> = {
      record: async (name) => {
        if (this.hold) await new Promise<void>((resolve) => void this.waiting.push(resolve));
        if (this.failRecord) throw new Error('the disk is full');
        this.happened.push(`recorded ${name}`);
      },
      send: async (_, envelope) => void this.happened.push(`sent ${new TextDecoder().decode(envelope)}`),
      done: async (output) => void this.happened.push(`done ${output}`),
      aborted: async (why) => void this.happened.push(`aborted ${why.check}`),
      failed: (error) => void this.happened.push(`failed ${error instanceof Error ? error.message : ''}`),
    };
    this.run = new Run(machine, host);
  }

  async quiet(): Promise<readonly string[]> {
    for (let i = 0; i < 30; i++) await Promise.resolve();
    return this.happened;
  }
}

describe('a run', () => {
  test('sends nothing before the record it rests on is durable', async () => {
    const stage = new Stage([[record('r2'), send('R2'), record('r3'), send('R3')]]);
    stage.hold = true;
    stage.run.start();
    expect(await stage.quiet()).toEqual([]);
    stage.waiting.shift()?.();
    expect(await stage.quiet()).toEqual(['recorded r2', 'sent R2']);
    stage.waiting.shift()?.();
    expect(await stage.quiet()).toEqual(['recorded r2', 'sent R2', 'recorded r3', 'sent R3']);
  });

  test('takes one message after the other, in order', async () => {
    const stage = new Stage([[record('a'), send('A')], [send('B')], [{ kind: 'done', output: 'signature' }]]);
    stage.hold = true;
    stage.run.start();
    stage.run.deliver(new Uint8Array());
    stage.run.deliver(new Uint8Array());
    expect(await stage.quiet()).toEqual([]);
    stage.waiting.shift()?.();
    expect(await stage.quiet()).toEqual(['recorded a', 'sent A', 'sent B', 'done signature']);
  });

  test('cancelled while a record is written, sends nothing more', async () => {
    const stage = new Stage([[record('r3'), send('R3')], [send('late')]]);
    stage.hold = true;
    stage.run.start();
    await stage.quiet();
    stage.run.cancel(reason);
    stage.run.deliver(new Uint8Array());
    expect(await stage.quiet()).toEqual(['wiped']);
    stage.waiting.shift()?.();
    expect(await stage.quiet()).toEqual(['wiped', 'recorded r3', 'aborted withdrawn']);
    expect(stage.run.accepts(new Uint8Array(32))).toBe(false);
  });

  test('that aborts still says what it has to say, then is over', async () => {
    const stage = new Stage([[abort('K7'), record('ban'), send('complaint')], [send('late')]]);
    stage.run.start();
    stage.run.deliver(new Uint8Array());
    expect(await stage.quiet()).toEqual(['recorded ban', 'sent complaint', 'wiped', 'aborted K7']);
  });

  test('whose record fails sends nothing and is over', async () => {
    const stage = new Stage([[record('r2'), send('R2')], [send('late')]]);
    stage.failRecord = true;
    stage.run.start();
    stage.run.deliver(new Uint8Array());
    expect(await stage.quiet()).toEqual(['wiped', 'failed the disk is full']);
  });

  test('is cancelled once, and not at all after its end', async () => {
    const stage = new Stage([[send('R1')]]);
    stage.run.start();
    stage.run.cancel(reason);
    stage.run.cancel(reason);
    await stage.quiet();
    expect(stage.happened.filter((item) => item.startsWith('aborted'))).toEqual(['aborted withdrawn']);
    const over = new Stage([[abort('S4')]]);
    over.run.start();
    await over.quiet();
    over.run.cancel(reason);
    expect(await over.quiet()).toEqual(['wiped', 'aborted S4']);
  });

  test('closed without a word says nothing', async () => {
    const stage = new Stage([[send('R1')]]);
    stage.run.start();
    stage.run.close();
    expect(await stage.quiet()).toEqual(['wiped']);
  });
});
