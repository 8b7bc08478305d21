/** Which configurations may be run or believed (docs/protocol.md b.0, f.1, f.2). */
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import type { PartyRow } from '../../protocol/threshold/encoding.ts';
import { identityKeyOfPid, pidOf } from '../../protocol/threshold/keygen/config.ts';
import { configProblem, lineageProblem } from '../../protocol/threshold/keygen/config-rules.ts';
import { createEpochRun, type EpochRunOptions } from '../../protocol/threshold/keygen/machine.ts';
import { importConfig, type ReshareRequest, reshareConfig } from '../../protocol/threshold/keygen/reshare-config.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { configHash, type EpochConfig } from '../../protocol/threshold/session-id.ts';
import { ceremony, importCeremony, KeygenNetwork, reshareCeremony, runOptions } from './support/keygen-network.ts';
import { vec } from './support/labels.ts';

const keygen = ceremony(2, 3);
const from = new KeygenNetwork(keygen).run();
const parent = from.epoch();
const reshare = reshareCeremony({ from, dealers: [1, 3], holders: [3, 'new', 1, 2], threshold: 2 });
const remove = reshareCeremony({ from, dealers: [1, 3], holders: [3, 2], threshold: 2 });
const imported = importCeremony(2, 2, true);
const child = new KeygenNetwork(reshare).run();

/** The rows with one of them changed. */
function rows(config: EpochConfig, which: (row: PartyRow) => boolean, change: Partial<PartyRow>): readonly PartyRow[] {
  const at = config.parties.findIndex(which);
  return config.parties.map((row, i) => (i === at ? { ...row, ...change } : row));
}

const dealer = (row: PartyRow) => row.dealer;
const newcomer = (row: PartyRow) => row.oldIndex === 0;

describe('configProblem', () => {
  it('has nothing to say of what the constructors make', () => {
    for (const { config } of [keygen, reshare, remove, imported]) expect(configProblem(config)).toBeUndefined();
  });

  it.each<readonly [string, EpochConfig, Partial<EpochConfig>]>([
    ['threshold 1', keygen.config, { threshold: 1 }],
    ['threshold above n', keygen.config, { threshold: 4 }],
    ['a broken threshold', keygen.config, { threshold: 2.5 }],
    ['one member', keygen.config, { parties: keygen.config.parties.slice(0, 1), threshold: 2 }],
    ['an index twice', keygen.config, { parties: rows(keygen.config, (row) => row.newIndex === 3, { newIndex: 2 }) }],
    [
      'a gap in the indices',
      keygen.config,
      { parties: rows(keygen.config, (row) => row.newIndex === 3, { newIndex: 4 }) },
    ],
    ['an index above 255', keygen.config, { parties: rows(keygen.config, dealer, { newIndex: 256 }) }],
    [
      'an identity key twice',
      keygen.config,
      { parties: keygen.config.parties.map((row) => ({ ...row, identityKey: vec('x') })) },
    ],
    ['unsorted members', keygen.config, { parties: [...keygen.config.parties].reverse() }],
    [
      'a short identity key',
      keygen.config,
      { parties: rows(keygen.config, dealer, { identityKey: new Uint8Array(31) }) },
    ],
    ['KEYGEN of generation 2', keygen.config, { gen: 2 }],
    ['KEYGEN with a parent', keygen.config, { parentEpochId: vec('parent') }],
    ['KEYGEN with an old index', keygen.config, { parties: rows(keygen.config, dealer, { oldIndex: 1 }) }],
    ['KEYGEN with one that does not deal', keygen.config, { parties: rows(keygen.config, dealer, { dealer: false }) }],
    ['KEYGEN with an old threshold', keygen.config, { oldThreshold: 2 }],
    ['KEYGEN with a public key', keygen.config, { publicKey: parent.publicKey }],
    ['a short wallet id', keygen.config, { walletId: new Uint8Array(31) }],
    ['RESHARE without a public key', reshare.config, { publicKey: new Uint8Array(0) }],
    ['RESHARE without ccPub', reshare.config, { chainCodeHash: new Uint8Array(0) }],
    ['RESHARE without hX', reshare.config, { parentSharesHash: new Uint8Array(0) }],
    ['RESHARE without a parent', reshare.config, { parentEpochId: new Uint8Array(32) }],
    ['RESHARE of generation 1', reshare.config, { gen: 1 }],
    ['a generation above 32 bits', reshare.config, { gen: 2 ** 32 }],
    [
      'fewer dealers than the old threshold',
      reshare.config,
      { parties: rows(reshare.config, dealer, { dealer: false }) },
    ],
    [
      'more dealers than the old threshold',
      reshare.config,
      { parties: rows(reshare.config, (row) => row.oldIndex === 2, { dealer: true }) },
    ],
    ['another old threshold', reshare.config, { oldThreshold: 3 }],
    ['old threshold 1', reshare.config, { oldThreshold: 1 }],
    ['a dealer without an old index', reshare.config, { parties: rows(reshare.config, dealer, { oldIndex: 0 }) }],
    ['an old index twice', reshare.config, { parties: rows(reshare.config, newcomer, { oldIndex: 1 }) }],
    [
      'a member that neither deals nor holds',
      remove.config,
      { parties: rows(remove.config, (row) => !row.dealer, { newIndex: 0 }), threshold: 1 },
    ],
    ['a leaving dealer in RESHARE', remove.config, { purpose: 'RESHARE' }],
    [
      'IMPORT with two dealers',
      imported.config,
      { parties: rows(imported.config, (row) => !row.dealer, { dealer: true }) },
    ],
    ['IMPORT without a dealer', imported.config, { parties: rows(imported.config, dealer, { dealer: false }) }],
    ['IMPORT with an old index', imported.config, { parties: rows(imported.config, dealer, { oldIndex: 1 }) }],
    ['IMPORT of a key that is no point', imported.config, { publicKey: new Uint8Array(33).fill(4) }],
    ['IMPORT of generation 2', imported.config, { gen: 2 }],
    ['IMPORT with hX', imported.config, { parentSharesHash: vec('hX') }],
  ])('refuses %s', (_, config, change) => {
    expect(configProblem({ ...config, ...change })).toBeTypeOf('string');
  });
});

describe('lineageProblem', () => {
  it.each<readonly [string, Partial<EpochConfig>]>([
    ['another parent', { parentEpochId: vec('parent') }],
    ['another wallet', { walletId: vec('wallet') }],
    ['another exportable', { exportable: true }],
    ['another public key', { publicKey: parent.publicShares[0] ?? vec('none', 33) }],
    ['another chain code', { chainCodeHash: vec('ccPub') }],
    ['another hX', { parentSharesHash: vec('hX') }],
    ['another old threshold', { oldThreshold: 3 }],
    ['a generation not above', { gen: 1 }],
    ['an old index that is not that of the identity', { parties: rows(reshare.config, newcomer, { oldIndex: 2 }) }],
    ['an old index left out', { parties: rows(reshare.config, (row) => row.oldIndex === 2, { oldIndex: 0 }) }],
    ['REMOVE of nobody', { purpose: 'REMOVE' }],
    ['RESHARE without a holder', { parties: reshare.config.parties.filter((row) => row.oldIndex !== 2) }],
    ['no parent at all', { purpose: 'IMPORT' }],
  ])('refuses %s', (_, change) => {
    expect(lineageProblem({ ...reshare.config, ...change }, parent)).toBeTypeOf('string');
  });

  it('has nothing to say of what reshareConfig makes, nor of a grandchild under its own parent', () => {
    expect(lineageProblem(reshare.config, parent)).toBeUndefined();
    expect(lineageProblem(remove.config, parent)).toBeUndefined();
    const grandchild = reshareCeremony({ from: child, dealers: [2, 4], holders: [1, 2, 3, 4], threshold: 3, gen: 7 });
    expect(lineageProblem(grandchild.config, child.epoch())).toBeUndefined();
    expect(lineageProblem(grandchild.config, parent)).toBeTypeOf('string');
  });
});

describe('reshareConfig', () => {
  const parties = parent.config.parties.map((row) => ({ index: row.newIndex, identityKey: row.identityKey }));
  const request = (change: Partial<ReshareRequest>) =>
    reshareConfig({ parent, dealers: [1, 2], parties, threshold: 2, gen: 2, ...change });

  it.each<readonly [string, Partial<ReshareRequest>]>([
    ['too few dealers', { dealers: [1] }],
    ['too many dealers', { dealers: [1, 2, 3] }],
    ['a dealer twice', { dealers: [1, 1] }],
    ['a dealer outside', { dealers: [1, 4] }],
    ['dealer 0', { dealers: [0, 1] }],
    ['the same generation', { gen: 1 }],
    ['threshold 1', { threshold: 1 }],
    ['threshold above n', { threshold: 4 }],
    ['a gap in the new indices', { parties: parties.map((party) => ({ ...party, index: party.index + 1 })) }],
    ['nobody', { parties: [] }],
    [
      'the same identity twice',
      { parties: [...parties, { index: 4, identityKey: parties[0]?.identityKey ?? vec('x') }] },
    ],
    ['an index that is 0', { parties: [...parties, { index: 0, identityKey: vec('outsider') }] }],
  ])('refuses %s', (_, change) => {
    expect(request(change).ok).toBe(false);
  });

  it('is REMOVE exactly if a holder is not in N, be it a dealer or not', () => {
    expect(request({}).ok && reshare.config.purpose).toBe('RESHARE');
    expect(remove.config.purpose).toBe('REMOVE');
    const silent = reshareCeremony({ from, dealers: [1, 2], holders: [1, 2], threshold: 2 });
    expect(silent.config.purpose).toBe('REMOVE');
    expect(silent.config.parties.length).toBe(2);
    const device = reshareCeremony({ from, dealers: [1, 3], holders: [1, 'device', 3], threshold: 2 });
    expect(device.config.purpose).toBe('REMOVE');
  });
});

describe('importConfig', () => {
  it('refuses a dealer or key that is none', () => {
    const request = {
      threshold: 2,
      parties: imported.config.parties.flatMap((row) =>
        row.newIndex > 0 ? [{ index: row.newIndex, identityKey: row.identityKey }] : [],
      ),
      dealer: vec('dealer'),
      walletId: vec('wallet'),
      exportable: false,
      publicKey: imported.config.publicKey,
      chainCodeHash: imported.config.chainCodeHash,
    };
    expect(importConfig(request).ok).toBe(true);
    expect(importConfig({ ...request, dealer: new Uint8Array(31) }).ok).toBe(false);
    expect(importConfig({ ...request, publicKey: new Uint8Array(32) }).ok).toBe(false);
    expect(importConfig({ ...request, chainCodeHash: new Uint8Array(0) }).ok).toBe(false);
    expect(importConfig({ ...request, threshold: 3 }).ok).toBe(false);
  });
});

describe('a restored share', () => {
  const lost = parent.config.parties.find((row) => row.newIndex === 2)?.identityKey ?? vec('none');
  const newcomer = vec('newcomer');
  const stays = parent.config.parties.flatMap((row) =>
    row.newIndex === 2 ? [] : [{ index: row.newIndex, identityKey: row.identityKey }],
  );
  const parties = [...stays, { index: 2, identityKey: newcomer }];
  const request = (change: Partial<ReshareRequest>) => {
    const restored = [{ oldIndex: 2, identityKey: newcomer }];
    return reshareConfig({ parent, dealers: [1, 2], restored, parties, threshold: 2, gen: 2, ...change });
  };

  it('is dealt by a newcomer under the lost index', () => {
    const config = request({});
    if (!config.ok) throw new Error(config.error);
    expect(config.value.purpose).toBe('REMOVE');
    const row = config.value.parties[pidOf(config.value, newcomer) - 1];
    expect(row && [row.dealer, row.oldIndex, row.newIndex]).toEqual([true, 2, 2]);
    expect(pidOf(config.value, lost)).toBe(0);
  });

  it.each<readonly [string, Partial<ReshareRequest>]>([
    ['for somebody who does not deal', { dealers: [1, 3] }],
    ['for somebody who gets no share', { parties: stays.map((party, i) => ({ ...party, index: i + 1 })) }],
    ['beside the one who lost it', { parties: [...parties, { index: 4, identityKey: lost }] }],
    ['for another holder', { restored: [{ oldIndex: 2, identityKey: stays[0]?.identityKey ?? vec('none') }] }],
    ['under an index that nobody has', { restored: [{ oldIndex: 4, identityKey: newcomer }], dealers: [1, 3] }],
  ])('not %s', (_, change) => {
    expect(request(change).ok).toBe(false);
  });
});

describe('a run is refused before round 1', () => {
  const options = (setup: typeof keygen, pid: number, change: Partial<EpochRunOptions>): EpochRunOptions => ({
    ...runOptions(setup, pid),
    ...change,
  });
  const pid = pidOf(reshare.config, reshare.config.parties.find(dealer)?.identityKey ?? vec('none'));
  const other = new KeygenNetwork(ceremony(2, 3, 'keygen', 2)).run();
  const dealt = (change: { secret?: bigint; chainCode?: Uint8Array }) => {
    const key = reshare.dealt(pid);
    if (key === undefined) throw new Error('no dealer');
    return {
      secret: change.secret === undefined ? key.secret : new Secret(change.secret),
      chainCode: change.chainCode === undefined ? key.chainCode : new Secret(change.chainCode),
    };
  };

  it.each<readonly [string, EpochRunOptions]>([
    ['another cfgHash', options(keygen, 1, { cfgHash: vec('cfg') })],
    ['no such member', { ...runOptions(keygen, 1), pid: 4 }],
    ['pid 0', { ...runOptions(keygen, 1), pid: 0 }],
    ['a short session id', options(keygen, 1, { sessionId: new Uint8Array(31) })],
    ['an unusable configuration', options(keygen, 1, { config: { ...keygen.config, threshold: 1 } })],
    ['exportable without saying so in cfgHash', options(keygen, 1, { config: { ...keygen.config, exportable: true } })],
    ['a key brought to a KEYGEN', { ...runOptions(keygen, 1), dealt: dealt({}) }],
    ['a parent of a KEYGEN', { ...runOptions(keygen, 1), parent }],
    ['another parent', options(reshare, pid, { parent: other.epoch() })],
    ['another share', options(reshare, pid, { dealt: dealt({ secret: 5n }) })],
    ['share 0', options(reshare, pid, { dealt: dealt({ secret: 0n }) })],
    ['another chain code', options(reshare, pid, { dealt: dealt({ chainCode: vec('cc') }) })],
  ])('%s', (_, broken) => {
    expect(() => createEpochRun(broken)).toThrow(InvalidArgument);
  });

  it('a parent or a key that is missing, and a key that is not asked for', () => {
    const { parent: _parent, ...orphan } = runOptions(reshare, pid);
    expect(() => createEpochRun(orphan)).toThrow(InvalidArgument);
    const { dealt: _dealt, ...poor } = runOptions(reshare, pid);
    expect(() => createEpochRun(poor)).toThrow(InvalidArgument);
    const idle = reshare.pids.find((candidate) => reshare.dealt(candidate) === undefined) ?? 0;
    expect(() => createEpochRun({ ...runOptions(reshare, idle), dealt: dealt({}) })).toThrow(InvalidArgument);
  });
});

describe('pids', () => {
  it('are the positions of the identity keys in byte order', () => {
    const keys = reshare.config.parties.map((row) => row.identityKey);
    expect([...keys].sort(compareBytes)).toEqual(keys);
    for (const [i, key] of keys.entries()) {
      expect(pidOf(reshare.config, key)).toBe(i + 1);
      expect(identityKeyOfPid(reshare.config, i + 1)).toEqual(key);
    }
    expect(pidOf(reshare.config, vec('stranger'))).toBe(0);
    expect(identityKeyOfPid(reshare.config, 0)).toBeUndefined();
    expect(configHash(reshare.config)).toEqual(reshare.cfgHash);
  });
});
