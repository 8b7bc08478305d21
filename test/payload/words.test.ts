import fc from 'fast-check';
import { expect, describe as group, test } from 'vitest';
import { checksumAddress, parseAddress } from '../../protocol/payload/address.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { decimalAmount, nativeAmount } from '../../protocol/payload/words/amounts.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import {
  calling,
  decoded,
  execTransaction,
  FOREIGN_CODE,
  FRIEND,
  MULTI_SEND,
  multiSend,
  plainTransaction,
  SAFE,
  safeTx,
  TOKEN,
  transfer,
} from './support/payloads.ts';

group('sanitise', () => {
  test.each<[string, string, string]>([
    ['right-to-left override', 'pay\u202egnp.exe', 'pay\\u{202e}gnp.exe'],
    ['isolates', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['zero-width space', 'a\u200bb', 'a\\u{200b}b'],
    ['zero-width joiner', 'a\u200db', 'a\\u{200d}b'],
    ['a Cyrillic letter', 'p\u0430ypal', 'p\\u{430}ypal'],
    ['a Greek letter', '\u03bf', '\\u{3bf}'],
    ['tag characters', '\u{e0041}', '\\u{e0041}'],
    ['a variation selector', 'x\ufe0f', 'x\\u{fe0f}'],
    ['Hangul filler', '\u3164', '\\u{3164}'],
    ['full width', '\uff21', '\\u{ff21}'],
    ['a lone surrogate', '\ud800', '\\u{d800}'],
    ['an emoji', '\u{1f600}', '\\u{1f600}'],
    ['a soft hyphen', '\u00ad', '\\u{ad}'],
    ['a byte order mark', '\ufeff', '\\u{feff}'],
    ['a terminal colour', '\x1b[31m', '\\u{1b}[31m'],
    ['a terminal link', '\x1b]8;;x\x07', '\\u{1b}]8;;x\\u{7}'],
    ['a clipboard write', '\x1b]52;c;x\x07', '\\u{1b}]52;c;x\\u{7}'],
    ['a C1 control', '\u009b2J', '\\u{9b}2J'],
    ['overprinting', 'bad\rgood\b', 'bad\\u{d}good\\u{8}'],
    ['a line break and a tab', 'a\n\tb', 'a\\u{a}\\u{9}b'],
    ['delete', '\x7f', '\\u{7f}'],
    ['nothing special', 'Pay 5 ~ "ok" \\ {}', 'Pay 5 ~ "ok" \\ {}'],
  ])('%s', (_, text, expected) => {
    expect(sanitise(text, 140)).toBe(expected);
  });

  test('is ASCII and within its length whatever comes in, and never cuts an escape', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.integer({ min: 3, max: 60 }), (text, max) => {
        const result = sanitise(text, max);
        expect(result).toMatch(/^[\x20-\x7e]*$/);
        expect(result.length).toBeLessThanOrEqual(max);
        expect(result.replaceAll(/\\u\{[0-9a-f]+\}/g, '')).not.toMatch(/\\u\{[0-9a-f]*\.\.\.$/);
      }),
    );
  });

  test('says that it cut', () => {
    expect(sanitise('a'.repeat(20), 10)).toBe('aaaaaaa...');
    expect(sanitise('a'.repeat(10), 10)).toBe('a'.repeat(10));
    expect(sanitise('aaaa\u202ebbbb', 10)).toBe('aaaa...');
  });
});

group('addresses', () => {
  // The examples of EIP-55.
  test.each([
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ])('%s', (text) => {
    const address = parseAddress(text);
    expect(address).toBe(text.toLowerCase());
    if (address === undefined || address === 'checksum') throw new Error('an address');
    expect(checksumAddress(address)).toBe(text);
    const swapped = text.replace(/[a-f]/, (letter) => letter.toUpperCase());
    expect(parseAddress(swapped)).toBe('checksum');
  });

  test('is an address', () => {
    for (const text of ['', '0x', `0x${'1'.repeat(39)}`, `0x${'1'.repeat(41)}`, `0x${'g'.repeat(40)}`, `${FRIEND} `]) {
      expect(parseAddress(text)).toBeUndefined();
    }
  });
});

group('amounts', () => {
  test('are exact', () => {
    expect(nativeAmount(1n)).toBe('0.000000000000000001 ether (1 wei)');
    expect(nativeAmount(0n)).toBe('0 ether (0 wei)');
    expect(nativeAmount(30_000n * 10n ** 18n)).toBe('30000 ether (30000000000000000000000 wei)');
    expect(decimalAmount(1_500_000n, 6)).toBe('1.5');
    expect(decimalAmount(15n, 0)).toBe('15');
  });
});

group('what a key holder reads', () => {
  const screen = (payload: Parameters<typeof decoded>[0]): string => describe(assess(decoded(payload))).join('\n');

  test('a plain transfer: who, how much, to whom, and the digest', () => {
    const text = screen(plainTransaction({ value: 15n * 10n ** 17n }));
    expect(text).toContain('chain 1, nonce 7');
    expect(text).toContain(`moves 1.5 ether (1500000000000000000 wei) from the wallet to ${checksumAddress(FRIEND)}`);
    expect(text).toContain('at most 0.003 ether');
    expect(text).toContain('Nothing unusual');
    expect(text).toMatch(/Digest that will be signed: 0x[0-9a-f]{64}$/);
  });

  test('a delegatecall is loud', () => {
    const text = screen(safeTx({ to: FOREIGN_CODE, operation: 1, data: transfer() }));
    expect(text).toContain('!! DELEGATECALL');
    expect(text).toContain(`hands itself over to the code at ${checksumAddress(FOREIGN_CODE)}`);
    expect(text).toContain('CRITICAL DELEGATECALL_UNTRUSTED');
    expect(text).not.toContain('units of token');
  });

  test('every call of a batch has its line, and no address is shortened', () => {
    const receivers = Array.from({ length: 40 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, 'a')}` as const);
    const batch = multiSend(receivers.map((to) => ({ to: TOKEN, data: transfer(to, 7n) })));
    const text = screen(calling(SAFE, execTransaction({ to: MULTI_SEND, operation: 1, data: batch })));
    for (const [i, to] of receivers.entries()) {
      expect(text).toContain(`0.0.${i}  ${checksumAddress(SAFE)} calls ${checksumAddress(TOKEN)}`);
      expect(text).toContain(
        `moves 7 units of token ${checksumAddress(TOKEN)} (or the NFT of that number) from ${checksumAddress(SAFE)} to ${checksumAddress(to)}`,
      );
    }
    for (const found of text.matchAll(/0x[0-9a-fA-F]{1,39}\b(?![0-9a-fA-F])/g)) {
      expect(found[0].length).toBeLessThan(12);
    }
  });

  test('a refund and a legacy domain are spelled out', () => {
    const text = screen(safeTx({ gasPrice: '3', baseGas: '100', gasToken: TOKEN }, { verifyingContract: SAFE }));
    expect(text).toContain(`pays at least 300 units of token ${checksumAddress(TOKEN)} to whoever submits it`);
    expect(text).toContain('ON EVERY CHAIN');
  });

  test('unknown calls show their data, long data its length', () => {
    expect(screen(calling(TOKEN, '0xdeadbeef0102'))).toContain('unknown function 0xdeadbeef');
    expect(screen(calling(TOKEN, '0xdeadbeef0102'))).toContain('data: 0xdeadbeef0102');
    expect(screen(calling(TOKEN, `0xdeadbeef${'00'.repeat(600)}`))).toContain('604 bytes, too long to show');
  });

  test('all lines are printable ASCII', () => {
    for (const payload of [plainTransaction({ to: null, data: '0x00' }), safeTx({ to: SAFE, data: '0x01' })]) {
      for (const line of describe(assess(decoded(payload)))) expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
  });
});
