/** `keymoot policy explain`: a verdict with every comparison behind it. */
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { ZERO_ADDRESS } from '../../protocol/payload/address.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { explain as explained } from '../../protocol/policy/explain.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { traceDigest, type Verdict } from '../../protocol/policy/verdict.ts';
import { systemClock } from '../clock.ts';
import { addressFrom, decodedFrom, initiatorFrom, policyFrom, walletFrom } from './policy-file.ts';
import { readUsage, usageView } from './usage.ts';

export const explain: Command = {
  usage:
    'POLICY PAYLOAD [--wallet NAME] [--address 0x...] [--initiator NAME] [--at SECONDS] [--usage FILE] [--own POLICY] [--threshold T] [--parties N]',
  summary: 'judge one payload (a file, or 0x...) and print every comparison with both values',
  options: {
    wallet: { type: 'string' },
    address: { type: 'string' },
    initiator: { type: 'string' },
    at: { type: 'string' },
    usage: { type: 'string' },
    own: { type: 'string' },
    threshold: { type: 'string' },
    parties: { type: 'string' },
  },
  positionals: { min: 2, max: 2 },
  async run(call) {
    const [policyPath = '', payload = ''] = call.positionals;
    const policy = await policyFrom(policyPath);
    const ownPath = call.text('own');
    const decoded = decodedFrom(payload.startsWith('0x') ? payload : await readTextFile(payload), payload.slice(0, 40));
    const addressText = call.text('address');
    const address = addressText === undefined ? undefined : addressFrom(addressText, '--address');
    const usage = call.text('usage');
    const threshold = numberFrom(call, 'threshold', 1);
    const verdict = judge({
      assessment: assess(decoded, address === undefined ? {} : { wallet: address }),
      wallet: {
        name: walletFrom(policy, call.text('wallet')),
        address: address ?? ZERO_ADDRESS,
        threshold,
        parties: numberFrom(call, 'parties', 255),
      },
      initiator: initiatorFrom(policy, call.text('initiator')),
      now: numberFrom(call, 'at', systemClock.now()),
      common: policy,
      ...(ownPath === undefined ? {} : { own: await policyFrom(ownPath) }),
      ledger: usage === undefined ? 'uncounted' : usageView(readUsage(await readTextFile(usage), usage)),
    });
    const lines = explained(verdict);
    call.terminal.result({ ...summary(verdict), lines: [...lines] }, lines.join('\n'));
    return 0;
  },
};

function summary(verdict: Verdict): { readonly decision: string; readonly consents: number; readonly trace: string } {
  return { decision: verdict.decision, consents: verdict.consents, trace: toHex(traceDigest(verdict)) };
}

function numberFrom(call: CommandCall, name: string, usual: number): number {
  const value = call.text(name);
  if (value === undefined) return usual;
  if (/^(0|[1-9][0-9]{0,11})$/.test(value)) return Number(value);
  throw new InvalidArgument('NUMBER_INVALID', `--${name}`, 'must be a whole number');
}
