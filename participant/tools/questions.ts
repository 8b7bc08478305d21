/** What `policy init` asks on a terminal. Each question has an answer that Enter gives. */
import { readTextFile } from '../../proto/control/files.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import { type Answers, checkedAnswers, type NamedAddress, type Template } from './answers.ts';

/** @returns the line that was typed, empty for Enter */
export type Ask = (question: string) => Promise<string>;

const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const YEAR = 31_536_000;

/** Asks at most eight questions. `now`: Unix seconds; the policy is valid for a year from then. */
export async function askAnswers(template: Template, ask: Ask, now: number): Promise<Answers> {
  const cold = template === 'treasury';
  const or = async (question: string, usual: string): Promise<string> =>
    (await ask(`${question} [${usual}]`)).trim() || usual;
  const wallet = await or('Name of the wallet, as at its keygen', template);
  const [threshold = '2', parties = '3'] = words(
    await or('How many parties must sign, of how many', '2 of 3'),
    /\s+of\s+|\s+/,
  );
  const [chainId = '1', coin = 'ETH'] = words(await or('Chain id, and symbol of its coin', '1 ETH'), /\s+/);
  const accounts = addresses(
    await ask(
      cold ? 'Safes this wallet signs for, like Vault=0x..., Spare=0x...' : 'Address of the wallet, like Payouts=0x...',
    ),
    'accounts',
  );
  const payees = addresses(
    await ask(
      cold
        ? 'Your own warm wallets that it refills, like Warm=0x...'
        : 'Who is paid, like Hosting=0x..., Auditors=0x...',
    ),
    'payees',
  );
  const token = await or('Token: symbol, address and decimals, or none', `USDC ${USDC} 6`);
  const amounts = words(
    await or(
      cold
        ? 'At most a day: coin, token'
        : 'At most a day: coin, token; and up to which amount of the token nobody is asked',
      cold ? '100 1000000' : '10 50000 1000',
    ),
    /\s+/,
  );
  const people = await ask(
    "Who approves: quorum, then the files that each one's `keymoot approver init` printed; Enter: nobody yet",
  );
  const [symbol = '', address = '', decimals = '18'] = words(token, /\s+/);
  const hasToken = token !== 'none';
  const [quorum = '1', ...files] = words(people, /\s+/);
  return checkedAnswers({
    schema: 'keymoot/policy-answers/1',
    template,
    wallet,
    threshold,
    parties,
    chainId,
    coin,
    accounts,
    payees,
    ...(hasToken ? { token: { symbol, address, decimals } } : {}),
    coinPerDay: amounts[0] ?? '0',
    ...(hasToken ? { tokenPerDay: amounts[1] ?? '0' } : {}),
    ...(cold ? {} : { tokenUnattended: amounts[2] ?? '0' }),
    proposers: [],
    approvers: await approversIn(files),
    quorum,
    expiresAt: String(now + YEAR),
  });
}

function words(line: string, between: RegExp): readonly string[] {
  return line.trim() === '' ? [] : line.trim().split(between);
}

function addresses(line: string, field: string): Json {
  return line.split(',').map((part): { readonly [K in keyof NamedAddress]: string } => {
    const [label = '', address = ''] = part.split('=').map((side) => side.trim());
    if (address === '') {
      throw new InvalidArgument('ANSWERS_INVALID', field, 'write each one as NAME=ADDRESS, with commas between them');
    }
    return { label, address };
  });
}

/** Each file holds `{"name": {"person": ..., "device": ..., "key": ...}}`. */
async function approversIn(files: readonly string[]): Promise<Json> {
  const entries: { [name: string]: Json } = {};
  for (const file of files) {
    const parsed = parseStrictJson(await readTextFile(file));
    const json = parsed.ok ? toJson(parsed.value, 'decimal') : parsed;
    if (!json.ok) throw new InvalidArgument('ANSWERS_INVALID', file, json.error.message);
    if (typeof json.value !== 'object' || Array.isArray(json.value)) {
      throw new InvalidArgument('ANSWERS_INVALID', file, 'is not what keymoot approver init printed');
    }
    Object.assign(entries, json.value);
  }
  return entries;
}
