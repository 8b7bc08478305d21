/**
 * First decoder, EIP-191 messages (`personal_sign`). The payload says whether the message is text or bytes, since
 * `"0x1234"` is a text to some wallets and two bytes to others.
 */

/** A message as the payload states it. */
export interface Message {
  readonly encoding: 'text' | 'hex';
  /** Of `text`: as the payload says it, any characters; sanitise before showing. */
  readonly text: string | undefined;
  /** What the prefix of EIP-191 is put before: the text in UTF-8, or the bytes themselves. */
  readonly bytes: Uint8Array;
}
