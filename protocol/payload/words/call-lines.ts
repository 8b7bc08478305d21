/** Each call by itself: exactly what is called, with every argument, and the words of clear signing beside. */

import { ZERO_ADDRESS } from '../address.ts';
import type { Call, Movement, SafeGas } from '../calldata/call.ts';
import { clearCall } from '../clear-signing/clear.ts';
import type { ClearContext, ClearText } from '../clear-signing/text.ts';
import type { Decoded } from '../payload.ts';
import { BATCH_CONTRACTS } from '../risk/batch-contracts.ts';
import { nativeAmount } from './amounts.ts';
import { knownContract } from './known-contracts.ts';
import { callAmountWords } from './money.ts';
import type { AddressBook } from './names.ts';
import { executorWords } from './summary.ts';
import { coinOf, isPublicChain } from './tokens.ts';
import { argumentLines, bytesShown } from './values.ts';

export interface CallContext {
  readonly decoded: Decoded;
  readonly book: AddressBook;
  readonly clear: ClearContext;
}

/** Deeper calls are not indented any further: a line of a batch in a batch must still fit. */
const MAX_INDENT = 8;

export function callLines(call: Call, context: CallContext): readonly string[] {
  const { book } = context;
  const indent = ' '.repeat(Math.min(MAX_INDENT, 2 * call.path.split('.').length));
  const [first = '', ...rest] = sentence(call, context);
  const lines = [`${call.path}  ${first}`, ...rest.map((line) => `   ${line}`)];
  if (call.operation === 'delegatecall') lines.push(...delegateLines(call, context));
  if (isUnread(call)) {
    lines.push('   !! CANNOT READ THIS CALL: this software does not know the function, and so not what it does.');
  }
  if (call.closed === true) lines.push('   !! NOT READ TO THE END: what is inside its arguments was not opened.');
  for (const movement of call.movements) {
    // A plain payment has been said already.
    if (call.data.length > 0 || call.operation !== 'call') lines.push(`   - ${movementWords(movement, call, context)}`);
  }
  if (call.safeGas !== undefined) lines.push(...refundLines(call.safeGas, book));
  const text = clearCall(call, context.clear);
  if (text !== undefined) {
    // Our own words for a payment say nothing that the line of the movement does not.
    const brief = text.source === 'own' && call.movements.length > 0 ? { ...text, rows: [] } : text;
    lines.push(...clearLines(brief, 'call').map((line) => `   ${line}`));
  }
  lines.push(...exactLines(call, book));
  return lines.map((line) => `${indent}${line}`);
}

/**
 * Foreign code can do anything. The one exception is code that is known, by its pinned address on a chain where that
 * address is known to hold it, and that does nothing but make the calls which stand below.
 */
function delegateLines(call: Call, { decoded }: CallContext): readonly string[] {
  const name = call.to === undefined ? undefined : knownContract(call.to);
  const isBatch = call.to !== undefined && BATCH_CONTRACTS.has(call.to) && call.call?.name === 'multiSend';
  if (isBatch && name !== undefined && call.closed === undefined && isPublicChain(decoded.chainId)) {
    const { length } = call.children;
    const calls = length === 1 ? 'the 1 call below' : `the ${length} calls below`;
    return [
      `   DELEGATECALL to the canonical ${name}: it makes ${calls}, as this account,`,
      '   one after the other, and nothing else. Each of them has to be right.',
    ];
  }
  return [
    '   !! DELEGATECALL: the code at that address runs AS this account and can do anything with it,',
    '   !! including taking all its funds and replacing its owners.',
  ];
}

/** Words of a descriptor: an addition, marked as such, since a name or a label can be wrong and the values cannot. */
export function clearLines(text: ClearText, what: 'call' | 'document'): readonly string[] {
  const source =
    text.source === 'own' ? "by the function's name alone" : `${text.owner}, registry description of this ${what}`;
  const width = Math.min(28, Math.max(0, ...text.rows.map(({ label }) => label.length)));
  return [
    `In words: ${text.sentence ?? text.intent}  [${source}]`,
    ...text.rows.map(({ label, value }) => `  ${label.padEnd(width)}  ${value}`),
  ];
}

function isUnread(call: Call): boolean {
  const { data, operation } = call;
  return call.call === undefined && data.length > 0 && (operation === 'call' || operation === 'delegatecall');
}

/** Who calls whom, and what: addresses on lines of their own, so that a person can read them. */
function sentence(call: Call, context: CallContext): readonly string[] {
  const { book, decoded } = context;
  const { data, from, operation, to, value } = call;
  const who = executorWords(from, decoded, book);
  const target = to === undefined ? 'nobody in particular' : book.shown(to);
  if (operation === 'authorize') return [authorizeWords(call, context, who, target)];
  if (operation === 'create') return [`${who} deploys a new contract from ${data.length} bytes of code`];
  const self = to === from ? ', which is ITSELF' : '';
  const what = call.call === undefined ? unnamed(call) : `function ${call.call.signature}`;
  if (operation === 'delegatecall') return [`${who} hands itself over to the code at`, target, what];
  if (data.length === 0) return [`${who} sends ${nativeAmount(value, coinOf(decoded.chainId))} to`, `${target}${self}`];
  return [`${who} calls`, `${target}${self}`, what];
}

function authorizeWords(call: Call, { decoded }: CallContext, who: string, target: string): string {
  if (decoded.typedData !== undefined) {
    const name = call.call === undefined ? 'a document that this software does not know' : `"${call.call.name}"`;
    return `${who} signs ${name}, for ${target} to accept`;
  }
  if (decoded.message !== undefined) return `${who} signs a message; whoever asked for it knows what it is good for`;
  if (call.to === ZERO_ADDRESS) return `${who} ends the delegation of its account (EIP-7702)`;
  return `${who} lets the code at ${target} run as its account (EIP-7702)`;
}

function unnamed(call: Call): string {
  if (call.data.length === 0) return 'without data';
  if (call.selector === undefined) return `with ${call.data.length} bytes that name no function`;
  return `unknown function 0x${call.selector} with ${call.data.length - 4} bytes of arguments`;
}

function movementWords(movement: Movement, call: Call, { book, decoded }: CallContext): string {
  const { counterparty, kind, owner } = movement;
  const other = counterparty === 'created' ? 'the new contract' : book.shown(counterparty);
  const amount = callAmountWords(movement, decoded.chainId, call.to);
  const whose = owner === call.from ? '' : ` from ${executorWords(owner, decoded, book)}`;
  return kind === 'approve' ? `${other} may take ${amount}${whose}` : `moves ${amount}${whose} to ${other}`;
}

/** Only what is set: the usual Safe transaction refunds nothing. */
function refundLines(gas: SafeGas, book: AddressBook): readonly string[] {
  const { baseGas, gasPrice, gasToken, refundReceiver } = gas;
  if (gasPrice === 0n && baseGas === 0n && gasToken === ZERO_ADDRESS && refundReceiver === ZERO_ADDRESS) return [];
  const receiver = refundReceiver === ZERO_ADDRESS ? 'whoever submits it' : book.shown(refundReceiver);
  const token = gasToken === ZERO_ADDRESS ? 'wei' : `units of token ${book.shown(gasToken)}`;
  return [
    `   !! GAS REFUND: the Safe pays at least ${baseGas * gasPrice} ${token} to ${receiver},`,
    `   !! plus ${gasPrice} for each gas unit used (base gas ${baseGas}, gas limit of the call ${gas.safeTxGas}).`,
  ];
}

function exactLines(call: Call, book: AddressBook): readonly string[] {
  // What is opened below is shown there, call by call; its raw bytes would only hide it.
  const opened = call.children.length > 0;
  const lines: string[] = [];
  // The fields of a document stand above, all of them.
  if (call.operation === 'authorize') return lines;
  for (const { name, type, value } of call.call?.args ?? []) {
    if (opened && value instanceof Uint8Array && type === 'bytes') continue;
    lines.push(...argumentLines(`   ${name} (${type})`, value, book));
  }
  if (call.call === undefined && call.data.length > 0) lines.push(`   data: ${bytesShown(call.data)}`);
  if (call.operation === 'delegatecall' && call.value > 0n) {
    lines.push(`   value ${call.value} is ignored by delegatecall`);
  }
  return lines;
}
