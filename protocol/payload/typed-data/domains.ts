/** What the domain of each known type usually is. Another one is no mistake by itself, so it is said and not refused. */
import { type Address, ZERO_ADDRESS } from '../address.ts';
import { fieldValue } from './fields.ts';
import type { KnownTyped, TypedField } from './reading.ts';

interface DomainHabit {
  /** Fields that must be there; `chainId` and `verifyingContract` always must. */
  readonly needs: readonly ('name' | 'version')[];
  /** Fields that may be there as well. */
  readonly may: readonly ('name' | 'version')[];
  readonly name?: string;
  readonly version?: RegExp;
  /** The contracts known to check this type. */
  readonly contracts?: ReadonlySet<Address>;
}

const TOKEN: DomainHabit = { needs: ['name'], may: ['version'] };
const SAFE: DomainHabit = { needs: [], may: [] };

const PERMIT2: DomainHabit = {
  needs: ['name'],
  may: [],
  name: 'Permit2',
  // The same on every chain, but for zkSync.
  contracts: new Set(['0x000000000022d473030f116ddee9f6b43ac78ba3', '0x0000000000225e31d15943971f47ad3022f714fa']),
};

const SEAPORT: DomainHabit = {
  needs: ['name', 'version'],
  may: [],
  name: 'Seaport',
  version: /^1\.[1-6]$/,
  contracts: new Set([
    '0x00000000006c3852cbef3e08e8df289169ede581',
    '0x00000000000006c7676171937c444f6bde3d6282',
    '0x0000000000000ad24e80fd803c6ac37206a45f15',
    '0x00000000000001ad428e4906ae43d8f9852d0dd6',
    '0x00000000000000adc04c56bf30ac9d3c0aaf14dc',
    '0x0000000000000068f116a894984e2db1123eb395',
  ]),
};

const SAFE_OPERATION: DomainHabit = {
  ...SAFE,
  // Safe4337Module 0.2.0 and 0.3.0.
  contracts: new Set(['0xa581c4a4db7175302464ff3c06380bc3270b4037', '0x75cf11467937ce3f2f357ce24ffc3dbf8fd5c226']),
};

const USER_OPERATION: DomainHabit = {
  needs: ['name', 'version'],
  may: [],
  name: 'ERC4337',
  version: /^1$/,
  // EntryPoint 0.8 and 0.9.
  contracts: new Set(['0x4337084d9e255ff0702461cf8895ce9e3b5ff108', '0x433709009b8330fda32311df1c2afa402ed8d009']),
};

const HABITS: Readonly<Record<KnownTyped, DomainHabit>> = {
  'safe-tx': SAFE,
  'safe-message': SAFE,
  'permit-2612': TOKEN,
  'permit-dai': TOKEN,
  'permit2-single': PERMIT2,
  'permit2-batch': PERMIT2,
  'permit2-transfer': PERMIT2,
  'permit2-batch-transfer': PERMIT2,
  'transfer-with-authorization': TOKEN,
  'cancel-authorization': TOKEN,
  'seaport-order': SEAPORT,
  'seaport-bulk-order': SEAPORT,
  delegation: TOKEN,
  'forward-request': TOKEN,
  'safe-operation': SAFE_OPERATION,
  'user-operation': USER_OPERATION,
};

/** Each difference in a few words of printable ASCII; nothing of the document itself is repeated. */
export function domainIssues(known: KnownTyped, domain: readonly TypedField[]): readonly string[] {
  const habit = HABITS[known];
  const issues: string[] = [];
  const has = (name: string): boolean => fieldValue(domain, name) !== undefined;
  // The old Safes have no chain id in their domain; NO_CHAIN_BINDING says what that means.
  const chainFree = known === 'safe-tx' || known === 'safe-message';
  if (!has('chainId') && !chainFree) issues.push('no chain id, so it is valid on every chain');
  for (const name of ['name', 'version'] as const) {
    if (habit.needs.includes(name) && !has(name)) issues.push(`no ${name} in the domain`);
    else if (has(name) && !habit.needs.includes(name) && !habit.may.includes(name)) {
      issues.push(`a ${name} in the domain, which this type does not use`);
    }
  }
  if (has('salt')) issues.push('a salt in the domain');
  const name = text(domain, 'name');
  if (habit.name !== undefined && name !== undefined && name !== habit.name) {
    issues.push(`the name of the domain is not "${habit.name}"`);
  }
  const version = text(domain, 'version');
  if (habit.version !== undefined && version !== undefined && !habit.version.test(version)) {
    issues.push('a version that is not known');
  }
  const contract = fieldValue(domain, 'verifyingContract');
  if (contract?.kind === 'address') {
    if (contract.value === ZERO_ADDRESS) issues.push('the verifying contract is the zero address');
    else if (habit.contracts !== undefined && !habit.contracts.has(contract.value)) {
      issues.push('the verifying contract is none of the known ones for this type');
    }
  }
  return issues;
}

function text(domain: readonly TypedField[], name: string): string | undefined {
  const value = fieldValue(domain, name);
  return value?.kind === 'text' ? value.value : undefined;
}
