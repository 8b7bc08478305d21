/**
 * How many ceremonies run at once. Proposals are judged as they come; only so many are started and archived at a time,
 * the others wait, in the order in which they could have begun. A hundred at once would each take longer than any
 * session may, and all would end by their deadline; in turn each has the machines nearly to itself.
 */

/** Enough to keep every party busy while others wait for a disk or a network. */
export const MAX_RUNNING = 8;

export class Admission {
  readonly #running = new Set<string>();
  /** A set remembers the order of insertion. */
  readonly #waiting = new Set<string>();

  /** Whether this ceremony may begin now. If not it keeps its place and asks again when `next` names it. */
  enter(name: string): boolean {
    if (this.#running.has(name)) return true;
    if (this.#running.size >= MAX_RUNNING) {
      this.#waiting.add(name);
      return false;
    }
    this.#waiting.delete(name);
    this.#running.add(name);
    return true;
  }

  /** It is over, or will never begin. */
  leave(name: string): void {
    this.#running.delete(name);
    this.#waiting.delete(name);
  }

  /** Takes out who waited longest; undefined if there is no room, or nobody. */
  next(): string | undefined {
    const [first] = this.#waiting;
    if (first === undefined || this.#running.size >= MAX_RUNNING) return undefined;
    this.#waiting.delete(first);
    return first;
  }
}
