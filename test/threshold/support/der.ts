/** A strict reader of DER signatures for test vectors: SEQUENCE of two INTEGERs, nothing else, nothing after. */
export interface DerSignature {
  readonly r: bigint;
  readonly s: bigint;
}

export function readDer(bytes: Uint8Array): DerSignature | undefined {
  const [tag, length] = bytes;
  if (tag !== 0x30 || length === undefined || length >= 0x80 || bytes.length !== 2 + length) return undefined;
  const r = readInteger(bytes, 2);
  const s = r && readInteger(bytes, r.end);
  return r === undefined || s === undefined || s.end !== bytes.length ? undefined : { r: r.value, s: s.value };
}

/** Non-negative and without needless zero bytes. */
function readInteger(bytes: Uint8Array, at: number): { readonly value: bigint; readonly end: number } | undefined {
  const length = bytes[at + 1];
  if (bytes[at] !== 0x02 || length === undefined || length === 0 || length >= 0x80) return undefined;
  const content = bytes.subarray(at + 2, at + 2 + length);
  const [first = 0, second = 0] = content;
  if (content.length !== length || first >= 0x80) return undefined;
  if (first === 0 && length > 1 && second < 0x80) return undefined;
  return { value: content.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n), end: at + 2 + length };
}
