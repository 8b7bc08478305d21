/** Labels of address lists beside addresses: the party's own policies, the right chain, nothing else. */
import { expect, test } from 'vitest';
import { addressNames } from '../../protocol/policy/names.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';

const A = '0x1111111111111111111111111111111111111111';
const B = '0x2222222222222222222222222222222222222222';

function policy(
  id: string,
  lists: Record<string, readonly { chainId: string; address: string; label: string }[]>,
): Policy {
  const result = parsePolicy(
    JSON.stringify({
      schema: 'keymoot/policy/1',
      id,
      version: 1,
      unmatched: 'deny',
      wallets: {},
      addressLists: lists,
      assets: {},
      rules: [],
    }),
  );
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

test('labels by chain; the same one of two policies is said once', () => {
  const one = policy('common', { people: [{ chainId: '1', address: A, label: 'Ada' }] });
  const two = policy('own', {
    friends: [
      { chainId: '1', address: A, label: 'Ada' },
      { chainId: '10', address: A, label: 'Ada on Optimism' },
    ],
  });
  const names = addressNames([one, two]);
  expect(names(1n, A)).toEqual([{ label: 'Ada', list: 'people', chainId: 1n }]);
  expect(names(10n, A)).toEqual([{ label: 'Ada on Optimism', list: 'friends', chainId: 10n }]);
  expect(names(137n, A)).toEqual([]);
  expect(names(1n, B)).toEqual([]);
  expect(names(undefined, A).map(({ label }) => label)).toEqual(['Ada', 'Ada on Optimism']);
  expect(addressNames([])(1n, A)).toEqual([]);
});
