/**
 * A node as long as its process lives: under one roster, then under the next. The socket for commands stays; between
 * two rosters they wait a moment.
 */
import { serveControl } from '../proto/control/serve.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { answerControl } from './control.ts';
import type { Home } from './home.ts';
import { ParticipantNode } from './node.ts';
import type { Look } from './observe/look.ts';

export interface ServeOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  /** One line for the node's log. */
  readonly note: (code: string, detail: string) => void;
  /** Multiaddrs to listen on, if not those of the roster. */
  readonly listen?: readonly string[] | undefined;
  /** What looks at a payload from outside its bytes before it is judged. */
  readonly looks?: readonly Look[] | undefined;
}

export interface Served {
  /** The node of this moment. */
  node(): Promise<ParticipantNode>;
  /** Rejects if the node cannot go on under its next roster. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export async function serveNode(options: ServeOptions): Promise<Served> {
  const { note } = options;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Whoever waits for it hears of it; without anybody it is in the answers to every command.
  failed.catch(() => undefined);
  let isStopped = false;
  let home = options.home;

  const begin = async (): Promise<ParticipantNode> => {
    const node = new ParticipantNode({ ...options, home });
    await node.start();
    void node.changedOver.then(() => {
      if (isStopped) return;
      current = changeOver(node);
      current.catch(fail);
    });
    return node;
  };
  const changeOver = async (node: ParticipantNode): Promise<ParticipantNode> => {
    await node.stop();
    await home.rosters.advance(node.farewell());
    home = await home.reopen();
    note('ROSTER_CHANGED', `this node lives under version ${home.roster.version} now, as party ${home.self}`);
    return await begin();
  };

  let current: Promise<ParticipantNode> = begin();
  await current;
  const control = await serveControl(home.layout.control, async (call) => answerControl(await current, call), {
    onUnexpected: (error) =>
      note('CONTROL_UNEXPECTED', error instanceof Error ? (error.stack ?? error.message) : 'unknown'),
  });
  return {
    node: async () => await current,
    failed,
    async stop() {
      isStopped = true;
      await control.close();
      const node = await current.catch(() => undefined);
      await node?.stop();
      await home.close();
    },
  };
}
