import { type Disk, type DiskFile, nodeDisk } from '../../../proto/rest/disk.ts';

/** A disk that works until `failing` is set, then fails every write as a full one does, after half of the bytes. */
export class FullDisk implements Disk {
  failing: 'no' | 'write' | 'sync' | 'rename' = 'no';
  readonly readFile = nodeDisk.readFile;
  readonly remove = nodeDisk.remove;
  readonly makeDirectory = nodeDisk.makeDirectory;
  readonly list = nodeDisk.list;
  readonly syncDirectory = nodeDisk.syncDirectory;

  async createFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.createFile(path));
  }

  async openFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.openFile(path));
  }

  async rename(from: string, to: string): Promise<void> {
    if (this.failing === 'rename') throw full();
    await nodeDisk.rename(from, to);
  }

  #wrap(file: DiskFile): DiskFile {
    return {
      size: () => file.size(),
      read: (position, length) => file.read(position, length),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
      write: async (bytes, position) => {
        if (this.failing !== 'write') return await file.write(bytes, position);
        await file.write(bytes.subarray(0, bytes.length >> 1), position);
        throw full();
      },
      sync: async () => {
        if (this.failing === 'sync') throw full();
        await file.sync();
      },
    };
  }
}

function full(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
}
