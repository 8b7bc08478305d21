/** Messages, authorizations and opened hashes on the whole path: proposal, verdicts, signature, transcript, audit. */
import { recoverAddress, recoverMessageAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { dealPairs, Moot } from '../support/moot.ts';
import { must } from '../support/must.ts';
import type { SignPlan } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { treasuryPolicy } from '../support/treasury.ts';

const SAFE = `0x${'5a'.repeat(20)}`;
const DELEGATE = `0x${'de'.repeat(20)}`;
const PAYEE = `0x${'a1'.repeat(20)}`;

/** Messages without asking; one delegate, and one Safe's payments, with everybody's hand. */
function policy(): object {
  const common = treasuryPolicy() as { readonly rules: readonly object[] };
  const kinds = ['evm-message'];
  const rules = [
    { id: 'talk', effect: 'allow', match: { kinds, operations: ['authorize'], risks: ['MESSAGE_SIG'] } },
    {
      id: 'delegate',
      effect: 'require',
      match: {
        kinds: ['evm-authorization'],
        operations: ['authorize'],
        chainIds: [31337],
        to: [DELEGATE],
        risks: ['EIP7702_AUTH'],
      },
    },
    {
      id: 'safe-by-message',
      effect: 'require',
      match: {
        kinds,
        operations: ['authorize'],
        chainIds: [31337],
        to: [SAFE],
        risks: ['MESSAGE_SIG', 'RAW_MESSAGE'],
      },
    },
    { id: 'safe-payment', effect: 'allow', match: { kinds, chainIds: [31337], safes: [SAFE], assets: ['ETH'] } },
  ];
  return { ...common, rules: [...common.rules, ...rules] };
}

const moot = new Moot({ label: 'kinds', common: policy(), version: 1 });
const { wallet: from } = moot.keygen('treasury');
if (from === undefined) throw new Error('the keygen gave no key');
const wallet = from;
dealPairs(moot, wallet);
const ADDRESS = `0x${toHex(wallet.wallet.address)}`;

function file(value: object): Payload {
  return must(payloadFromInspectJson(JSON.stringify(value)));
}

function told(payload: Payload, plan: Partial<SignPlan> = {}) {
  const { lines, story } = moot.sign(wallet, { payload, ...plan });
  return { story, report: verifyTranscript(fileOf(lines), { roster: moot.roster }) };
}

function signatureOf(report: ReturnType<typeof told>['report']): `0x${string}` {
  const { signature } = report;
  if (signature === undefined) throw new Error(`no signature: ${JSON.stringify(report.failure)}`);
  return `0x${toHex(concat(signature.r, signature.s, Uint8Array.of(27 + signature.recovery)))}`;
}

/** 2 ether from the Safe to the payee, as a wallet's own typed data says it. */
function safeTx(value: string): object {
  const field = (name: string, type: string): object => ({ name, type });
  const zero = `0x${'00'.repeat(20)}`;
  return {
    primaryType: 'SafeTx',
    domain: { chainId: 31337, verifyingContract: SAFE },
    types: {
      SafeTx: [
        field('to', 'address'),
        field('value', 'uint256'),
        field('data', 'bytes'),
        field('operation', 'uint8'),
        field('safeTxGas', 'uint256'),
        field('baseGas', 'uint256'),
        field('gasPrice', 'uint256'),
        field('gasToken', 'address'),
        field('refundReceiver', 'address'),
        field('nonce', 'uint256'),
      ],
    },
    message: {
      to: PAYEE,
      value,
      data: '0x',
      operation: 0,
      safeTxGas: 0,
      baseGas: 0,
      gasPrice: 0,
      gasToken: zero,
      refundReceiver: zero,
      nonce: 1,
    },
  };
}

describe('signed, and verified by the auditor', () => {
  it('a message', async () => {
    const text = 'Signed by all of us \u2713\n';
    const { report, story } = told(file({ kind: 'evm-message', encoding: 'text', message: text }));
    expect(report).toMatchObject({ ok: true, ending: 'completed' });
    expect(story.verdicts.map(({ body }) => [body.judgement, body.rules])).toEqual(
      story.verdicts.map(() => ['allow', ['common/talk']]),
    );
    expect((await recoverMessageAddress({ message: text, signature: signatureOf(report) })).toLowerCase()).toBe(
      ADDRESS,
    );
  });

  it('an authorization, after all have decided by hand', async () => {
    const payload = file({ kind: 'evm-authorization', chainId: 31337, address: DELEGATE, nonce: 3 });
    const { report, story } = told(payload);
    expect(report).toMatchObject({ ok: true, ending: 'completed' });
    for (const { body } of story.verdicts) expect(body).toMatchObject({ judgement: 'require', consents: 3 });
    const { digest } = must(decode(payload));
    const signer = await recoverAddress({ hash: `0x${toHex(digest)}`, signature: signatureOf(report) });
    expect(signer.toLowerCase()).toBe(ADDRESS);
  });

  it('the hash of a Safe transaction, opened by its preimage', () => {
    const document = safeTx('2');
    const inner = must(decode(file({ kind: 'evm-typed-data', typedData: document })));
    const message = { kind: 'evm-message', encoding: 'hex', message: `0x${toHex(inner.digest)}` };
    const { report, story } = told(file({ ...message, preimages: [document] }));
    expect(report).toMatchObject({ ok: true, ending: 'completed' });
    expect(story.verdicts[0]?.body.rules).toEqual(['common/safe-by-message', 'common/safe-payment', 'common/talk']);
  });
});

describe('refused by every party', () => {
  const hidden = { kind: 'evm-message', encoding: 'hex', message: `0x${'5a'.repeat(32)}` };
  it.each([
    ['a hash without a preimage', hidden, 'OPAQUE_MESSAGE'],
    ['a hash with another preimage', { ...hidden, preimages: [safeTx('2')] }, 'PREIMAGE_MISMATCH'],
    [
      'a message with a preimage that it does not need',
      { ...hidden, message: '0x01', preimages: [safeTx('2')] },
      'PREIMAGE_UNUSED',
    ],
    ['another delegate', { kind: 'evm-authorization', chainId: 31337, address: SAFE, nonce: 3 }, 'EIP7702_AUTH'],
    ['another chain', { kind: 'evm-authorization', chainId: 1, address: DELEGATE, nonce: 3 }, 'WRONG_CHAIN'],
    ['every chain', { kind: 'evm-authorization', chainId: 0, address: DELEGATE, nonce: 3 }, 'WRONG_CHAIN'],
  ])('%s', (_, value, code) => {
    const { report, story } = told(file(value), { ending: 'refused' });
    expect(report).toMatchObject({ ok: true, ending: 'refused' });
    for (const { body } of story.verdicts) expect(body.reasons.map((reason) => reason.code)).toContain(code);
  });
});
