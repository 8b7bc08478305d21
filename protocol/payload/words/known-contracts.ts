/**
 * Pinned names of contracts that have one address on every chain they were deployed to with their usual deployer. A
 * name here says what is at that address on the well-known chains, never that a call to it is safe.
 */
import type { Address } from '../address.ts';

const KNOWN: ReadonlyMap<string, string> = new Map([
  ['0x34cfac646f301356faa8b21e94227e3583fe3f5f', 'Safe 1.1.1 singleton'],
  ['0x6851d6fdfafd08c0295c392436245e5bc78b0185', 'Safe 1.2.0 singleton'],
  ['0xd9db270c1b5e3bd161e8c8503c55ceabee709552', 'Safe 1.3.0 singleton'],
  ['0x69f4d1788e39c87893c980c06edf4b7f686e2938', 'Safe 1.3.0 singleton'],
  ['0x3e5c63644e683549055b9be8653de26e0b4cd36e', 'Safe L2 1.3.0 singleton'],
  ['0xfb1bffc9d739b8d520daf37df666da4c687191ea', 'Safe L2 1.3.0 singleton'],
  ['0x41675c099f32341bf84bfc5382af534df5c7461a', 'Safe 1.4.1 singleton'],
  ['0x29fcb43b46531bca003ddc8fcb67ffe91900c762', 'Safe L2 1.4.1 singleton'],
  ['0xff51a5898e281db6dfc7855790607438df2ca44b', 'Safe 1.5.0 singleton'],
  ['0xedd160febbd92e350d4d398fb636302fccd67c7e', 'Safe L2 1.5.0 singleton'],
  ['0x40a2accbd92bca938b02010e17a5b8929b49130d', 'Safe MultiSendCallOnly 1.3.0'],
  ['0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b', 'Safe MultiSendCallOnly 1.3.0'],
  ['0x9641d764fc13c8b624c04430c7356c1c7c8102e2', 'Safe MultiSendCallOnly 1.4.1'],
  ['0xa83c336b20401af773b6219ba5027174338d1836', 'Safe MultiSendCallOnly 1.5.0'],
  ['0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761', 'Safe MultiSend 1.3.0'],
  ['0x998739bfdaadde7c933b942a68053933098f9eda', 'Safe MultiSend 1.3.0'],
  ['0x38869bf66a61cf6bdb996a6ae40d5853fd43b526', 'Safe MultiSend 1.4.1'],
  ['0x218543288004cd07832472d464648173c77d7eb7', 'Safe MultiSend 1.5.0'],
  ['0xa6b71e26c5e0845f74c812102ca7114b6a896ab2', 'Safe proxy factory 1.3.0'],
  ['0x4e1dcf7ad4e460cfd30791ccc4f9c8a4f820ec67', 'Safe proxy factory 1.4.1'],
  ['0xc22834581ebc8527d974f8a1c97e1bea4ef910bc', 'Safe proxy factory 1.3.0'],
  ['0x14f2982d601c9458f93bd70b218933a6f8165e7b', 'Safe proxy factory 1.5.0'],
  ['0x526643f69b81b008f46d95cd5ced5ec0edffdac6', 'Safe migration 1.4.1'],
  ['0x6439e7abd8bb915a5263094784c5cf561c4172ac', 'Safe migration 1.5.0'],
  ['0xbd89a1ce4dde368ffab0ec35506eece0b1ffdc54', 'Safe set-up for L2 1.4.1'],
  ['0x900c7589200010d6c6ecaae5b06ebe653bc2d82a', 'Safe set-up for L2 1.5.0'],
  ['0xf48f2b2d2a534e402487b3ee7c18c33aec0fe5e4', 'Safe fallback handler 1.3.0'],
  ['0xfd0732dc9e303f09fcef3a7388ad10a83459ec99', 'Safe fallback handler 1.4.1'],
  ['0x000000000022d473030f116ddee9f6b43ac78ba3', 'Permit2'],
  ['0xca11bde05977b3631167028862be2a173976ca11', 'Multicall3'],
  ['0x0000000071727de22e5e9d8baf0edac6f37da032', 'ERC-4337 EntryPoint 0.7'],
  ['0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789', 'ERC-4337 EntryPoint 0.6'],
  ['0x0000000000000068f116a894984e2db1123eb395', 'Seaport 1.6'],
  ['0x00000000000000adc04c56bf30ac9d3c0aaf14dc', 'Seaport 1.5'],
]);

export function knownContract(address: Address): string | undefined {
  return KNOWN.get(address);
}
