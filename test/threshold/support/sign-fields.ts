/** Where the fields of the signing messages lie, and small changes to them. */
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import { ORDER, scalarToBytes } from '../../../protocol/threshold/math/scalar.ts';
import { toNumber } from './labels.ts';

export type Kind = 'commit' | 'ote' | 'open' | 'mul' | 'share';

export interface Layout {
  readonly broadcast: boolean;
  readonly round: 1 | 2 | 3;
  readonly bytes: number;
  readonly fields: Readonly<Record<string, readonly [from: number, length: number]>>;
}

export const LAYOUTS: Readonly<Record<Kind, Layout>> = {
  commit: { broadcast: true, round: 1, bytes: 64, fields: { nonce: [0, 32], com: [32, 32] } },
  ote: {
    broadcast: false,
    round: 1,
    bytes: 10_832,
    fields: { bh: [0, 32], pairEpoch: [32, 32], u: [64, 8704], xh: [8768, 16], th: [8784, 2048] },
  },
  open: {
    broadcast: true,
    round: 2,
    bytes: 130,
    fields: { echo: [0, 32], noncePoint: [32, 33], blind: [65, 32], keyPoint: [97, 33] },
  },
  mul: {
    broadcast: false,
    round: 2,
    bytes: 40_130,
    fields: {
      bh: [0, 32],
      at: [32, 39_936],
      eta: [39_968, 32],
      mu: [40_000, 32],
      gu: [40_032, 33],
      gv: [40_065, 33],
      psi: [40_098, 32],
    },
  },
  share: { broadcast: true, round: 3, bytes: 64, fields: { u: [0, 32], w: [32, 32] } },
};

export type Change = (body: Uint8Array) => Uint8Array;

function at(kind: Kind, field: string): readonly [number, number] {
  const place = LAYOUTS[kind].fields[field];
  if (place === undefined) throw new Error(`${kind} has no field ${field}`);
  return place;
}

function edited(body: Uint8Array, edit: (copy: Uint8Array) => void): Uint8Array {
  const copy = body.slice();
  edit(copy);
  return copy;
}

/** The lowest bit of the last byte of the field. */
export function flip(kind: Kind, field: string): Change {
  const [from, length] = at(kind, field);
  return (body) =>
    edited(body, (copy) => {
      copy[from + length - 1] = (copy[from + length - 1] ?? 0) ^ 1;
    });
}

/** The field's first 32 bytes as a number, plus one. */
export function increase(kind: Kind, field: string): Change {
  const [from] = at(kind, field);
  return (body) => edited(body, (copy) => copy.set(scalarToBytes(toNumber(copy.subarray(from, from + 32)) + 1n), from));
}

/** The field's first bytes replaced. */
export function set(kind: Kind, field: string, value: Uint8Array): Change {
  const [from] = at(kind, field);
  return (body) => edited(body, (copy) => copy.set(value, from));
}

/** The point of the field plus G. */
export function shift(kind: Kind, field: string): Change {
  const [from] = at(kind, field);
  return (body) =>
    edited(body, (copy) => {
      const point = curve.decode(copy.slice(from, from + 33));
      if (point !== undefined) copy.set(curve.encode(curve.add(point, curve.generator)), from);
    });
}

export const shorten: Change = (body) => body.slice(0, -1);
export const lengthen: Change = (body) => new Uint8Array([...body, 0]);

/** q itself: the smallest scalar that is not canonical. */
export function orderBytes(): Uint8Array {
  const low = scalarToBytes(ORDER - 1n);
  low[31] = (low[31] ?? 0) + 1;
  return low;
}
