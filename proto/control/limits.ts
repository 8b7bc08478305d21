/** Limits of the control socket. The peer is a command of the same user, so these guard against accidents and floods. */

/** Longest request line in bytes: a policy or a payload file as text, with room to spare. */
export const MAX_REQUEST: number = 4 << 20;

/** Longest answer or event line in bytes: an inbox page or a transcript. */
export const MAX_RESPONSE: number = 16 << 20;

/** Commands at once: a script waits for the end of a hundred signings, a person has a few terminals, a monitor adds some. */
export const MAX_CONNECTIONS = 160;

/** A command sends its whole request at once; milliseconds. */
export const REQUEST_DEADLINE = 10_000;

/** Bytes that may wait for a slow reader of events before it is cut off. */
export const MAX_BACKLOG: number = 4 << 20;

/** How long the reader of a final answer may take; milliseconds. */
export const RESPONSE_DEADLINE = 30_000;

/** Longest path that every system accepts for a socket (`sun_path` has 104 bytes on macOS, 108 on Linux). */
export const MAX_SOCKET_PATH = 103;
