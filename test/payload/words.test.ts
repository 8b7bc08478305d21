import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { TOKENS } from 'micro-eth-signer/abi.js';
import { encodeFunctionData, type Hex, parseAbi } from 'viem';
import { expect, describe as group, test } from 'vitest';
import { utf8 } from '../../protocol/common/bytes.ts';
import { checksumAddress, parseAddress } from '../../protocol/payload/address.ts';
import { authorizationPayload } from '../../protocol/payload/authorization.ts';
import { messagePayload } from '../../protocol/payload/message.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { decimalAmount, nativeAmount, tokenAmount } from '../../protocol/payload/words/amounts.ts';
import { type Beside, describe } from '../../protocol/payload/words/describe.ts';
import type { AddressNames } from '../../protocol/payload/words/names.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import { dateWords, spanWords } from '../../protocol/payload/words/times.ts';
import { tokenFacts } from '../../protocol/payload/words/tokens.ts';
import {
  ABI,
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
import { delegation, seaportOrder, typedDocument, typedPayload } from './support/typed-documents.ts';

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
    expect(nativeAmount(1n, 'ETH')).toBe('0.000000000000000001 ETH (1 wei)');
    expect(nativeAmount(0n, 'POL')).toBe('0 POL (0 wei)');
    expect(nativeAmount(30_000n * 10n ** 18n, 'ETH')).toBe('30,000 ETH (30000000000000000000000 wei)');
    expect(decimalAmount(1_500_000n, 6)).toBe('1.5');
    expect(decimalAmount(15n, 0)).toBe('15');
    expect(decimalAmount(-1_234_567n, 3)).toBe('-1,234.567');
    expect(tokenAmount(1_234_500_000n, { symbol: 'USDC', decimals: 6 })).toBe('1,234.5 USDC (1234500000 units)');
  });

  test('keep every digit', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), fc.integer({ min: 0, max: 30 }), (amount, decimals) => {
        const [whole = '', fraction = ''] = decimalAmount(amount, decimals).replaceAll(',', '').split('.');
        expect(BigInt(whole + fraction.padEnd(decimals, '0'))).toBe(amount);
      }),
    );
  });
});

group('times', () => {
  test.each<[bigint, string | undefined]>([
    [0n, '1970-01-01 00:00:00 UTC'],
    [951_782_400n, '2000-02-29 00:00:00 UTC'],
    [4_107_542_399n, '2100-02-28 23:59:59 UTC'],
    [4_107_542_400n, '2100-03-01 00:00:00 UTC'],
    [253_402_300_799n, '9999-12-31 23:59:59 UTC'],
    [253_402_300_800n, undefined],
    [-1n, undefined],
  ])('%s', (seconds, words) => {
    expect(dateWords(seconds)).toBe(words);
  });

  test('are those of the calendar', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        const expected = new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
        expect(dateWords(BigInt(seconds))).toBe(expected);
      }),
    );
  });

  test('spans', () => {
    expect(spanWords(59n)).toBe('00:00:59');
    expect(spanWords(90_061n)).toBe('1 day 01:01:01');
    expect(spanWords(2n * 86_400n)).toBe('2 days 00:00:00');
  });
});

type TokenRow = readonly [address: string, symbol: string, decimals: number];
const tokenData = JSON.parse(
  readFileSync(new URL('../../protocol/payload/words/data/tokens.json', import.meta.url), 'utf8'),
) as { readonly chains: Readonly<Record<string, readonly TokenRow[]>> };

group('tokens', () => {
  test('each address is what its checksum says, and no token stands twice', () => {
    for (const [chain, rows] of Object.entries(tokenData.chains)) {
      const seen = rows.map(([address]) => address);
      expect(new Set(seen.map((address) => address.toLowerCase())).size).toBe(seen.length);
      for (const address of seen) {
        const parsed = parseAddress(address);
        if (parsed === undefined || parsed === 'checksum') throw new Error(`${chain} ${address}`);
        expect(tokenFacts(BigInt(chain), parsed)).toBeDefined();
        expect(tokenFacts(BigInt(chain), parsed)?.symbol).toMatch(/^[A-Za-z0-9.]{2,10}$/);
      }
    }
  });

  test('agree with the list of another project on mainnet', () => {
    const theirs = new Map(Object.entries(TOKENS).map(([address, token]) => [address.toLowerCase(), token]));
    let both = 0;
    for (const [address, symbol, decimals] of tokenData.chains['1'] ?? []) {
      const token = theirs.get(address.toLowerCase());
      if (token === undefined) continue;
      both++;
      expect([symbol, decimals]).toEqual([token.symbol, token.decimals]);
    }
    expect(both).toBeGreaterThan(12);
  });

  test('are unknown on another chain, or without one', () => {
    const usdc = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
    expect(tokenFacts(1n, usdc)).toEqual({ symbol: 'USDC', decimals: 6 });
    expect(tokenFacts(10n, usdc)).toBeUndefined();
    expect(tokenFacts(undefined, usdc)).toBeUndefined();
  });
});

const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';

group('what a key holder reads', () => {
  const screen = (payload: Parameters<typeof decoded>[0], beside: Beside = {}): string =>
    describe(assess(decoded(payload)), beside).join('\n');

  test('a plain transfer: how much, to whom, and the digest', () => {
    const text = screen(plainTransaction({ value: 15n * 10n ** 17n }));
    expect(text).toContain('on chain 1 (Ethereum), nonce 7');
    expect(text).toContain('WHAT LEAVES, AND WHO GETS IT\n  1.5 ETH (1500000000000000000 wei)\n    from the wallet');
    expect(text).toContain(`to ${checksumAddress(FRIEND)}`);
    expect(text).toContain('at most 0.003 ETH');
    expect(text).toContain('RISKS: none\n  Nothing unusual was found.');
    expect(text).toMatch(/Digest that will be signed: 0x[0-9a-f]{64}$/);
  });

  test('a known token in its own unit, with the raw number; an unknown one in raw units only', () => {
    const known = screen(calling(USDC, transfer(FRIEND, 1_234_500_000n)));
    expect(known).toContain(`  1,234.5 USDC (1234500000 units) of token ${checksumAddress(USDC)}`);
    const unknown = screen(calling(TOKEN, transfer(FRIEND, 1_234_500_000n)));
    expect(unknown).toContain(
      `  1234500000 units of token ${checksumAddress(TOKEN)} (decimals unknown; or the NFT of that number)`,
    );
    const elsewhere = screen(plainTransaction({ chainId: 10, to: USDC, data: transfer(FRIEND, 5n) }));
    expect(elsewhere).toContain('decimals unknown');
  });

  test('an approval is not said to leave, and no limit is called so', () => {
    const approve = (amount: bigint): Hex =>
      encodeFunctionData({ abi: ABI, functionName: 'approve', args: [FRIEND, amount] });
    const text = screen(calling(USDC, approve(2n ** 256n - 1n)));
    expect(text).not.toContain('WHAT LEAVES');
    expect(text).toContain(`WHO MAY TAKE WHAT FROM THEN ON, AT ANY TIME\n  UNLIMITED USDC (2^256 - 1 units)`);
    expect(text).toContain(`by ${checksumAddress(FRIEND)}`);
    expect(text).toContain(`amount (uint256): ${2n ** 256n - 1n}`);
    expect(screen(calling(USDC, approve(5_000_000n)))).toContain('  5 USDC (5000000 units) of token');
  });

  test('names come from the policies of the key holder alone, beside the whole address', () => {
    const names: AddressNames = (chainId, address) =>
      address === FRIEND && chainId !== 5n ? [{ label: 'Payroll \u202e', list: 'people', chainId: 1n }] : [];
    const text = screen(plainTransaction({ value: 1n }), { names });
    expect(text).toContain(`to ${checksumAddress(FRIEND)} = "Payroll \\u{202e}" (your list "people")`);
    expect(screen(plainTransaction({ value: 1n, chainId: 5 }), { names })).not.toContain('Payroll');
    expect(screen(plainTransaction({ value: 1n }), { wallet: FRIEND })).toContain('= YOUR WALLET');
    const legacy = screen(safeTx({ to: FRIEND, value: '1' }, { verifyingContract: SAFE }), { names });
    expect(legacy).toContain('(your list "people" for chain 1)');
  });

  test('a delegatecall is loud, and what it may do is not counted', () => {
    const text = screen(safeTx({ to: FOREIGN_CODE, operation: 1, data: transfer() }));
    expect(text).toContain('!! DELEGATECALL');
    expect(text).toContain(`hands itself over to the code at\n     ${checksumAddress(FOREIGN_CODE)}`);
    expect(text).toContain('!! CRITICAL DELEGATECALL_UNTRUSTED');
    expect(text).toContain('CANNOT BE TOLD for call 0');
    expect(text).not.toContain('WHAT LEAVES');
    expect(text).not.toContain('In words');
  });

  test('what no movement stands for is never called nothing', () => {
    const abi = parseAbi(['function approveHash(bytes32)', 'function withdraw(uint256)']);
    const all = encodeFunctionData({ abi: ABI, functionName: 'setApprovalForAll', args: [FRIEND, true] });
    const text = screen(calling(TOKEN, all));
    expect(text).toContain(
      `WHO MAY TAKE EVERYTHING OF A KIND FROM THEN ON, AT ANY TIME\n  !! ALL NFTs of token ${checksumAddress(TOKEN)}, now and later\n    from the wallet\n    by ${checksumAddress(FRIEND)}`,
    );
    expect(text).not.toContain('no permission to take any');
    const none = encodeFunctionData({ abi: ABI, functionName: 'setApprovalForAll', args: [FRIEND, false] });
    expect(screen(calling(TOKEN, none))).not.toContain('ALL NFTs');
    const hash = encodeFunctionData({ abi, functionName: 'approveHash', args: [`0x${'12'.repeat(32)}`] });
    expect(screen(calling(SAFE, hash))).toContain('CANNOT BE TOLD for call 0');
    const order = seaportOrder([{ itemType: 4, token: TOKEN }], [{ itemType: 0, amount: '1000000000000' }]);
    expect(screen(typedPayload(order))).toContain('CANNOT BE TOLD for call 0');
    const unwrap = encodeFunctionData({ abi, functionName: 'withdraw', args: [5n] });
    expect(screen(calling(TOKEN, unwrap))).toContain('What the functions below move by themselves does not stand');
    expect(screen(calling(FRIEND, '0x'))).not.toContain('What the functions below');
  });

  test('long fields and types of a document are shown to their last character', () => {
    const fields = Array.from({ length: 60 }, (_, i) => `string field${i}${'x'.repeat(50)}`);
    const message = Object.fromEntries(fields.map((field, i) => [field.slice(7), `${i}`]));
    const last = fields.at(-1)?.slice(7) ?? '';
    const filler = ' '.repeat(9_000);
    const hidden = `${filler}and everything else to ${FRIEND}`;
    const document = typedDocument(
      `Note(${fields.join(',')},bytes blob)`,
      { ...message, [last]: hidden, blob: `0x${'00'.repeat(5_000)}c0ffee` },
      { name: 'Notes', version: '1', chainId: 1, verifyingContract: TOKEN },
    );
    const lines = screen(typedPayload(document)).split('\n');
    const joined = lines.map((line) => line.replace(/^ +[|+] /, '')).join('');
    expect(joined).toContain(`and everything else to ${FRIEND}"`);
    expect(joined).toContain(`${'00'.repeat(50)}c0ffee`);
    expect(joined).toContain('bytes blob)');
    expect(lines.every((line) => line.length < 4096 && !line.endsWith('...'))).toBe(true);
  });

  test('operation, nonce and refund of a Safe are there whatever is called', () => {
    const text = screen(safeTx({ to: FRIEND, value: '1' }));
    expect(text).toMatch(/Safe nonce [0-9]+; operation 0 = call\nGas refund: none/);
    const refund = screen(safeTx({ gasPrice: '3', baseGas: '100', gasToken: TOKEN }, { verifyingContract: SAFE }));
    expect(refund).toContain(`Gas refund: !! SET: 3 units of token ${checksumAddress(TOKEN)} per gas`);
    expect(refund).toContain(`pays at least 300 units of token ${checksumAddress(TOKEN)} to whoever submits it`);
    expect(refund).toContain('ON EVERY CHAIN');
  });

  test('critical risks stand before high ones', () => {
    const lines = screen(safeTx({ to: FOREIGN_CODE, operation: 1, data: transfer() })).split('\n');
    const marks = lines.flatMap((line) => /^ {2}(!! CRITICAL|! {2}HIGH) /.exec(line)?.[1] ?? []);
    expect(marks).toContain('!! CRITICAL');
    expect([...marks].sort()).toEqual([...marks].sort((a, b) => (a === b ? 0 : a === '!! CRITICAL' ? -1 : 1)).sort());
    expect(marks.lastIndexOf('!! CRITICAL')).toBeLessThan(marks.indexOf('!  HIGH'));
  });

  test('what was observed stands in a section of its own, with its source', () => {
    const observed = [{ code: 'SIM_REVERTS', path: '0', detail: 'simulation on block 5: out of gas' }] as const;
    const text = describe(assess(decoded(plainTransaction({ value: 1n })), { observed })).join('\n');
    expect(text).toContain('RISKS: none');
    expect(text).toContain(
      'UNUSUAL, SIMULATION, CHECKER: 1 high\n  !  HIGH SIM_REVERTS, call 0: simulation on block 5: out of gas',
    );
  });

  test('every call of a batch is listed, the sum stands on top, and no address is shortened', () => {
    const receivers = Array.from({ length: 40 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, 'a')}` as const);
    const batch = multiSend(receivers.map((to) => ({ to: USDC, data: transfer(to, 7_000_000n) })));
    const text = screen(calling(SAFE, execTransaction({ to: MULTI_SEND, operation: 1, data: batch })));
    expect(text).toContain(
      '  and 32 more, each of them listed with its call below\n  IN ALL 280 USDC in 40 calls to 40 addresses',
    );
    for (const [i, to] of receivers.entries()) {
      expect(text).toContain(`0.0.${i}  ${checksumAddress(SAFE)} calls\n`);
      expect(text).toContain(`- moves 7 USDC (7000000 units) to ${checksumAddress(to)}`);
    }
    for (const found of text.matchAll(/0x[0-9a-fA-F]{1,39}\b(?![0-9a-fA-F])/g)) {
      expect(found[0].length).toBeLessThan(12);
    }
  });

  test('unknown calls show their selector and data, long data its length', () => {
    const text = screen(calling(TOKEN, '0xdeadbeef0102'));
    expect(text).toContain('!! CANNOT READ THIS CALL');
    expect(text).toContain('unknown function 0xdeadbeef with 2 bytes of arguments');
    expect(text).toContain('data: 0xdeadbeef0102');
    expect(screen(calling(TOKEN, `0xdeadbeef${'00'.repeat(600)}`))).toContain(
      '604 bytes, too long to show: 0xdeadbeef00',
    );
  });

  test('a message is shown whole, line by line, and every other character by its number', () => {
    const message = 'Log in\n\u202eto \x1b[31mevil.example\nAccount: "you"'.padEnd(400, 'x');
    const text = screen({
      kind: 'evm-message',
      bytes: messagePayload({ encoding: 'text', text: message, bytes: utf8(message) }),
    });
    expect(text).toContain('MESSAGE of 402 bytes, signed as TEXT');
    expect(text).toContain('  | Log in\n  | \\u{202e}to \\u{1b}[31mevil.example\n  | Account: "you"xxx');
    expect(text.match(/x/g)?.length).toBeGreaterThan(340);
    const raw = screen({
      kind: 'evm-message',
      bytes: messagePayload({ encoding: 'hex', text: undefined, bytes: utf8('hello') }),
    });
    expect(raw).toContain('signed as BYTES');
    expect(raw).toContain('THE BYTES\n  0x68656c6c6f');
  });

  test('an authorization names the code that would run as the wallet', () => {
    const bytes = authorizationPayload({ chainId: 0n, address: FOREIGN_CODE, nonce: 3n });
    const text = screen({ kind: 'evm-authorization', bytes });
    expect(text).toContain(
      'AUTHORIZATION (EIP-7702) to run foreign code as your wallet, ON EVERY CHAIN, account nonce 3',
    );
    expect(text).toContain(`the wallet lets the code at ${checksumAddress(FOREIGN_CODE)} run as its account`);
    expect(text).toContain('CANNOT BE TOLD');
  });

  test('a document is shown whole: domain, type and every field', () => {
    const text = screen(typedPayload(PERMIT));
    expect(text).toContain('SIGNED DOCUMENT (EIP-712) "Permit", on chain 1 (Ethereum)');
    expect(text).toContain('type Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)');
    for (const field of ['domain.name (string): "USD Coin"', 'domain.version (string): "2"', 'nonce (uint256): 9']) {
      expect(text).toContain(`  ${field}`);
    }
    expect(text).toContain('deadline (uint256): 1800000000 = 2027-01-15 08:00:00 UTC');
    expect(text).toContain('Whoever holds the signature can use it.');
    expect(text).toContain('FOR HOW LONG\n  The signature can be used until 2027-01-15 08:00:00 UTC (1800000000).');
    expect(text).toContain('25 USDC (25000000 units)');
    expect(text).toContain('registry description of this document');
  });

  test('an order says what comes back, and a permit without an end says so', () => {
    const nft = { itemType: 2, token: TOKEN, id: '7' };
    const sale = screen(typedPayload(seaportOrder([nft], [{ itemType: 0, amount: '2000000000000000000' }])));
    expect(sale).toContain(
      `  NFT number 7 of token ${checksumAddress(TOKEN)}, 1 of it\nWHAT COMES BACK TO IT\n  2 ETH (2000`,
    );
    expect(sale).toContain('The order can be taken until 2030-01-01 00:00:00 UTC');
    expect(screen(typedPayload(seaportOrder([nft], [])))).toContain('WHAT COMES BACK TO IT\n  !! NOTHING');
    const endless = { ...PERMIT, message: { ...PERMIT.message, deadline: `${2n ** 256n - 1n}` } };
    expect(screen(typedPayload(endless))).toContain('  !! The signature can be used FOR EVER (until 1157');
    expect(screen(typedPayload(delegation()))).toContain(`WHO GETS THE VOTING POWER\n  ${checksumAddress(FRIEND)}`);
  });

  test('all lines are printable ASCII', () => {
    for (const payload of [plainTransaction({ to: null, data: '0x00' }), safeTx({ to: SAFE, data: '0x01' })]) {
      for (const line of describe(assess(decoded(payload)))) expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
  });
});

const PERMIT = {
  primaryType: 'Permit',
  domain: { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: USDC },
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Permit: ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256'].map((field) => {
      const [name, type] = field.split(' ');
      return { name, type };
    }),
  },
  message: { owner: SAFE, spender: FRIEND, value: '25000000', nonce: '9', deadline: '1800000000' },
};
