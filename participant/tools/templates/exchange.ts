/** Withdrawals to addresses that their owners signed or that are listed: small ones unattended, with a limit for each receiver. */
import { type Answers, baseUnits } from '../answers.ts';
import { hotLimits, hotMatch, hotWallet } from './hot.ts';
import {
  amountLimit,
  consents,
  DAY,
  denials,
  type FileObject,
  head,
  listed,
  people,
  TRANSFER,
  tokens,
} from './parts.ts';

/** How often the unattended amount goes to one receiver within a day. */
const SMALL_PER_RECEIVER = 3n;

export function exchange(answers: Answers): FileObject {
  const { counterparties, payees, token, tokenUnattended = '0' } = answers;
  if (token === undefined) throw new Error('answers of this template have a token');
  const small = baseUnits(tokenUnattended, token.decimals, 'tokenUnattended');
  const most = tokens(answers) ?? 0n;
  const receivers = counterparties === undefined ? '@withdrawals' : ['@book', '@withdrawals'];
  const match = { ...hotMatch(answers, receivers), selectors: [TRANSFER], assets: [token.symbol] };
  return {
    ...head(answers),
    ...hotWallet(answers),
    addressLists: { withdrawals: listed(answers, payees) },
    limits: [
      ...hotLimits(answers, small),
      {
        ...amountLimit('token-a-receiver', token.symbol, small * SMALL_PER_RECEIVER, DAY, ['counterparty', 'wallet']),
        note: 'More than this to one receiver a day: a person looks',
        onExceed: { require: { holder: true } },
      },
    ],
    rules: [
      {
        id: 'withdrawal-small',
        note: `${token.symbol} up to ${tokenUnattended}: the parties consent unattended`,
        effect: 'allow',
        match: { ...match, amount: { max: small.toString() } },
        consents: consents(answers),
      },
      {
        id: 'withdrawal-large',
        note: `${token.symbol} above that: people look`,
        effect: 'require',
        match: { ...match, amount: { min: (small + 1n).toString(), max: most.toString() } },
        consents: consents(answers),
        ...people(answers, 0),
      },
      ...denials(),
    ],
  };
}
