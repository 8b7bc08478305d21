/**
 * The pinned descriptors, found by what they are bound to: a contract on a chain, or the domain of a document. Read and
 * indexed at the first look-up only. docs/decoding.md "ERC-7730" says where they come from.
 */
import { sanitise } from '../words/sanitise.ts';
import registryData from './data/registry.json' with { type: 'json' };
import { DescriptorFault } from './fault.ts';
import { isMap, type JsonMap, listOf, mapOf, textOf } from './json-access.ts';
import { merged } from './merge.ts';
import { type NamedSignature, parseNamedSignature, selectorOf } from './named-signature.ts';

export interface Descriptor {
  readonly id: string;
  /** Like `Aave DAO, Pool V3`; sanitised. */
  readonly owner: string;
  /** The whole document, for paths that begin with `$`. */
  readonly document: JsonMap;
}

/** A descriptor's words for one function. */
export interface CallFormat {
  readonly descriptor: Descriptor;
  readonly signature: NamedSignature;
  readonly format: JsonMap;
}

const DESCRIPTORS: JsonMap = registryData.descriptors;

/** The registry's commit, and the SHA-256 of the descriptors as JSON text. */
export const REGISTRY_ABOUT: Readonly<Record<'registry' | 'commit' | 'takenFrom' | 'licence' | 'sha256', string>> =
  registryData.about;

export function allDescriptors(): readonly string[] {
  return Object.keys(DESCRIPTORS);
}

interface Index {
  /** By `chain:address`. */
  readonly contracts: ReadonlyMap<string, readonly Descriptor[]>;
  readonly documents: ReadonlyMap<string, readonly Descriptor[]>;
}

let index: Index | undefined;

/** Words for the function of that selector of exactly this contract; `undefined` where there are none, or two differ. */
export function callFormat(chainId: bigint, to: string, selector: string): CallFormat | undefined {
  index ??= readIndex();
  const found = (index.contracts.get(`${chainId}:${to}`) ?? []).flatMap((descriptor) =>
    formatsOf(descriptor).filter((candidate) => selectorOnce(candidate) === selector),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** Descriptors for documents of exactly this contract; the caller checks the rest of the domain and the type. */
export function documentDescriptors(chainId: bigint, verifyingContract: string): readonly Descriptor[] {
  index ??= readIndex();
  return index.documents.get(`${chainId}:${verifyingContract}`) ?? [];
}

const SELECTORS = new WeakMap<CallFormat, string>();

/** A hash for each function, and a batch asks for the same ones many times. */
function selectorOnce(format: CallFormat): string {
  const known = SELECTORS.get(format) ?? selectorOf(format.signature);
  SELECTORS.set(format, known);
  return known;
}

const FORMATS = new WeakMap<Descriptor, readonly CallFormat[]>();

/** The functions of a descriptor, without those whose signature cannot be read. */
export function formatsOf(descriptor: Descriptor): readonly CallFormat[] {
  const known = FORMATS.get(descriptor);
  if (known !== undefined) return known;
  const formats = Object.entries(mapOf(mapOf(descriptor.document['display'])['formats'])).flatMap(([key, format]) => {
    const signature = readSignature(key);
    return signature === undefined ? [] : [{ descriptor, signature, format: mapOf(format) }];
  });
  FORMATS.set(descriptor, formats);
  return formats;
}

function readSignature(key: string): NamedSignature | undefined {
  try {
    return parseNamedSignature(key);
  } catch (error) {
    if (error instanceof DescriptorFault) return undefined;
    throw error;
  }
}

/** As a test or our own descriptors make one. */
export function descriptorOf(id: string, document: JsonMap): Descriptor {
  const metadata = mapOf(document['metadata']);
  const names = [metadata['owner'], metadata['contractName']].flatMap((name) => textOf(name) ?? []);
  return { id, owner: sanitise([...new Set(names)].join(', '), 80), document };
}

function readIndex(): Index {
  const contracts = new Map<string, Descriptor[]>();
  const documents = new Map<string, Descriptor[]>();
  for (const id of Object.keys(DESCRIPTORS)) {
    const document = merged(id, DESCRIPTORS);
    if (document === undefined) continue;
    const descriptor = descriptorOf(id, document);
    const context = mapOf(document['context']);
    for (const key of deploymentsOf(context['contract'], CONTRACT_BINDINGS)) entry(contracts, key).push(descriptor);
    for (const key of deploymentsOf(context['eip712'], DOCUMENT_BINDINGS)) entry(documents, key).push(descriptor);
  }
  return { contracts, documents };
}

function entry(map: Map<string, Descriptor[]>, key: string): Descriptor[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

/** Constraints that are checked here or in document.ts. A descriptor with any other is never used. */
const CONTRACT_BINDINGS: ReadonlySet<string> = new Set(['deployments']);
const DOCUMENT_BINDINGS: ReadonlySet<string> = new Set(['deployments', 'domain']);

/** Without deployments nothing is bound: such a descriptor is a part for others to include. */
function deploymentsOf(binding: unknown, checked: ReadonlySet<string>): readonly string[] {
  if (Object.keys(mapOf(binding)).some((key) => !checked.has(key))) return [];
  const keys = listOf(mapOf(binding)['deployments']).flatMap((deployment) => {
    if (!isMap(deployment)) return [];
    const { address, chainId } = deployment;
    if (typeof address !== 'string' || typeof chainId !== 'number') return [];
    return Number.isSafeInteger(chainId) ? [`${chainId}:${address.toLowerCase()}`] : [];
  });
  return [...new Set(keys)];
}
