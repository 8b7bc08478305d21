/** The kinds of frame, by the name of their body in keymoot/v1/frames.proto. */
export type FrameKind =
  | 'hello'
  | 'ack'
  | 'beat'
  | 'statement'
  | 'document'
  | 'round'
  | 'transcript'
  | 'want'
  | 'progress';

const KiB = 1024;
const MiB = 1024 * KiB;

// ---------------------------------------------------------------------------------------------------------------
// Bytes of one whole frame (without its four length bytes), by kind. The kind is the first byte of a frame, so these
// are known before anything is buffered.

/** Read before the other side is accepted: version, digest, nonce and a short name fit in 200 bytes. */
const HELLO_BYTES: number = 4 * KiB;
/** One nonce of 32 bytes. */
const ACK_BYTES: number = 64;
/** Says nothing. */
const BEAT_BYTES: number = 8;
/** A consent with a large leaf tree is a few KiB, the widest roster with n signatures below 100 KiB; twice that again. */
const STATEMENT_BYTES: number = 256 * KiB;
/** A payload: calldata of more than 128 KiB does not enter a public mempool, typed data with deep nesting may be larger. */
const DOCUMENT_BYTES: number = MiB;
/** The largest round body (a reply of one pair's multiplication) is 41 KiB, its signed envelope adds 107 bytes. */
const ROUND_BYTES: number = 48 * KiB;
/** The entries of one ceremony, broadcasts whole: 255 parties' statements of 10 KiB and their round broadcasts. */
const TRANSCRIPT_BYTES: number = 8 * MiB;
/** 1024 digests of 32 bytes and their 2-byte field headers: more than one ceremony can name. */
const WANT_BYTES: number = 36 * KiB;
/** Two identifiers and a short word. */
const PROGRESS_BYTES: number = 256;

/** Most bytes of a frame of each kind, without its length prefix. */
export const FRAME_BYTES: Readonly<Record<FrameKind, number>> = {
  hello: HELLO_BYTES,
  ack: ACK_BYTES,
  beat: BEAT_BYTES,
  statement: STATEMENT_BYTES,
  document: DOCUMENT_BYTES,
  round: ROUND_BYTES,
  transcript: TRANSCRIPT_BYTES,
  want: WANT_BYTES,
  progress: PROGRESS_BYTES,
};

/** The largest of them: what a length prefix may claim once the other side is accepted. */
export const FRAME_BYTES_TOTAL: number = TRANSCRIPT_BYTES;

// ---------------------------------------------------------------------------------------------------------------
// Fields.

/** Digests are SHA-256 or keccak-256, nonces and ceremony names are as long. */
export const DIGEST_BYTES = 32;
/** What WANT_BYTES leaves room for. */
export const WANT_DIGESTS = 1024;
/** A name and a version; longer text belongs into no log line. */
export const SOFTWARE_CHARS = 64;
/** A word such as `keygen/round-3`. */
export const STAGE_CHARS = 64;
/** Party indices are one byte in round envelopes (docs/protocol.md a.3.5), 0 there means everyone. */
export const PARTY_MAX = 255;

// ---------------------------------------------------------------------------------------------------------------
// One session.

/** The version this code speaks. Both sides must say the same one: there is no negotiation to be talked down in. */
export const WIRE_VERSION = 1;
/** Two frames each way between machines that have just started and are busy; an unfinished session holds a place until then. */
export const HELLO_MS = 8_000;
/** One connection being replaced and one replacing it. */
export const GREETINGS_PER_PEER = 2;
/** A restarting node needs one or two a second; each costs us a signature check and a key exchange. */
export const SESSIONS_BURST = 20;
export const SESSIONS_PER_SECOND = 2;
/** Idle sides say so this often, */
export const BEAT_MS = 2_000;
/** and are given up after some missed beats and the longest pause a busy machine takes for a ceremony's arithmetic. */
export const SILENCE_MS = 15_000;
/** A full window of 1 MiB at 50 KiB/s; a peer that reads slower than that is of no use in a ceremony. */
export const STALL_MS = 20_000;
/** Given to the transport at once: what waits inside it is never more than this and one window. */
export const SLICE_BYTES: number = 64 * KiB;
/** Three transcripts of the largest size; further frames are refused, not queued. */
export const QUEUE_BYTES: number = 24 * MiB;
/** Frames of a few bytes also cost memory: about 1 MiB of bookkeeping. */
export const QUEUE_FRAMES = 4_096;
/** How long a frame waits for a connection: several redials, or one restart of the peer. */
export const SEND_WAIT_MS = 10_000;
/** Reading slows down beyond this, so that one member cannot keep the others waiting. A round of 255 parties fits. */
export const FRAMES_BURST = 4_000;
export const FRAMES_PER_SECOND = 1_000;
/** The same in bytes: four of the largest frames at once, then one a second. */
export const BYTES_BURST: number = 32 * MiB;
export const BYTES_PER_SECOND: number = 8 * MiB;

// ---------------------------------------------------------------------------------------------------------------
// Below the frames: connections and streams.

/** Nothing between open and accepted may take longer; a client that sends nothing holds its place this long. */
export const UPGRADE_MS = 8_000;
/** Per address and second. Parties behind one NAT restart together; 20 a second for UPGRADE_MS stay below CONNECTIONS_PENDING. */
export const CONNECTIONS_PER_SECOND = 20;
/** Unfinished inbound connections from everywhere; each holds a socket and less than 8 KiB. */
export const CONNECTIONS_PENDING = 256;
/** Sockets in all: every party and coordinator twice, and the unfinished ones. */
export const SOCKETS = 1_024;
/** Connections that have proved their identity: two a party and room for coordinators. */
export const CONNECTIONS = 600;
/** Before encryption the two sides exchange two short names; nothing longer is buffered, */
export const NEGOTIATION_BYTES: number = KiB;
/** no length takes more than two bytes, */
export const NEGOTIATION_LENGTH_BYTES = 2;
/** and no more than a few names are tried. */
export const NEGOTIATION_NAMES = 16;
/** One stream a direction and one being replaced. */
export const STREAMS = 2;
/** 1 MiB in flight keeps 100 ms lines at 10 MiB/s. No honest muxer frame is longer than the window it fills. */
export const WINDOW_BYTES: number = MiB;
/** A paused stream is filled up to its window, and the frame that crosses it. */
export const READ_BUFFER_BYTES: number = 2 * MiB;
/** Muxer frames that oblige us to answer: one ping in 30 s and one stream a session are honest. */
export const MUXER_ANSWERS_BURST = 64;
export const MUXER_ANSWERS_PER_SECOND = 4;
/** What we owe a peer that does not read: its windows, then answers to what it keeps sending. */
export const MUXER_BACKLOG_BYTES: number = 4 * MiB;

// ---------------------------------------------------------------------------------------------------------------
// Dialling.

/** A handshake over a slow line; a host that drops packets is tried again after it. */
export const DIAL_MS = 8_000;
/** First retry: a process that was killed needs longer than this to start. */
export const REDIAL_FIRST_MS = 100;
/** Later retries: a peer is back within about a second of listening again, for one packet a second. */
export const REDIAL_LAST_MS = 1_000;
/** A session that lasted this long was a good one: the next redial comes quickly again. */
export const REDIAL_SETTLED_MS = 2_000;
/** After a refusal (another network, another version) a person has to act first. */
export const REDIAL_REFUSED_MS = 10_000;
/** The side that should not dial does so after this, in case the other one has no address for it. */
export const REDIAL_GRACE_MS = 3_000;
