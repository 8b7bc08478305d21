/** IMPORT (docs/protocol.md f.4): a key that was in one place becomes shares, by a dealer that is a party or is not. */
import { describe, expect, it } from 'vitest';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { verifyCertificate } from '../../protocol/threshold/keygen/certificate.ts';
import { dealerPids } from '../../protocol/threshold/keygen/config.ts';
import { hashChainCode } from '../../protocol/threshold/keygen/epoch.ts';
import { decodeKeyshare, encodeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { mod } from '../../protocol/threshold/math/scalar.ts';
import { coefficientsOf, dealing, expectVerdict, is, runCorrupt, subsets } from './support/keygen-attacks.ts';
import {
  flip,
  holdersOf,
  importCeremony,
  indexOf,
  KeygenNetwork,
  reshareCeremony,
  secretOf,
} from './support/keygen-network.ts';
import { vec, vscalar } from './support/labels.ts';

describe.each([
  ['2-of-2 from outside', 2, 2, true],
  ['2-of-3 by a party', 2, 3, false],
  ['3-of-3 from outside', 3, 3, true],
] as const)('%s', (_, threshold, n, outside) => {
  const setup = importCeremony(threshold, n, outside);
  const network = new KeygenNetwork(setup).run();
  const indices = Array.from({ length: n }, (_, i) => i + 1);
  const [dealer = 0] = dealerPids(setup.config);

  it('ends with shares of this key and with this chain code', () => {
    expect([...network.aborts.values()]).toEqual([]);
    expect([...network.outputs.keys()].sort((a, b) => a - b)).toEqual(setup.pids);
    expect(setup.pids.length).toBe(outside ? n + 1 : n);
    const secret = vscalar('import/key');
    for (const quorum of subsets(indices, threshold)) expect(secretOf(network, quorum)).toBe(secret);
    const [few = []] = subsets(indices, threshold - 1);
    expect(secretOf(network, few)).not.toBe(secret);
    for (const index of indices) {
      expect(network.keyshareAt(index).chainCode.use(toHex)).toBe(toHex(vec('import/chainCode')));
    }
    expect(toHex(network.epoch().publicKey)).toBe(toHex(curve.encode(curve.base(secret))));
    expect(network.epoch().config).toMatchObject({ purpose: 'IMPORT', gen: 1, oldThreshold: 0, exportable: true });
  });

  it('leaves the dealer with a share only if it is a party', () => {
    expect(network.keyshares.has(dealer)).toBe(!outside);
    const kinds = network.records.filter(({ pid }) => pid === dealer).map(({ record }) => record.kind);
    expect(kinds.includes('certified')).toBe(outside);
    expect(holdersOf(setup).length).toBe(n);
  });

  it('makes a certificate and key records like any other', () => {
    const parties = setup.config.parties.flatMap((row) =>
      row.newIndex > 0 ? [{ index: row.newIndex, identityKey: row.identityKey }] : [],
    );
    const { walletId } = setup.config;
    expect(verifyCertificate(network.certificate(), { threshold, parties, verify, walletId }).ok).toBe(true);
    for (const index of indices) {
      const stored = decodeKeyshare(encodeKeyshare(network.keyshareAt(index)));
      expect(stored.ok && stored.value.config.purpose).toBe('IMPORT');
    }
  });

  it('F1 names a dealer of another key', () => {
    const coefficients = coefficientsOf(setup, dealer).map((value, k) => (k === 0 ? mod(value + 1n) : value));
    const honest = setup.pids.filter((pid) => pid !== dealer);
    const other = runCorrupt(setup, dealer, dealing(setup, coefficients));
    expectVerdict(other, honest, { failure: 'BLAME', check: 'F1', culprits: [dealer] });
  });

  it('K8 finds another chain code, at whoever gets it', () => {
    const [victim = 0] = holdersOf(setup).filter((pid) => pid !== dealer);
    const other = runCorrupt(setup, dealer, (fields, to) =>
      is(fields, 0x11, 3) && to === victim ? { ...fields, body: flip(fields.body, 95) } : fields,
    );
    expectVerdict(other, [victim], { failure: 'BLAME', check: 'K8', culprits: [dealer] });
  });
});

describe('an imported key', () => {
  it('is reshared like any other; ABANDON ends an import that came to nothing', () => {
    const root = new KeygenNetwork(importCeremony(2, 2, true)).run();
    const later = new KeygenNetwork(
      reshareCeremony({ from: root, dealers: [1, 2], holders: [2, 'new', 1], threshold: 3, label: 'import/later' }),
    ).run();
    expect(secretOf(later, [1, 2, 3])).toBe(vscalar('import/key'));
    const { config, chainCodeHash, publicKey } = later.epoch();
    expect(config.exportable).toBe(true);
    expect(toHex(chainCodeHash)).toBe(toHex(hashChainCode(publicKey, vec('import/chainCode'))));

    const setup = importCeremony(2, 2, true);
    const cut = new KeygenNetwork(setup);
    cut.start();
    while (cut.keyshares.size < 2) cut.step();
    const effects = holdersOf(setup).map((pid) => [pid, cut.machine(pid).abandon()] as const);
    for (const [, asked] of effects) expect(asked.map((effect) => effect.kind)).toEqual(['record', 'send']);
    const outside = setup.pids.find((pid) => indexOf(setup, pid) === 0) ?? 0;
    expect(cut.machine(outside).abandon()).toEqual([]);
    cut.queue.length = 0;
    for (const [pid, asked] of effects) cut.act(pid, asked);
    cut.settle();
    const discarded = cut.records.filter(({ record }) => record.kind === 'discard').map(({ pid }) => pid);
    expect(discarded.sort((a, b) => a - b)).toEqual(holdersOf(setup));
    expect(cut.outputs.size).toBe(0);
  });
});
