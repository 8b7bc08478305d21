/**
 * The real disk, but the process kills itself with SIGKILL at the given step. Steps count what changes the disk; at a
 * write the kill can also come in the middle (`half`). A run that ends by itself had fewer steps.
 */
import { writeSync } from 'node:fs';
import { nodeDisk } from '../../../../dist/proto/rest/disk.js';

export function killingDisk(step, half) {
  let count = 0;
  const reached = () => {
    count += 1;
    return count === step;
  };
  const die = () => process.kill(process.pid, 'SIGKILL');
  const change = async (action) => {
    if (reached()) die();
    return await action();
  };
  const wrap = (file) => ({
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    close: () => file.close(),
    truncate: (size) => change(() => file.truncate(size)),
    sync: () => change(() => file.sync()),
    async write(bytes, position) {
      if (reached()) {
        if (half) await file.write(bytes.subarray(0, bytes.length >> 1), position);
        // Lets the parent know that this step has a middle.
        else acknowledge('at a write');
        die();
      }
      await file.write(bytes, position);
    },
  });
  return {
    readFile: nodeDisk.readFile,
    list: nodeDisk.list,
    createFile: (path) => change(async () => wrap(await nodeDisk.createFile(path))),
    openFile: async (path) => wrap(await nodeDisk.openFile(path)),
    rename: (from, to) => change(() => nodeDisk.rename(from, to)),
    remove: (path) => change(() => nodeDisk.remove(path)),
    makeDirectory: (path) => change(() => nodeDisk.makeDirectory(path)),
    syncDirectory: (path) => change(() => nodeDisk.syncDirectory(path)),
  };
}

/** Tells the parent that a step is acknowledged, before anything else can happen. */
export function acknowledge(text) {
  writeSync(1, `${text}\n`);
}

export const random = {
  bytes: (length) => new Uint8Array(length).map(() => (Date.now() ^ process.pid) & 0xff),
};
