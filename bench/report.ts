/** What a benchmark says: medians of samples taken in one run, with spread and environment, never a claim about time. */
import { cpus } from 'node:os';

export interface Measurement {
  readonly name: string;
  readonly params: Readonly<Record<string, number | string>>;
  readonly unit: string;
  /** The median. */
  readonly value: number;
  readonly samples: readonly number[];
}

/** A group of measurements that share their preparation. */
export interface Bench {
  /** Names it may produce; `--only PREFIX` skips it if none begins so. */
  readonly names: readonly string[];
  run(record: (measurement: Measurement) => void): Promise<void>;
}

export function measurement(
  name: string,
  params: Measurement['params'],
  unit: string,
  samples: readonly number[],
): Measurement {
  return { name, params, unit, value: quantile(samples, 0.5), samples };
}

/** Milliseconds of each of `count` runs of `action`, after `warmup` that do not count. */
export async function timed(
  count: number,
  warmup: number,
  action: () => void | Promise<void>,
): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count + warmup; i++) {
    const before = performance.now();
    await action();
    if (i >= warmup) samples.push(performance.now() - before);
  }
  return samples;
}

export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}

export function environment(): string {
  return `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`;
}

export function line({ name, params, samples, unit, value }: Measurement): string {
  const shown = Object.entries(params)
    .map(([key, item]) => `${key}=${item}`)
    .join(' ');
  const [least, p95] = [quantile(samples, 0), quantile(samples, 0.95)];
  const spread = samples.length > 1 ? `  min ${round(least)}  p95 ${round(p95)}  n ${samples.length}` : '';
  return `${name.padEnd(28)}${shown.padEnd(28)}${round(value).padStart(12)} ${unit}${spread}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
