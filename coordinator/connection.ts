/** The coordinator's link to the others, by the names that its rosters give them. It dials; nobody dials it. */
import type { FrameMessage } from '../proto/codec.ts';
import { Members } from '../proto/link/members.ts';
import { type Link, openLink } from '../proto/link/node.ts';
import type { MemberAddress } from '../protocol/ceremony/roster.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { Home } from './home.ts';

/** What this software calls itself to its peers: a claim. */
const SOFTWARE = 'keymoot 0.1.0';

export interface ConnectionOptions {
  readonly home: Home;
  readonly note: (code: string, detail: string) => void;
  readonly onFrame: (from: string, frame: FrameMessage) => Promise<void>;
  readonly onPeer: (member: string, state: 'up' | 'down') => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #link: Link | undefined;
  #members: Members | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Connects. What peers say waits until the function that it resolves with is called. */
  async open(): Promise<() => void> {
    const { home, note, onFrame, onPeer } = this.#options;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const peers = this.#peers();
    this.#link = await openLink({
      transportSeed: home.keys.transportSeed.use((seed) => seed.slice()),
      listen: [],
      peers: [...peers.values()],
      networkKey: home.networkKey,
      hello: { network: home.roster.network, software: SOFTWARE },
      onFrame: async (from, frame) => {
        await begun;
        const member = this.members.nameOf(from);
        if (member !== undefined) await onFrame(member, frame);
      },
      onPeer: (peer, state) =>
        void begun.then(() => {
          const member = this.members.nameOf(peer);
          if (member !== undefined) onPeer(member, state);
        }),
      log: (event) => note(event.code, event.detail),
    });
    this.#members = new Members(this.#link, keysOf(peers), (member, code) => note(code, `nothing reaches ${member}`));
    return begin;
  }

  /** After a successor was adopted: whoever joins with it is spoken to from now on. */
  renew(): void {
    const peers = this.#peers();
    this.#members?.rename(keysOf(peers));
    this.#link?.setPeers([...peers.values()]);
  }

  get members(): Members {
    if (this.#members === undefined) throw new BugError('BUG_NOT_STARTED', 'the coordinator is not connected yet');
    return this.#members;
  }

  connected(): readonly string[] {
    return this.#members?.connected() ?? [];
  }

  async close(): Promise<void> {
    await this.#link?.stop();
  }

  #peers(): ReadonlyMap<string, MemberAddress> {
    const { keys, rosters } = this.#options.home;
    return rosters.peers(keys.transport.publicKey);
  }
}

function keysOf(peers: ReadonlyMap<string, MemberAddress>): ReadonlyMap<string, Uint8Array> {
  return new Map([...peers].map(([name, member]) => [name, member.transportKey]));
}
