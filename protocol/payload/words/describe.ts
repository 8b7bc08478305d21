/**
 * The lines a key holder reads before deciding: what happens if they approve, call by call, and what is unusual about
 * it. Printable ASCII only. Addresses are always whole and checksummed, amounts always exact.
 */
import { toHex } from '../../common/bytes.ts';
import { type Address, checksumAddress, ZERO_ADDRESS } from '../address.ts';
import type { AbiValue } from '../calldata/abi.ts';
import type { Call, Executor, Movement, SafeGas } from '../calldata/call.ts';
import type { Decoded } from '../payload.ts';
import type { Assessment } from '../risk/assess.ts';
import { RISKS, type Risk, type RiskCode } from '../risk/codes.ts';
import { feeCap } from '../transaction.ts';
import { nativeAmount } from './amounts.ts';
import { sanitise } from './sanitise.ts';

/** Longer lines are cut; the longest honest one is the hex of a call's data. */
const MAX_LINE = 4096;
/** Data shown as hex up to here; longer data is named by its length, since nobody reads it. */
const MAX_DATA_SHOWN = 512;

export function describe(assessment: Assessment): readonly string[] {
  const { decoded, risks } = assessment;
  const lines = [...heading(decoded), '', 'If you approve:'];
  for (const call of decoded.calls) lines.push(...describeCall(call));
  lines.push('', ...unusual(risks), '', `Digest that will be signed: 0x${toHex(decoded.digest)}`);
  return lines.map((line) => sanitise(line, MAX_LINE));
}

function heading(decoded: Decoded): readonly string[] {
  const { transaction: tx, safeTx } = decoded;
  if (tx !== undefined) {
    const fee = feeCap(tx.fees);
    return [
      `TRANSACTION of the wallet on chain ${tx.chainId}, nonce ${tx.nonce}, type ${tx.type}`,
      `Fee: at most ${nativeAmount(fee * tx.gas, 'ether')}; gas limit ${tx.gas}, at most ${fee} wei per gas`,
      ...(tx.accessList.length > 0 ? [`Access list: ${tx.accessList.length} accounts (affects only the fee)`] : []),
    ];
  }
  if (safeTx === undefined) return [];
  const chain =
    safeTx.chainId === undefined ? 'ON EVERY CHAIN (old Safe without chain id)' : `on chain ${safeTx.chainId}`;
  return [
    `SAFE TRANSACTION, your signature as an owner, ${chain}, Safe nonce ${safeTx.nonce}`,
    `Safe: ${checksumAddress(safeTx.safe)}`,
  ];
}

function describeCall(call: Call): readonly string[] {
  const indent = '  '.repeat(call.path.split('.').length);
  const lines = [`${call.path}  ${sentence(call)}`];
  if (call.operation === 'delegatecall') {
    lines.push('!! DELEGATECALL: the code at that address runs AS this account and can do anything with it,');
    lines.push('!! including taking all its funds and replacing its owners.');
  }
  for (const movement of call.movements) lines.push(`- ${movementSentence(movement)}`);
  if (call.safeGas !== undefined) lines.push(...refund(call.safeGas));
  lines.push(...details(call));
  return lines.map((line) => `${indent}${line}`);
}

function sentence(call: Call): string {
  const who = executor(call.from);
  if (call.operation === 'create') return `${who} deploys a new contract from ${call.data.length} bytes of code`;
  const target = call.to === undefined ? '' : checksumAddress(call.to);
  const self = call.to === call.from ? ' (ITSELF)' : '';
  const what = call.call === undefined ? unnamed(call) : call.call.signature;
  if (call.operation === 'delegatecall') return `${who} hands itself over to the code at ${target}: ${what}`;
  if (call.data.length === 0) return `${who} sends ${nativeAmount(call.value, 'ether')} to ${target}${self}`;
  return `${who} calls ${target}${self}: ${what}`;
}

function unnamed(call: Call): string {
  if (call.data.length === 0) return 'without data';
  if (call.selector === undefined) return `with ${call.data.length} bytes that name no function`;
  return `unknown function 0x${call.selector} with ${call.data.length - 4} bytes of arguments`;
}

function movementSentence({ kind, asset, amount, counterparty, owner }: Movement): string {
  const other = counterparty === 'created' ? 'the new contract' : checksumAddress(counterparty);
  if (asset === 'native') return `moves ${nativeAmount(amount, 'ether')} from ${executor(owner)} to ${other}`;
  const units = `${amount} units of token ${checksumAddress(asset)} (or the NFT of that number)`;
  if (kind === 'approve') return `lets ${other} take up to ${units} from ${executor(owner)}, at any time`;
  return `moves ${units} from ${executor(owner)} to ${other}`;
}

/** Only what is set: the usual Safe transaction refunds nothing. */
function refund(gas: SafeGas): readonly string[] {
  const { gasPrice, baseGas, gasToken, refundReceiver } = gas;
  if (gasPrice === 0n && baseGas === 0n && gasToken === ZERO_ADDRESS && refundReceiver === ZERO_ADDRESS) return [];
  const receiver = refundReceiver === ZERO_ADDRESS ? 'whoever submits it' : checksumAddress(refundReceiver);
  const token = gasToken === ZERO_ADDRESS ? 'wei' : `units of token ${checksumAddress(gasToken)}`;
  return [
    `!! GAS REFUND: the Safe pays at least ${baseGas * gasPrice} ${token} to ${receiver},`,
    `!! plus ${gasPrice} for each gas unit used (base gas ${baseGas}, gas limit of the call ${gas.safeTxGas}).`,
  ];
}

function details(call: Call): readonly string[] {
  // What is opened below is shown there, call by call; its raw bytes would only hide it.
  const opened = call.children.length > 0;
  const lines: string[] = [];
  for (const { name, type, value } of call.call?.args ?? []) {
    if (opened && value instanceof Uint8Array && type === 'bytes') continue;
    lines.push(...argumentLines(`    ${name} (${type})`, value));
  }
  if (call.call === undefined && call.data.length > 0) lines.push(`    data: ${shown(call.data)}`);
  if (call.operation === 'delegatecall' && call.value > 0n)
    lines.push(`    value ${call.value} is ignored by delegatecall`);
  return lines;
}

/** One line a value; a list gets a line for each item, so that no line grows and no address is cut. */
function argumentLines(label: string, value: AbiValue): readonly string[] {
  if (!isList(value)) return [`${label}: ${shown(value)}`];
  if (value.length === 0) return [`${label}: empty list`];
  return value.flatMap((item, i) => argumentLines(`${label}[${i}]`, item));
}

function shown(value: bigint | boolean | Address | Uint8Array): string {
  if (typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  if (typeof value === 'string') return checksumAddress(value);
  return value.length <= MAX_DATA_SHOWN ? `0x${toHex(value)}` : `${value.length} bytes, too long to show`;
}

function isList(value: AbiValue): value is readonly AbiValue[] {
  return Array.isArray(value);
}

function unusual(risks: readonly Risk[]): readonly string[] {
  if (risks.length === 0) return ['Nothing unusual was found. That does not make the receiver the right one.'];
  const codes = [...new Set(risks.map(({ code }) => code))].sort((a, b) => rank(a) - rank(b));
  const lines = ['What is unusual:'];
  for (const code of codes) {
    const { severity, why, check } = RISKS[code];
    lines.push(`  ${severity.toUpperCase()} ${code}: ${why}`, `    Check: ${check}`);
    for (const risk of risks) if (risk.code === code) lines.push(`    at ${risk.path} ${risk.detail}`.trimEnd());
  }
  return lines;
}

function rank(code: RiskCode): number {
  return { critical: 0, high: 1, info: 2 }[RISKS[code].severity];
}

function executor(who: Executor | Address): string {
  return who === 'wallet' ? 'the wallet' : checksumAddress(who);
}
