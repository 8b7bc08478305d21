/** A Safe transaction from its document: the values of safe-tx.ts, and the call that it makes. */
import type { Frame } from '../calldata/frame.ts';
import { refuse } from '../refusal.ts';
import type { SafeTx } from '../safe-tx.ts';
import type { TypedDocument } from './document.ts';
import { addressField, bytesField, fieldValue, numberField } from './fields.ts';
import { SAFE_TX_TYPE_0_1 } from './pinned.ts';

/** The caller has checked that the type is a pinned one. */
export function safeTxOf({ encodedType, domain, message }: TypedDocument): SafeTx {
  const chainId = fieldValue(domain, 'chainId');
  const contract = fieldValue(domain, 'verifyingContract');
  const count = chainId === undefined ? 1 : 2;
  if (contract?.kind !== 'address' || domain.length !== count) {
    return refuse('TYPED_DATA_DOMAIN', 'that of a Safe has verifyingContract, and chainId from Safe 1.3.0 on');
  }
  const gasField = encodedType === SAFE_TX_TYPE_0_1 ? 'dataGas' : 'baseGas';
  if (gasField === 'dataGas' && chainId !== undefined) refuse('TYPED_DATA_DOMAIN', 'Safe 0.1.0 has no chainId in it');
  const operation = numberField(message, 'operation');
  if (operation > 1n) refuse('OPERATION_INVALID');
  return {
    safe: contract.value,
    domain: chainId === undefined ? 'legacy' : 'chain-bound',
    chainId: chainId?.kind === 'number' ? chainId.value : undefined,
    to: addressField(message, 'to'),
    value: numberField(message, 'value'),
    data: bytesField(message, 'data'),
    operation: operation === 1n ? 1 : 0,
    safeTxGas: numberField(message, 'safeTxGas'),
    baseGas: numberField(message, gasField),
    gasPrice: numberField(message, 'gasPrice'),
    gasToken: addressField(message, 'gasToken'),
    refundReceiver: addressField(message, 'refundReceiver'),
    nonce: numberField(message, 'nonce'),
    gasField,
  };
}

/** What the Safe does once enough owners have signed. */
export function safeTxFrame(tx: SafeTx): Frame {
  const { safeTxGas, baseGas, gasPrice, gasToken, refundReceiver } = tx;
  return {
    operation: tx.operation === 1 ? 'delegatecall' : 'call',
    from: tx.safe,
    to: tx.to,
    value: tx.value,
    data: tx.data,
    safeGas: { safeTxGas, baseGas, gasPrice, gasToken, refundReceiver },
  };
}
