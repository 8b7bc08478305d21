import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { PairSetup } from '../../protocol/threshold/pair-setup/setup.ts';
import { GRACE, MAX_AGE, PairStore, RENEWAL_AGE } from '../../protocol/threshold/pair-setup/store.ts';
import { dealPair } from './support/dealer.ts';
import { vec } from './support/labels.ts';

const EPOCH = vec('store/epoch');

function dealt(label: string, peer = 2): PairSetup {
  const side = dealPair(EPOCH, 1, peer, label).get(1);
  if (side === undefined) throw new Error('no setup');
  return side.setup;
}

function store(maxAge?: number): PairStore {
  return new PairStore({ identityKey: () => undefined, verify, ...(maxAge === undefined ? {} : { maxAge }) });
}

const pack = new Uint8Array(0);

describe('live pair setups', () => {
  it('a session gets the newest ACTIVE one, and a PREPARED one only if there is no other', () => {
    const pairs = store();
    const [a, b] = [dealt('a/'), dealt('b/')];
    expect(pairs.lease(EPOCH, 2, 0)).toBeUndefined();
    pairs.prepare({ setup: a, pack, active: false }, 0);
    expect(pairs.lease(EPOCH, 2, 0)?.setup).toBe(a);
    expect(pairs.activate(EPOCH, 2, a.pairEpoch, 0)).toBe(true);
    pairs.prepare({ setup: b, pack, active: false }, 1);
    expect(pairs.lease(EPOCH, 2, 1)?.setup).toBe(a);
    expect(pairs.activate(EPOCH, 2, b.pairEpoch, 1)).toBe(true);
    expect(pairs.lease(EPOCH, 2, 1)?.setup).toBe(b);
    expect(pairs.activate(EPOCH, 2, vec('unknown'), 1)).toBe(false);
    expect(pairs.lease(EPOCH, 3, 1)).toBeUndefined();
    expect(pairs.lease(vec('another epoch'), 2, 1)).toBeUndefined();
  });

  it('a replaced setup is overwritten when its last session ends, or after the grace period', () => {
    for (const finish of [true, false]) {
      const pairs = store();
      const [a, b] = [dealt('a/'), dealt('b/')];
      pairs.prepare({ setup: a, pack, active: true }, 0);
      const lease = pairs.lease(EPOCH, 2, 0);
      pairs.prepare({ setup: b, pack, active: true }, 10);
      expect(a.wiped).toBe(false);
      if (finish) {
        lease?.release();
        lease?.release();
        pairs.sweep(11);
      } else {
        pairs.sweep(10 + GRACE - 1);
        expect(a.wiped).toBe(false);
        pairs.sweep(10 + GRACE);
      }
      expect(a.wiped).toBe(true);
      expect(pairs.get(a.pairEpoch)).toBeUndefined();
      expect(pairs.get(b.pairEpoch)).toBe(b);
    }
  });

  it('takes no session after the maximal age, and is renewed before', () => {
    for (const [maxAge, renewal] of [
      [undefined, RENEWAL_AGE],
      [600, 500],
      [2 * MAX_AGE, RENEWAL_AGE],
    ] as const) {
      const pairs = store(maxAge);
      const limit = Math.min(maxAge ?? MAX_AGE, MAX_AGE);
      expect(pairs.wantsRenewal(EPOCH, 2, 0)).toBe(true);
      const setup = dealt('a/');
      pairs.prepare({ setup, pack, active: true }, 0);
      expect(pairs.wantsRenewal(EPOCH, 2, renewal - 1)).toBe(false);
      expect(pairs.wantsRenewal(EPOCH, 2, renewal)).toBe(true);
      const lease = pairs.lease(EPOCH, 2, limit - 1);
      expect(lease).toBeDefined();
      expect(pairs.lease(EPOCH, 2, limit)).toBeUndefined();
      expect(setup.wiped).toBe(false);
      lease?.release();
      pairs.sweep(limit);
      expect(setup.wiped).toBe(true);
    }
  });

  it('burning one peer leaves the others, and wipes all of that peer', () => {
    const pairs = store();
    const [a, b, other] = [dealt('a/'), dealt('b/'), dealt('a/', 3)];
    for (const setup of [a, b, other]) pairs.prepare({ setup, pack, active: true }, 0);
    const views = [b.sender.delta, b.sender.seeds, b.receiverSeeds, b.zeroSeed];
    pairs.burn(EPOCH, 2);
    expect([a.wiped, b.wiped, other.wiped]).toEqual([true, true, false]);
    for (const view of views) expect(view.every((byte) => byte === 0)).toBe(true);
    expect(pairs.lease(EPOCH, 2, 0)).toBeUndefined();
    expect(pairs.lease(EPOCH, 3, 0)?.setup).toBe(other);
  });

  it('a session gets the setup that the peer still has, if that is known', () => {
    const pairs = store();
    const [a, b] = [dealt('a/'), dealt('b/')];
    pairs.prepare({ setup: a, pack, active: true }, 0);
    expect(pairs.isReady(EPOCH, 2, 0)).toBe(true);
    pairs.suspect(EPOCH, 2);
    expect([pairs.isReady(EPOCH, 2, 0), pairs.has(EPOCH, 2, 0)]).toEqual([false, true]);
    pairs.prepare({ setup: b, pack, active: false }, 1);
    expect(pairs.packsFor(EPOCH, 2, 1)).toHaveLength(2);
    // The peer names the older one: it never had the newer.
    expect(pairs.activate(EPOCH, 2, a.pairEpoch, 1)).toBe(true);
    expect(pairs.lease(EPOCH, 2, 1)?.setup).toBe(a);
    expect(pairs.isReady(EPOCH, 2, 1)).toBe(true);
    expect(pairs.activate(EPOCH, 2, b.pairEpoch, 2)).toBe(true);
    expect(pairs.lease(EPOCH, 2, 2)?.setup).toBe(b);
    expect(pairs.isReady(EPOCH, 3, 2)).toBe(false);
  });

  it('tells the host of a setup that the peer names and that is not here', () => {
    const heard: string[] = [];
    const unknown = (epochId: Uint8Array, peer: number): void => void heard.push(`${epochId === EPOCH}/${peer}`);
    const pairs = new PairStore({ identityKey: () => undefined, verify, unknown });
    const a = dealt('a/');
    pairs.prepare({ setup: a, pack, active: false }, 0);
    pairs.activate(EPOCH, 2, a.pairEpoch, 0);
    expect(heard).toEqual([]);
    pairs.activate(EPOCH, 2, vec('unknown'), 0);
    expect(heard).toEqual(['true/2']);
  });

  it('after a burn no setup of the pair comes in until it is forgiven', () => {
    const pairs = store();
    const [a, b, c] = [dealt('a/'), dealt('b/'), dealt('c/')];
    pairs.prepare({ setup: a, pack, active: true }, 0);
    pairs.burn(EPOCH, 2);
    pairs.prepare({ setup: b, pack, active: true }, 0);
    expect([a.wiped, b.wiped, pairs.isBurnt(EPOCH, 2), pairs.isBurnt(EPOCH, 3)]).toEqual([true, true, true, false]);
    expect(pairs.lease(EPOCH, 2, 0)).toBeUndefined();
    pairs.forgive(EPOCH, 2);
    pairs.prepare({ setup: c, pack, active: true }, 0);
    expect(pairs.lease(EPOCH, 2, 0)?.setup).toBe(c);
    pairs.overwrite(EPOCH, 2);
    expect([c.wiped, pairs.isBurnt(EPOCH, 2)]).toEqual([true, false]);
  });

  it('what is left of other epochs goes when an epoch begins', () => {
    const pairs = store();
    const [a, b] = [dealt('a/'), dealt('a/', 3)];
    for (const setup of [a, b]) pairs.prepare({ setup, pack, active: true }, 0);
    pairs.keepEpochs([vec('another epoch'), EPOCH]);
    expect([a.wiped, b.wiped]).toEqual([false, false]);
    pairs.keepEpochs([vec('another epoch')]);
    expect([a.wiped, b.wiped]).toEqual([true, true]);
  });

  it('on doubt everything goes, or everything of one epoch', () => {
    const pairs = store();
    const [a, b] = [dealt('a/'), dealt('a/', 3)];
    for (const setup of [a, b]) pairs.prepare({ setup, pack, active: true }, 0);
    pairs.burnAll(vec('another epoch'));
    expect(a.wiped).toBe(false);
    pairs.burnAll(EPOCH);
    expect([a.wiped, b.wiped]).toEqual([true, true]);
    expect(JSON.stringify(pairs)).toBe('"[secret]"');
  });
});
