/** This node's link to the others, by the names that its rosters give them. */
import type { FrameMessage } from '../proto/codec.ts';
import { Members } from '../proto/link/members.ts';
import { type Link, openLink } from '../proto/link/node.ts';
import { isAcceptableKey } from '../protocol/ceremony/ed25519.ts';
import type { MemberAddress, Roster } from '../protocol/ceremony/roster.ts';
import { fromHex, toHex } from '../protocol/common/bytes.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { Policy } from '../protocol/policy/prepare.ts';
import { SOFTWARE } from './context.ts';
import type { Home } from './home.ts';

export interface ConnectionOptions {
  readonly home: Home;
  /** Multiaddrs to listen on, if not those of the roster. */
  readonly listen?: readonly string[] | undefined;
  readonly note: (code: string, detail: string) => void;
  readonly onFrame: (from: string, frame: FrameMessage) => Promise<void>;
  readonly onPeer: (member: string, state: 'up' | 'down') => void;
  /** The roster, if any, that this party deals for without being in it. */
  readonly dealtRoster: () => Roster | undefined;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #link: Link | undefined;
  #members: Members | undefined;
  #former: Members | undefined;
  #names: ReadonlyMap<string, string> = new Map();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Connects. What peers say waits until the function that it resolves with is called. */
  async open(): Promise<() => void> {
    const { home, listen, note, onFrame, onPeer } = this.#options;
    const peers = this.#peers();
    this.#name(peers);
    let begin: () => void = () => undefined;
    // Peers may connect before the link is handed to us; they are heard when everything is in place.
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.#link = await openLink({
      transportSeed: home.identity.transportSeed.use((seed) => seed.slice()),
      listen: listen ?? home.own.addresses,
      peers: [...peers.values()],
      networkKey: home.networkKey,
      hello: { network: home.roster.network, software: SOFTWARE },
      onFrame: async (from, frame) => {
        await begun;
        const member = this.#nameOf(from);
        if (member !== undefined) await onFrame(member, frame);
      },
      onPeer: (peer, state) =>
        void begun.then(() => {
          const member = this.#nameOf(peer);
          if (member !== undefined) onPeer(member, state);
        }),
      log: (event) => note(event.code, event.detail),
    });
    const unreachable = (member: string, code: string): void => note(code, `nothing reaches ${member}`);
    this.#members = new Members(this.#link, keysOf(peers, isMember), unreachable);
    this.#former = new Members(this.#link, keysOf(peers, isFormer), unreachable);
    return begin;
  }

  /** After a successor or a policy was adopted, or this party agreed to deal for others: whoever comes is spoken to. */
  renew(): void {
    const peers = this.#peers();
    this.#name(peers);
    this.#members?.rename(keysOf(peers, isMember));
    this.#former?.rename(keysOf(peers, isFormer));
    this.#link?.setPeers([...peers.values()]);
  }

  get members(): Members {
    if (this.#members === undefined) throw new BugError('BUG_NOT_STARTED', 'the node speaks before it is connected');
    return this.#members;
  }

  /** Those whom the last change of rosters left behind; they are told why, and have no voice. */
  get former(): Members {
    if (this.#former === undefined) throw new BugError('BUG_NOT_STARTED', 'the node speaks before it is connected');
    return this.#former;
  }

  connected(): readonly string[] {
    return this.#members?.connected() ?? [];
  }

  /** Multiaddrs on which this node listens. */
  addresses(): readonly string[] {
    return this.#link?.addresses() ?? [];
  }

  stats(): ReturnType<Link['stats']> | undefined {
    return this.#link?.stats();
  }

  async close(): Promise<void> {
    await this.#link?.stop();
  }

  #peers(): ReadonlyMap<string, MemberAddress> {
    const { identity, policies, rosters } = this.#options.home;
    const peers = rosters.peers(identity.transportKey, this.#options.dealtRoster() ?? rosters.successor);
    return new Map([...approversOf(policies.common, peers), ...peers]);
  }

  #name(peers: ReadonlyMap<string, MemberAddress>): void {
    this.#names = new Map([...peers].map(([name, member]) => [toHex(member.transportKey), name]));
  }

  #nameOf(transportKey: Uint8Array): string | undefined {
    return this.#names.get(toHex(transportKey));
  }
}

/** Devices that the policy lists dial every participant; a key that a member has already stays that member's. */
function approversOf(
  policy: Policy | undefined,
  peers: ReadonlyMap<string, MemberAddress>,
): ReadonlyMap<string, MemberAddress> {
  const taken = new Set([...peers.values()].map(({ transportKey }) => toHex(transportKey)));
  const found = new Map<string, MemberAddress>();
  for (const [name, { transportKey: text }] of policy?.document.approvers ?? []) {
    const transportKey = text === undefined ? undefined : fromHex(text.slice(2));
    if (transportKey === undefined || !isAcceptableKey(transportKey) || taken.has(toHex(transportKey))) continue;
    taken.add(toHex(transportKey));
    found.set(`approver:${name}`, { transportKey, addresses: [] });
  }
  return found;
}

function keysOf(
  peers: ReadonlyMap<string, MemberAddress>,
  chosen: (name: string) => boolean,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...peers].filter(([name]) => chosen(name)).map(([name, member]) => [name, member.transportKey]));
}

function isFormer(name: string): boolean {
  return name.startsWith('former:');
}

function isMember(name: string): boolean {
  return !isFormer(name);
}
