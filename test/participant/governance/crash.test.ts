/** Whatever write of the journal is the last one: after a crash the old version is in force or the new one, never none. */
import { expect, test } from 'vitest';
import { type Disk, type DiskFile, nodeDisk } from '../../../proto/rest/disk.ts';
import { type Draft, drop, put, rich } from '../../policy/support/versions.ts';
import { DAY, nextVersion, Town } from './town.ts';

/** Fails at the write with this number and at all later ones, some bytes of the first one written. */
class DyingDisk implements Disk {
  readonly readFile = nodeDisk.readFile;
  readonly makeDirectory = nodeDisk.makeDirectory;
  readonly list = nodeDisk.list;
  readonly syncDirectory = nodeDisk.syncDirectory;
  readonly rename = nodeDisk.rename;
  readonly remove = nodeDisk.remove;
  writes = 0;
  last = Number.POSITIVE_INFINITY;

  async createFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.createFile(path));
  }

  async openFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.openFile(path));
  }

  #wrap(file: DiskFile): DiskFile {
    return new Proxy(file, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        if (name !== 'write' && name !== 'sync') return member.bind(target) as unknown;
        return async (...args: readonly unknown[]) => {
          this.writes += 1;
          if (this.writes >= this.last) throw new Error('the machine is gone');
          return (await Reflect.apply(member, target, args)) as unknown;
        };
      },
    });
  }
}

test.each(['narrows', 'widens'])(
  'a version that %s, killed at every write',
  async (kind) => {
    const file = nextVersion(rich(), (draft: Draft) => {
      if (kind === 'narrows') put(draft, 'rules.small.match.amount.max', '5');
      else drop(draft, 'rules.small.match.amount');
    });
    const seen = new Set<number>();
    for (let last = 1; last <= 12; last++) {
      const town = await Town.under();
      for (const index of [1, 3]) await town.member(index).stop();
      const member = town.member(2);
      const disk = new DyingDisk();
      await member.restart(disk);
      disk.last = disk.writes + last;
      await member.give(file);
      await town.wait(4 * DAY);
      await member.restart();
      seen.add(member.version);
      expect([1, 2]).toContain(member.version);
      // What was lost is given again, by hand or by a peer, and nothing stands in its way.
      await member.give(file);
      await town.wait(4 * DAY);
      expect(member.version).toBe(2);
      await member.stop();
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 2]);
  },
  120_000,
);
