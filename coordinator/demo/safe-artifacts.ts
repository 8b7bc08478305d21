/**
 * The published build of Safe 1.4.1, read at run time from `@safe-global/safe-contracts`: the very bytecode that runs on
 * the main networks, so that what the demo defends against is the real thing. A development dependency, like the chain.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hex } from 'viem';
import { InvalidArgument } from '../../protocol/common/errors.ts';

const PACKAGE = '@safe-global/safe-contracts';

const ARTIFACTS = {
  Safe: 'Safe.sol/Safe.json',
  SafeProxyFactory: 'proxies/SafeProxyFactory.sol/SafeProxyFactory.json',
  CompatibilityFallbackHandler: 'handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json',
  MultiSend: 'libraries/MultiSend.sol/MultiSend.json',
  MultiSendCallOnly: 'libraries/MultiSendCallOnly.sol/MultiSendCallOnly.json',
} as const;

export type SafeContract = keyof typeof ARTIFACTS;

export const SAFE_CONTRACTS: readonly SafeContract[] = [
  'Safe',
  'SafeProxyFactory',
  'CompatibilityFallbackHandler',
  'MultiSend',
  'MultiSendCallOnly',
];

/**
 * Init code of one contract; none of them takes constructor arguments.
 * @throws {InvalidArgument} `DEMO_SAFE_MISSING` if the package is not installed or does not hold what it should.
 */
export function safeInitCode(contract: SafeContract): Hex {
  const require = createRequire(import.meta.url);
  try {
    const path = require.resolve(`${PACKAGE}/build/artifacts/contracts/${ARTIFACTS[contract]}`);
    const artifact: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof artifact === 'object' && artifact !== null && 'bytecode' in artifact && isHex(artifact.bytecode)) {
      return artifact.bytecode;
    }
  } catch {
    // Not installed or not readable: the sentence below says what to do.
  }
  throw new InvalidArgument(
    'DEMO_SAFE_MISSING',
    PACKAGE,
    `the demo's Safe contracts are not installed: run "npm ci" in a checkout, with development dependencies (${PACKAGE} is missing)`,
  );
}

function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && /^0x(?:[0-9a-f]{2})+$/.test(value);
}
