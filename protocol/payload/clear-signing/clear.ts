/**
 * Clear signing (ERC-7730): words for a call or a document, beside the exact values and never in their place. A
 * descriptor of the registry is used for exactly the contract and chain it is bound to; our own descriptors, which say
 * no more than what a function of that name does, for any contract.
 */
import type { Call } from '../calldata/call.ts';
import { PayloadRefusal } from '../refusal.ts';
import type { TypedData, TypedField, TypedValue } from '../typed-data/reading.ts';
import { DescriptorFault } from './fault.ts';
import { interpret } from './interpret.ts';
import { isMap, mapOf } from './json-access.ts';
import { namedArguments } from './named-signature.ts';
import { ownFormat } from './own.ts';
import type { Typed } from './path.ts';
import { type CallFormat, callFormat, type Descriptor, documentDescriptors } from './registry.ts';
import type { ClearContext, ClearText } from './text.ts';

/** `undefined`: no words; for a delegatecall always, since the code runs as another account than the one it is bound to. */
export function clearCall(call: Call, context: ClearContext): ClearText | undefined {
  const { operation, selector, to } = call;
  if (operation !== 'call' || selector === undefined || to === undefined) return undefined;
  const bound = context.chainId === undefined ? undefined : callFormat(context.chainId, to, selector);
  const words = bound === undefined ? undefined : callText(bound, call, context, 'registry');
  if (words !== undefined) return words;
  const own = ownFormat(selector);
  return own === undefined ? undefined : callText(own, call, context, 'own');
}

/** As `clearCall`, with a descriptor that a test chose. */
export function callText(
  { descriptor, signature, format }: CallFormat,
  call: Call,
  context: ClearContext,
  source: ClearText['source'],
): ClearText | undefined {
  const { from, to, value, data } = call;
  if (to === undefined) return undefined;
  const fields = namedOrNothing(() => namedArguments(signature, data.subarray(4)));
  if (fields === undefined) return undefined;
  const container: readonly TypedField[] = [
    { name: 'to', type: 'address', value: { kind: 'address', value: to } },
    // The address of the wallet is no part of what is signed; a text stands for "not known".
    {
      name: 'from',
      type: 'address',
      value: from === 'wallet' ? { kind: 'text', value: '' } : { kind: 'address', value: from },
    },
    { name: 'value', type: 'uint256', value: { kind: 'number', value } },
    ...chainField(context),
  ];
  const roots = { data: struct(fields), container: struct(container), descriptor: descriptor.document };
  const text = interpret(format, roots, context);
  return text === undefined ? undefined : { source, owner: descriptor.owner, ...text };
}

/** Only with a domain that a descriptor of the registry is bound to, and a type that it spells out field by field. */
export function clearDocument(typedData: TypedData, context: ClearContext): ClearText | undefined {
  const contract = fieldOf(typedData.domainFields, 'verifyingContract');
  const chain = fieldOf(typedData.domainFields, 'chainId');
  if (contract?.kind !== 'address' || chain?.kind !== 'number') return undefined;
  const found = documentDescriptors(chain.value, contract.value).flatMap((descriptor) => {
    const text = documentText(descriptor, typedData, context);
    return text === undefined ? [] : [text];
  });
  return found.length === 1 ? found[0] : undefined;
}

function documentText(descriptor: Descriptor, typedData: TypedData, context: ClearContext): ClearText | undefined {
  const binding = mapOf(mapOf(descriptor.document['context'])['eip712']);
  if (!Object.entries(mapOf(binding['domain'])).every(([name, value]) => isDomainValue(typedData, name, value))) {
    return undefined;
  }
  const formats = mapOf(mapOf(descriptor.document['display'])['formats']);
  const format = Object.entries(formats).find(([key]) => sameType(key, typedData.encodedType))?.[1];
  if (!isMap(format)) return undefined;
  const contract = fieldOf(typedData.domainFields, 'verifyingContract');
  const container = contract === undefined ? [] : [{ name: 'to', type: 'address', value: contract }];
  const roots = {
    data: struct(typedData.messageFields),
    container: struct([...container, ...chainField(context)]),
    descriptor: descriptor.document,
  };
  const text = interpret(format, roots, context);
  return text === undefined ? undefined : { source: 'registry', owner: descriptor.owner, ...text };
}

/** The type is hashed, so every character of it counts but the spaces that some descriptors leave. */
function sameType(key: string, encodedType: string): boolean {
  return key.replaceAll(/,\s+/g, ',').trim() === encodedType;
}

function isDomainValue(typedData: TypedData, name: string, expected: unknown): boolean {
  const value = fieldOf(typedData.domainFields, name);
  switch (value?.kind) {
    case 'text':
      return value.value === expected;
    case 'number':
      return `${value.value}` === String(expected);
    case 'address':
      return typeof expected === 'string' && value.value === expected.toLowerCase();
    default:
      return false;
  }
}

function fieldOf(fields: readonly TypedField[], name: string): TypedValue | undefined {
  return fields.find((field) => field.name === name)?.value;
}

function chainField({ chainId }: ClearContext): readonly TypedField[] {
  if (chainId === undefined) return [];
  return [{ name: 'chainId', type: 'uint256', value: { kind: 'number', value: chainId } }];
}

function struct(fields: readonly TypedField[]): Typed {
  return { type: '', value: { kind: 'struct', fields } };
}

/** Data that is not exactly what the signature says gets no words; risks and the raw call speak for it. */
function namedOrNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DescriptorFault || error instanceof PayloadRefusal || error instanceof TypeError)
      return undefined;
    throw error;
  }
}
