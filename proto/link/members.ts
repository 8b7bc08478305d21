/**
 * Speaks to roster members by name (`party:2`, `operator:ops`) over one link. A member that cannot be reached is
 * reported, not thrown: a ceremony goes on without it, or ends by its deadline.
 */
import type { FrameMessage } from '../codec.ts';
import type { Link } from './node.ts';

export class Members {
  readonly #link: Link;
  #keys: ReadonlyMap<string, Uint8Array> = new Map();
  #names: ReadonlyMap<string, string> = new Map();
  readonly #unreachable: (member: string, code: string) => void;

  /**
   * @param keys transport key of every other member, by name
   * @param unreachable told of every frame that could not be handed over
   */
  constructor(link: Link, keys: ReadonlyMap<string, Uint8Array>, unreachable: (member: string, code: string) => void) {
    this.#link = link;
    this.#unreachable = unreachable;
    this.rename(keys);
  }

  /** From now on the members have these names; whom the link knows is not changed by it. */
  rename(keys: ReadonlyMap<string, Uint8Array>): void {
    this.#keys = keys;
    this.#names = new Map([...keys].map(([name, key]) => [keyName(key), name]));
  }

  /** Name of the member with this transport key. */
  nameOf(transportKey: Uint8Array): string | undefined {
    return this.#names.get(keyName(transportKey));
  }

  connected(): readonly string[] {
    return this.#link.connected().flatMap((key) => this.nameOf(key) ?? []);
  }

  /** Whether the frame was handed to the transport. */
  async send(member: string, frame: FrameMessage): Promise<boolean> {
    const key = this.#keys.get(member);
    if (key === undefined) return false;
    try {
      await this.#link.send(key, frame);
      return true;
    } catch (error) {
      const code =
        error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'SEND_FAILED';
      this.#unreachable(member, code);
      return false;
    }
  }

  /** To every connected member for which `chosen` holds. */
  async sendAll(frame: FrameMessage, chosen: (member: string) => boolean = () => true): Promise<void> {
    await Promise.all(
      this.connected()
        .filter(chosen)
        .map((member) => this.send(member, frame)),
    );
  }
}

function keyName(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
