/** Signatures over calls that somebody else submits: forward requests and operations of smart accounts (ERC-4337). */
import { toHex } from '../../common/bytes.ts';
import type { Address } from '../address.ts';
import type { Frame } from '../calldata/frame.ts';
import { addressField, bytesField, fieldValue, numberField } from './fields.ts';
import type { KnownTyped, Meaning, TypedField } from './reading.ts';

type Fields = readonly TypedField[];

export interface OperationFacts {
  readonly deadline: bigint | undefined;
  readonly operation: Meaning['operation'];
  /** The call that is executed; none when there is no calldata. */
  readonly inside: readonly Frame[];
}

/** `undefined`: this known type is no operation. `contract` checks the signature. */
export function operationFacts(known: KnownTyped, message: Fields, contract: Address): OperationFacts | undefined {
  switch (known) {
    case 'forward-request':
      return forwardRequest(message);
    case 'safe-operation': {
      const until = numberField(message, 'validUntil');
      const entryPoint = addressField(message, 'entryPoint');
      return { ...userOperation(message, 'safe', entryPoint), deadline: until === 0n ? undefined : until };
    }
    case 'user-operation':
      return { ...userOperation(message, 'sender', contract), deadline: undefined };
    default:
      return undefined;
  }
}

/** The forwarder makes the call in the name of the signer, who must be `from`; the relayer pays its value. */
function forwardRequest(message: Fields): OperationFacts {
  const deadline = fieldValue(message, 'deadline');
  const frame: Frame = {
    operation: 'call',
    from: 'wallet',
    to: addressField(message, 'to'),
    value: numberField(message, 'value'),
    data: bytesField(message, 'data'),
  };
  return {
    deadline: deadline?.kind === 'number' ? deadline.value : undefined,
    operation: undefined,
    inside: [frame],
  };
}

/** The entry point calls the account with `callData`; what the account does with it, its own function says. */
function userOperation(
  message: Fields,
  accountField: string,
  entryPoint: Address,
): Pick<OperationFacts, 'operation' | 'inside'> {
  const account = addressField(message, accountField);
  const data = bytesField(message, 'callData');
  const { feeCap, feeMax } = feesOf(message);
  const creates = bytesField(message, 'initCode').length > 0;
  const notes = [
    `up to ${feeMax} wei for gas, to whoever submits it`,
    ...(creates ? ['it first creates the account'] : []),
    ...(bytesField(message, 'paymasterAndData').length > 0 ? ['a paymaster takes part'] : []),
  ];
  return {
    operation: { account, notes, feeCap, feeMax, creates },
    inside: data.length === 0 ? [] : [{ operation: 'call', from: entryPoint, to: account, value: 0n, data }],
  };
}

/** Half of a packed word. */
const HALF = 1n << 128n;
/** Since entry point 0.7, limits of a paymaster stand in what is packed for it: behind its address, two of 16 bytes. */
const PAYMASTER_LIMITS = [20, 36] as const;
/** In entry point 0.6 a paymaster can make the verification limit count three times. */
const VERIFICATIONS = 3n;

/**
 * The entry point takes it from the account, or its paymaster, and gives it to an address that the submitter names. What
 * is called gas before the verification is not measured: it is paid whole, so that it can be any sum.
 */
function feesOf(message: Fields): { readonly feeCap: bigint; readonly feeMax: bigint } {
  const paymaster = bytesField(message, 'paymasterAndData');
  const limits = fieldValue(message, 'accountGasLimits');
  const before = numberField(message, 'preVerificationGas');
  if (limits?.kind === 'bytes') {
    const [verification, call] = halves(limits.value);
    const [, feeCap] = halves(bytesField(message, 'gasFees'));
    const gas = before + verification + call + paymasterGas(paymaster);
    return { feeCap, feeMax: gas * feeCap };
  }
  const [verification, call] = [numberField(message, 'verificationGasLimit'), numberField(message, 'callGasLimit')];
  const feeCap = numberField(message, 'maxFeePerGas');
  const isPacked = message.some(({ name, type }) => name === 'verificationGasLimit' && type === 'uint128');
  const times = isPacked || paymaster.length === 0 ? 1n : VERIFICATIONS;
  const gas = before + verification * times + call + (isPacked ? paymasterGas(paymaster) : 0n);
  return { feeCap, feeMax: gas * feeCap };
}

function paymasterGas(paymaster: Uint8Array): bigint {
  return PAYMASTER_LIMITS.reduce((sum, at) => sum + bigEndian(paymaster.subarray(at, at + 16)), 0n);
}

function halves(word: Uint8Array): readonly [high: bigint, low: bigint] {
  const value = bigEndian(word);
  return [value / HALF, value % HALF];
}

function bigEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x0${toHex(bytes)}`);
}
