/** Starts the pair thread. */
import { Worker } from 'node:worker_threads';
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts';

export interface PairThread {
  post(message: ToThread): void;
  stop(): Promise<void>;
}

/** `failed` is told once, after which the thread is gone. */
export type StartThread = (
  data: ThreadData,
  heard: (message: FromThread) => void,
  failed: (error: Error) => void,
) => PairThread;

export const startWorker: StartThread = (data, heard, failed) => {
  const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: data });
  worker.on('message', heard);
  worker.on('error', failed);
  return {
    post: (message) => worker.postMessage(message),
    async stop() {
      await worker.terminate();
    },
  };
};
