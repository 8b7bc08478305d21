/** An approver that is connected: it dials every participant, hears what they pass on, and tells them what it decides. */
import type { FrameMessage } from '../../proto/codec.ts';
import { Members } from '../../proto/link/members.ts';
import { type Link, openLink } from '../../proto/link/node.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { parseCanonical } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { SOFTWARE } from '../context.ts';
import type { ApproverDesk } from './desk.ts';

export class ApproverNode {
  readonly desk: ApproverDesk;
  readonly #link: Link;
  readonly #members: Members;
  readonly #note: (code: string, detail: string) => void;

  private constructor(desk: ApproverDesk, link: Link, members: Members, note: (code: string, detail: string) => void) {
    this.desk = desk;
    this.#link = link;
    this.#members = members;
    this.#note = note;
    desk.voice.carriedBy((envelope) => void this.#tell(envelope));
  }

  /** Fails with `NETWORK_KEY_MISSING` on a device that joined without one. */
  static async start(desk: ApproverDesk, note: (code: string, detail: string) => void): Promise<ApproverNode> {
    const { identity, networkKey, roster } = desk.home;
    if (networkKey === undefined) {
      throw new InvalidArgument('NETWORK_KEY_MISSING', '--home', 'this device joined without --network-key: use files');
    }
    const keys = new Map(roster.parties.map(({ index, transportKey }) => [`party:${index}`, transportKey] as const));
    const names = new Map([...keys].map(([name, key]) => [toHex(key), name]));
    let begin: (node: ApproverNode) => void = () => undefined;
    const begun = new Promise<ApproverNode>((resolve) => {
      begin = resolve;
    });
    const link = await openLink({
      transportSeed: identity.transportSeed.use((seed) => seed.slice()),
      listen: [],
      peers: roster.parties,
      networkKey,
      hello: { network: roster.network, software: SOFTWARE },
      onFrame: async (_, frame) => (await begun).#take(frame),
      onPeer: (peer, state) => {
        const member = names.get(toHex(peer)) ?? '';
        void begun.then((node) => node.#onPeer(member, state));
      },
      log: (event) => note(event.code, event.detail),
    });
    const members = new Members(link, keys, (member, code) => note(code, `nothing reaches ${member}`));
    const node = new ApproverNode(desk, link, members, note);
    begin(node);
    return node;
  }

  connected(): readonly string[] {
    return this.#members.connected();
  }

  async stop(): Promise<void> {
    await this.#link.stop();
    await this.desk.exclusively(async () => undefined);
  }

  async #take(frame: FrameMessage): Promise<void> {
    if (frame.kind === 'statement') {
      const envelope = parseEnvelope(frame.envelope);
      if (envelope.ok) await this.desk.exclusively(() => this.desk.statement(envelope.value));
    } else if (frame.kind === 'document') {
      const json = parseCanonical(frame.content);
      if (json.ok) await this.desk.exclusively(() => this.desk.document(json.value));
    }
  }

  #onPeer(member: string, state: 'up' | 'down'): void {
    this.#note(state === 'up' ? 'PEER_UP' : 'PEER_DOWN', member);
    if (state === 'down') return;
    void (async () => {
      for (const { bytes, type } of this.desk.voice.said()) {
        if (type === 'keymoot.policy-version.v1') continue;
        await this.#members.send(member, { kind: 'statement', envelope: bytes });
      }
    })();
  }

  async #tell({ bytes, type }: Envelope): Promise<void> {
    // Signatures for a version travel in its file.
    if (type !== 'keymoot.policy-version.v1') await this.#members.sendAll({ kind: 'statement', envelope: bytes });
  }
}
