/** A node that stands in front of a real one, and does to its answers what a test wants. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Question {
  readonly method: string;
  readonly params: readonly unknown[];
}

/**
 * What becomes of one answer. `undefined`: the real one. A function: that of the real result. Otherwise the test writes
 * whatever it wants, or nothing.
 */
export type Mischief = (
  question: Question,
) => undefined | ((result: unknown) => unknown) | { write(response: ServerResponse): void };

export interface HostileNode {
  readonly address: string;
  /** Methods asked so far. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export async function hostileNode(behind: string, mischief: Mischief): Promise<HostileNode> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const question = JSON.parse(body) as Question & { readonly id: number };
      asked.push(question.method);
      const act = mischief(question);
      if (act !== undefined && typeof act !== 'function') {
        act.write(response);
        return;
      }
      void forward(behind, body)
        .then((answer) => {
          const result = act === undefined ? answer : { ...answer, result: act(answer['result']) };
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(behind: string, body: string): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(behind, { method: 'POST', headers, body });
  return (await response.json()) as Record<string, unknown>;
}
