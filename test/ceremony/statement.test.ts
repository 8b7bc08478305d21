import { createHash } from 'node:crypto';
import { base64 } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { openProposal } from '../../protocol/ceremony/proposal.ts';
import { openStart, signStart } from '../../protocol/ceremony/start.ts';
import {
  envelopeFromJson,
  envelopeJson,
  parseEnvelope,
  signStatement,
  statementDigest,
} from '../../protocol/ceremony/statement.ts';
import { openVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { openWithdrawal } from '../../protocol/ceremony/withdrawal.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { canonicalBytes, canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { must } from '../support/must.ts';
import { answer, codeOf, keyOf, propose, ROSTER, standingOf, startOf, withdraw } from './support/members.ts';

const proposal = propose();
const { envelope } = proposal;

interface Shape {
  readonly [key: string]: Json;
}

function shape(): Shape {
  return envelopeJson(envelope) as Shape;
}

function read(json: Json): string {
  return codeOf(envelopeFromJson(json));
}

describe('an envelope', () => {
  test('its digest is SHA-256 over the DSSE pre-authentication encoding, written out by hand', () => {
    const byHand = createHash('sha256').update('DSSEv1 16 keymoot.close.v1 2 {}').digest('hex');
    expect(toHex(statementDigest('keymoot.close.v1', utf8('{}')))).toBe(byHand);
    // Lengths count bytes, not characters.
    const umlaut = createHash('sha256').update('DSSEv1 16 keymoot.heads.v1 2 ä', 'utf8').digest('hex');
    expect(toHex(statementDigest('keymoot.heads.v1', utf8('ä')))).toBe(umlaut);
  });

  test('the signature is over that encoding and nothing else', () => {
    const key = keyOf('operator:ops');
    const pae = Buffer.concat([
      Buffer.from(`DSSEv1 19 keymoot.proposal.v1 ${envelope.body.length} `),
      Buffer.from(envelope.body),
    ]);
    expect(toHex(envelope.signature)).toBe(toHex(key.sign(pae)));
    expect(toHex(proposal.digest)).toBe(createHash('sha256').update(pae).digest('hex'));
  });

  test('its bytes are canonical and round trip', () => {
    const again = must(parseEnvelope(envelope.bytes));
    expect(again).toEqual(envelope);
    expect(must(parseCanonical(envelope.bytes))).toEqual(shape());
  });

  test('anything but the canonical bytes is refused', () => {
    const text = new TextDecoder().decode(envelope.bytes);
    const { payload, payloadType, signatures } = shape();
    const others = [
      `${text}\n`,
      ` ${text}`,
      text.replace('":"', '": "'),
      JSON.stringify({ signatures, payload, payloadType }),
      text.replace('"payloadType"', '"payloadTyp\\u0065"'),
      text.replace('{"payload":', `{"payload":"","payload":`),
      text.replace('keymoot', 'keymo\\u006ft'),
      `${text}${text}`,
      text.slice(0, -1),
      '',
      'null',
      '[]',
      '"text"',
    ];
    for (const other of others) expect(codeOf(parseEnvelope(utf8(other))), other.slice(0, 60)).not.toBe('ok');
    expect(codeOf(parseEnvelope(Uint8Array.of(0xef, 0xbb, 0xbf, ...envelope.bytes)))).toBe('STATEMENT_MALFORMED');
    expect(codeOf(parseEnvelope(Uint8Array.of(0xff, 0xfe)))).toBe('STATEMENT_MALFORMED');
  });

  test('none or two signatures are refused, key ids too', () => {
    const sig = base64.encode(envelope.signature);
    expect(read({ ...shape(), signatures: [] })).toBe('STATEMENT_MALFORMED');
    expect(read({ ...shape(), signatures: [{ sig }, { sig }] })).toBe('STATEMENT_MALFORMED');
    expect(read({ ...shape(), signatures: [{ sig, keyid: 'operator:ops' }] })).toBe('STATEMENT_MALFORMED');
    expect(read({ ...shape(), signatures: [{}] })).toBe('STATEMENT_MALFORMED');
    expect(read({ ...shape(), extra: 'x' })).toBe('STATEMENT_MALFORMED');
  });

  test('base64 other than the standard padded form is refused', () => {
    const sig = base64.encode(envelope.signature);
    const payload = base64.encode(envelope.body);
    const nonZeroPad = `${sig.slice(0, 85)}${String.fromCharCode(sig.charCodeAt(85) + 1)}==`;
    for (const other of [sig.replace(/=+$/, ''), sig.replace('==', '='), ` ${sig.slice(1)}`, `${sig.slice(0, -1)}\n`]) {
      expect(read({ ...shape(), signatures: [{ sig: other }] }), other).toBe('STATEMENT_MALFORMED');
    }
    expect(read({ ...shape(), signatures: [{ sig: nonZeroPad }] })).toBe('STATEMENT_MALFORMED');
    expect(read({ ...shape(), payload: `${payload}====` })).toBe('STATEMENT_MALFORMED');
    const urlSafe = base64
      .encode(Uint8Array.of(0xfb, 0xff, 0xfe))
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    expect(read({ ...shape(), payload: urlSafe })).toBe('STATEMENT_MALFORMED');
  });

  test('an unknown type is refused', () => {
    expect(read({ ...shape(), payloadType: 'keymoot.proposal.v2' })).toBe('STATEMENT_TYPE');
    expect(read({ ...shape(), payloadType: '' })).toBe('STATEMENT_TYPE');
  });
});

describe('opening', () => {
  test('a statement of one type is never read as another, even if it is signed as both could be', () => {
    for (const open of [openVerdict, openStart, openWithdrawal]) {
      expect(codeOf(open(envelope, ROSTER))).toBe('STATEMENT_TYPE');
    }
    // The same signed body under another type name: the type is part of what was signed.
    const renamed = must(envelopeFromJson({ ...shape(), payloadType: 'keymoot.withdrawal.v1' }));
    expect(codeOf(openWithdrawal(renamed, ROSTER))).toBe('STATEMENT_MALFORMED');
    const withdrawal = withdraw(proposal, 'party:1');
    const asStart = must(
      envelopeFromJson({ ...(envelopeJson(withdrawal.envelope) as Shape), payloadType: 'keymoot.start.v1' }),
    );
    expect(codeOf(openStart(asStart, ROSTER))).toBe('STATEMENT_MALFORMED');
  });

  test('only the key of the named author counts', () => {
    const body = startOf(
      proposal,
      [1, 2, 3].map((party) => standingOf(answer(proposal, party))),
    ).body;
    expect(codeOf(openStart(signStart(body, keyOf('operator:ops')).envelope, ROSTER))).toBe('ok');
    for (const stranger of ['operator:eve', 'party:1', 'operator:ops/transport']) {
      expect(codeOf(openStart(signStart(body, keyOf(stranger)).envelope, ROSTER)), stranger).toBe(
        'STATEMENT_SIGNATURE',
      );
    }
    for (const composer of ['operator:nobody', 'party:9']) {
      expect(codeOf(openStart(signStart({ ...body, composer }, keyOf('operator:ops')).envelope, ROSTER))).toBe(
        'STATEMENT_SIGNATURE',
      );
    }
    for (const composer of ['party:0', 'party:01', 'party:', 'operator:', 'party:1 ', 'ops', 'party:1:operator:ops']) {
      expect(codeOf(openStart(signStart({ ...body, composer }, keyOf('operator:ops')).envelope, ROSTER))).toBe(
        'STATEMENT_MALFORMED',
      );
    }
  });

  test('one changed bit of the body or the signature is refused', () => {
    const { payload, ...rest } = shape();
    const text = new TextDecoder().decode(base64.decode(typeof payload === 'string' ? payload : ''));
    const changed = text.replace('"note":"rent"', '"note":"Rent"');
    expect(changed).not.toBe(text);
    const altered = must(envelopeFromJson({ ...rest, payload: base64.encode(utf8(changed)) }));
    expect(codeOf(openProposal(altered, ROSTER))).toBe('STATEMENT_SIGNATURE');
    const signature = envelope.signature.slice();
    signature[5] = (signature[5] ?? 0) ^ 1;
    const forged = must(envelopeFromJson({ ...shape(), signatures: [{ sig: base64.encode(signature) }] }));
    expect(codeOf(openProposal(forged, ROSTER))).toBe('STATEMENT_SIGNATURE');
    const short = must(envelopeFromJson({ ...shape(), signatures: [{ sig: base64.encode(signature.subarray(1)) }] }));
    expect(codeOf(openProposal(short, ROSTER))).toBe('STATEMENT_SIGNATURE');
  });

  test('a body that is not canonical is refused although its author signed it', () => {
    const json = must(parseCanonical(envelope.body)) as Shape;
    const key = keyOf('operator:ops');
    expect(codeOf(openProposal(signStatement('keymoot.proposal.v1', json, (body) => body, key).envelope, ROSTER))).toBe(
      'ok',
    );
    const spaced = utf8(canonicalText(json).replace('":"', '": "'));
    const pae = Buffer.concat([Buffer.from(`DSSEv1 19 keymoot.proposal.v1 ${spaced.length} `), Buffer.from(spaced)]);
    const sealed = must(
      envelopeFromJson({
        payload: base64.encode(spaced),
        payloadType: 'keymoot.proposal.v1',
        signatures: [{ sig: base64.encode(key.sign(pae)) }],
      }),
    );
    expect(codeOf(openProposal(sealed, ROSTER))).toBe('STATEMENT_MALFORMED');
  });

  test('an identity is the body digest: another valid signature makes no other statement', () => {
    const again = propose(proposal.body);
    expect(toHex(again.digest)).toBe(toHex(proposal.digest));
    expect(canonicalBytes(envelopeJson(again.envelope))).toEqual(again.envelope.bytes);
  });
});
