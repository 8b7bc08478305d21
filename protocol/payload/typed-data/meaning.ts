/** What the signature over a document of a pinned type lets others do, and the node that stands for it. */
import type { Movement } from '../calldata/call.ts';
import type { Frame } from '../calldata/frame.ts';
import type { TypedDocument } from './document.ts';
import { domainIssues } from './domains.ts';
import { addressField, argumentsOf, bytesField, fieldValue, numberField } from './fields.ts';
import { operationFacts } from './operations.ts';
import { orderMovements, ordersOf } from './orders.ts';
import { permitFacts } from './permits.ts';
import { knownType } from './pinned.ts';
import type { Meaning } from './reading.ts';

export interface Understood {
  readonly meaning: Meaning;
  readonly movements: readonly Movement[];
  readonly inside: readonly Frame[];
}

/**
 * `undefined` for a type that is not pinned, and for a pinned one whose domain names no contract: nobody can say then
 * who takes the signature.
 */
export function understand({ encodedType, domain, message }: TypedDocument): Understood | undefined {
  const known = knownType(encodedType);
  const contract = fieldValue(domain, 'verifyingContract');
  if (known === undefined || contract?.kind !== 'address') return undefined;
  const permit = permitFacts(known, message, contract.value);
  const operation = operationFacts(known, message, contract.value);
  const orders = ordersOf(known, message);
  const delegates = known === 'delegation';
  return {
    meaning: {
      known,
      domainIssues: domainIssues(known, domain),
      deadline: delegates ? numberField(message, 'expiry') : (permit?.deadline ?? operation?.deadline),
      allowances: permit?.allowances ?? [],
      orders,
      delegatee: delegates ? addressField(message, 'delegatee') : undefined,
      safeMessage: known === 'safe-message' ? bytesField(message, 'message') : undefined,
      operation: operation?.operation,
    },
    movements: permit?.movements ?? orderMovements(orders, contract.value),
    inside: operation?.inside ?? [],
  };
}

/** The node of every document but a Safe transaction. */
export function authorizeFrame(document: TypedDocument, digest: Uint8Array, understood: Understood | undefined): Frame {
  const contract = fieldValue(document.domain, 'verifyingContract');
  const { table, encodedType, message } = document;
  return {
    operation: 'authorize',
    from: 'wallet',
    to: contract?.kind === 'address' ? contract.value : undefined,
    value: 0n,
    data: new Uint8Array(),
    grant: {
      digest,
      call:
        understood === undefined
          ? undefined
          : { name: table.primaryType, signature: encodedType, args: argumentsOf(message) },
      movements: understood?.movements ?? [],
    },
    ...(understood === undefined || understood.inside.length === 0 ? {} : { inside: understood.inside }),
  };
}
