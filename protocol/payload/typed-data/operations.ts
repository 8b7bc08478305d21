/** Signatures over calls that somebody else submits: forward requests and operations of smart accounts (ERC-4337). */
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
  const notes = [
    ...(bytesField(message, 'initCode').length > 0 ? ['it first creates the account'] : []),
    ...(bytesField(message, 'paymasterAndData').length > 0 ? ['a paymaster takes part'] : []),
  ];
  return {
    operation: { account, notes },
    inside: data.length === 0 ? [] : [{ operation: 'call', from: entryPoint, to: account, value: 0n, data }],
  };
}
