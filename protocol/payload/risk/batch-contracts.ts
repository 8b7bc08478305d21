/**
 * Batch contracts whose code only forwards calls, so that a delegatecall to them is no more than the calls inside.
 * Canonical MultiSendCallOnly 1.3.0 (two deployments), 1.4.1, 1.5.0 and MultiSend 1.3.0 (two), 1.4.1, 1.5.0. The
 * addresses hold this code on chains with the canonical deployments; elsewhere a policy must say more. MultiSend 1.1.1
 * and older are opened like these, but their addresses were not made by a factory, so a policy has to pin them.
 */
export const BATCH_CONTRACTS: ReadonlySet<string> = new Set([
  '0x40a2accbd92bca938b02010e17a5b8929b49130d',
  '0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b',
  '0x9641d764fc13c8b624c04430c7356c1c7c8102e2',
  '0xa83c336b20401af773b6219ba5027174338d1836',
  '0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761',
  '0x998739bfdaadde7c933b942a68053933098f9eda',
  '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526',
  '0x218543288004cd07832472d464648173c77d7eb7',
]);
