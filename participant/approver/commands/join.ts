/** `keymoot approver join`: whom this device believes, decided once by hand. */
import type { Command, CommandCall } from '../../../proto/control/command.ts';
import { readTextFile } from '../../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../../proto/control/home-option.ts';
import { nodeLog } from '../../../proto/control/node-log.ts';
import { readFileIfPresent, writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { readPassphrase } from '../../../proto/rest/passphrase.ts';
import { contentFault } from '../../../protocol/ceremony/policy-chain.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import { checkSuccessor } from '../../../protocol/ceremony/roster-change.ts';
import { networkKeyText, readNetworkKey, readRoster, rosterText } from '../../../protocol/ceremony/roster-file.ts';
import { equalBytes, toHex, utf8 } from '../../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../../protocol/common/errors.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { systemClock } from '../../clock.ts';
import { confirmRoster } from '../../commands/adopt.ts';
import { systemRandom } from '../../randomness.ts';
import { ApproverDesk } from '../desk.ts';
import { policyOf } from '../governance.ts';
import { openApproverHome, pinnedRoster } from '../home.ts';
import { type ApproverLayout, approverLayout } from '../layout.ts';
import { readProfile } from '../profile.ts';
import { placeOf } from '../reading.ts';

export const join: Command = {
  usage:
    'ROSTER --home DIR --policy FILE [--network-key FILE] [--fingerprint WORDS] [--policy-digest HEX] [--yes] [--passphrase-file FILE]',
  summary:
    'pin the roster and adopt the common policy, after comparing both with key holders; without a network key it works by files only',
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    'network-key': { type: 'string' },
    policy: { type: 'string' },
    fingerprint: { type: 'string' },
    'policy-digest': { type: 'string' },
    yes: { type: 'boolean' },
  },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const policyPath = call.required('policy');
    const layout = approverLayout(homeOf(call));
    await readProfile(layout.home);
    const roster = readRoster(await readTextFile(path));
    if (!roster.ok) throw new InvalidArgument(roster.error.code, path, roster.error.message);
    await mustFollow(layout, roster.value);
    const policy = policyOf(await readTextFile(policyPath), policyPath);
    const fault = contentFault(policy, roster.value, systemClock.now());
    if (fault !== undefined) throw new InvalidArgument(fault.code, policyPath, fault.detail);
    await confirmRoster(call, roster.value);
    await confirmPolicy(call, policy);
    const keyPath = call.text('network-key');
    if (keyPath !== undefined) {
      const key = readNetworkKey(await readTextFile(keyPath), roster.value);
      if (key === undefined) {
        throw new InvalidArgument('NETWORK_KEY_WRONG', '--network-key', 'this is not the key of the roster');
      }
      await writeFileAtomic(layout.networkKey, utf8(networkKeyText(key)));
    }
    await writeFileAtomic(layout.roster, utf8(rosterText(roster.value.file)));
    return await adoptPolicy(call, layout, policy);
  },
};

/** Shows which version it is and asks whether its digest was compared. Fails with `POLICY_DIGEST`, `NOT_CONFIRMED`. */
export async function confirmPolicy(call: CommandCall, policy: Policy): Promise<void> {
  const { id, version } = policy.document;
  const digest = toHex(policyDigest(policy));
  const given = call.text('policy-digest')?.toLowerCase().replace(/^0x/, '');
  if (given !== undefined && given !== digest) {
    throw new Refusal('POLICY_DIGEST', `the policy has the digest ${digest}, not the one given`);
  }
  call.terminal.print(`Policy ${id}, version ${version}\n  digest  ${digest}`);
  const question = {
    text: 'Is this the digest that key holders have in force?',
    yes: call.flag('yes') || given !== undefined,
  };
  if (!(await call.terminal.confirm(question))) {
    throw new Refusal('NOT_CONFIRMED', 'the policy was not confirmed; nothing was changed');
  }
}

async function adoptPolicy(call: CommandCall, layout: ApproverLayout, policy: Policy): Promise<number> {
  const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
  const home = await openApproverHome(layout.home, passphrase, systemRandom);
  passphrase.fill(0);
  try {
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    const desk = new ApproverDesk({ home, clock: systemClock, random: systemRandom, note });
    const { current } = desk.policy;
    const isSame = current !== undefined && equalBytes(policyDigest(current), policyDigest(policy));
    if (!isSame) await desk.policy.adopt(policy);
    const place = placeOf(policy, desk.voice.key);
    const who =
      place === undefined
        ? 'This policy does not list the key of this device yet.'
        : `This device is its approver ${place.name} (${place.approver.person}).`;
    call.terminal.result(
      { ok: true, approver: place?.name ?? null, roster: home.roster.version, policy: policy.document.version },
      `Joined ${home.roster.name}. ${who}`,
    );
    return 0;
  } finally {
    await home.close();
  }
}

/** A device that has joined follows its roster to a successor, and to nothing else. */
async function mustFollow(layout: ApproverLayout, next: Roster): Promise<void> {
  if ((await readFileIfPresent(layout.roster)) === undefined) return;
  const pinned = await pinnedRoster(layout);
  if (equalBytes(pinned.digest, next.digest)) return;
  const succession = checkSuccessor(pinned, next);
  if (!succession.ok) throw new Refusal(succession.error.code, succession.error.message);
}
