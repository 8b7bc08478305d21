/** What a benchmark says: medians of samples taken in one run, with spread and environment, never a claim about time. */
import { cpus, loadavg } from 'node:os';

export interface Measurement {
  readonly name: string;
  readonly params: Readonly<Record<string, number | string>>;
  readonly unit: string;
  /** The median. */
  readonly value: number;
  readonly samples: readonly number[];
}

export function measurement(
  name: string,
  params: Measurement['params'],
  unit: string,
  samples: readonly number[],
): Measurement {
  return { name, params, unit, value: median(samples), samples };
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}

/** Figures of two machines, or of a busy and an idle one, are not to be compared: so each run says where it ran. */
export function environment(now: Date): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const load = loadavg()[0]?.toFixed(2) ?? '?';
  return `Node ${process.version}, ${cpus().length} x ${processor}, load ${load}, ${now.toISOString()}`;
}

export function line({ name, params, samples, unit, value }: Measurement): string {
  const spread =
    samples.length > 1
      ? `  min ${round(quantile(samples, 0))}  p90 ${round(quantile(samples, 0.9))}  n ${samples.length}`
      : '';
  return `${name.padEnd(30)}${paramsText(params).padEnd(28)}${round(value).padStart(10)} ${unit}${spread}`;
}

/**
 * Ours against every peer's: each `threshold/WHAT` beside the `peer/NAME/WHAT` of the same size and run. Empty without
 * peers.
 */
export function ratios(results: readonly Measurement[]): readonly string[] {
  return results.flatMap((peer) => {
    const [kind, name, what] = peer.name.split('/');
    if (kind !== 'peer' || name === undefined || what === undefined) return [];
    return OURS.flatMap((own) => {
      const isAlike = own === what || (what === 'dkg' && (own === 'ready' || own === 'refresh'));
      if (!isAlike) return [];
      const ours = results.find(
        (result) => result.name === `threshold/${own}` && paramsText(result.params) === paramsText(peer.params),
      );
      if (ours === undefined) return [];
      const pair = `${own.padEnd(12)}${paramsText(peer.params).padEnd(12)}against ${name} ${what}`;
      return [
        `${pair.padEnd(52)}${round(ours.value)} : ${round(peer.value)} ${peer.unit}`.padEnd(82) +
          (ours.value / peer.value).toFixed(3),
      ];
    });
  });
}

/**
 * A peer's DKG includes the base OT of every pair, and so does its refresh: `ready` and `refresh` are what compares with
 * them.
 */
const OURS: readonly string[] = ['sign', 'sign-bytes', 'ready', 'refresh'];

function paramsText(params: Measurement['params']): string {
  return Object.entries(params)
    .map(([key, item]) => `${key}=${item}`)
    .join(' ');
}

export function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
