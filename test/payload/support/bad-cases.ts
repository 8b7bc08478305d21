/** A case of bad input: what is handed over, and what must be said about it. */
import type { Hex } from 'viem';
import type { Payload } from '../../../protocol/payload/payload.ts';
import { encodeRlp, type RlpItem } from '../../../protocol/payload/rlp.ts';
import { documentFile, documentOf, documentPayload, isDocument, type Kind, sample } from './bad-samples.ts';
import { hex, TOKEN } from './payloads.ts';

/** What must be said about a case. */
export type Outcome =
  | { readonly refused: string }
  /** It is not bad: the whole of it is read, with at least these risks, and no screen shows it raw. */
  | { readonly reads: readonly string[] }
  /** It is read, and a policy for another chain denies it for this reason. */
  | { readonly denied: string };

export interface Case {
  readonly payload?: Payload;
  readonly file?: string | Uint8Array;
  readonly outcome: Outcome;
}

/** The cases of a cell, or why there cannot be any. */
export type Cell = readonly Case[] | string;

/** A transaction is handed over as it is, so the file says the same. */
export function transaction(unsigned: Uint8Array, code: string): Case {
  return { ...transactionInput(unsigned), outcome: { refused: code } };
}

export function transactionInput(unsigned: Uint8Array): Pick<Case, 'payload' | 'file'> {
  return { payload: { kind: 'evm-transaction', bytes: unsigned }, file: hex(unsigned) };
}

export function payload(kind: Kind, changedBytes: Uint8Array, code: string): Case {
  return { payload: { kind: sample(kind).payload.kind, bytes: changedBytes }, outcome: { refused: code } };
}

export function file(text: string | Uint8Array, code: string): Case {
  return { file: text, outcome: { refused: code } };
}

/** The code of bytes that are not the text of this kind at all. */
export function noText(kind: Kind): string {
  return isDocument(kind) ? 'TYPED_DATA_JSON' : 'MESSAGE_MALFORMED';
}

/** A Safe transaction that calls a token with `data`, as payload and as file. */
export function safeCall(data: Hex, code: string): readonly Case[] {
  const document = documentOf('safe-tx', { to: TOKEN, data });
  return [{ payload: documentPayload(document), file: documentFile(document), outcome: { refused: code } }];
}

export function rlpAuthorization(fields: readonly RlpItem[]): Uint8Array {
  return Uint8Array.from([5, ...encodeRlp(fields)]);
}
