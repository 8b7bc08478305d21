/** `keymoot policy diff`: what changes from one version to the next, in words. */
import type { Command } from '../../proto/control/command.ts';
import { requirementOf } from '../../protocol/ceremony/policy-chain.ts';
import { comparePolicies } from '../../protocol/policy/compare/compare.ts';
import { durationWords } from '../../protocol/policy/compare/values.ts';
import { policyFrom } from './policy-file.ts';

export const diff: Command = {
  usage: 'OLD NEW',
  summary:
    'every change between two versions in words, whether it widens or narrows, who must sign it and how long it waits',
  options: {},
  positionals: { min: 2, max: 2 },
  async run(call) {
    const [oldPath = '', newPath = ''] = call.positionals;
    const [old, next] = [await policyFrom(oldPath), await policyFrom(newPath)];
    const { changes, direction } = comparePolicies(old, next);
    const needed = requirementOf(old, direction);
    const outcome =
      direction === 'same'
        ? 'Both say the same.'
        : needed === undefined
          ? `As a whole it ${OUTCOME[direction]}. Every key holder adopts it by hand.`
          : `As a whole it ${OUTCOME[direction]}: ${needed.quorum} of "${needed.group}" must sign it, and it takes effect ${
              needed.delaySec === 0 ? 'at once' : `${durationWords(needed.delaySec)} after a node first sees it`
            }.`;
    call.terminal.result(
      {
        direction,
        changes: changes.map((change) => ({ ...change })),
        ...(needed === undefined
          ? {}
          : { needs: { group: needed.group, quorum: needed.quorum, delaySec: needed.delaySec } }),
      },
      [...changes.map(({ kind, words }) => `${MARK[kind]} ${words}`), outcome].join('\n'),
    );
    return 0;
  },
};

const OUTCOME = { narrows: 'NARROWS', widens: 'WIDENS', book: 'changes the address book only' } as const;
const MARK = { narrows: 'narrows ', widens: 'WIDENS  ', neutral: '        ' } as const;
