/** A hot wallet that pays a list of payees: small amounts unattended, the rest with people. */
import { type Answers, baseUnits } from '../answers.ts';
import { hotLimits, hotMatch, hotWallet } from './hot.ts';
import {
  coins,
  consents,
  denials,
  type FileJson,
  type FileObject,
  head,
  listed,
  people,
  TRANSFER,
  tokens,
} from './parts.ts';

export function operations(answers: Answers): FileObject {
  const { coin, payees, token, tokenUnattended = '0' } = answers;
  if (token === undefined) throw new Error('answers of this template have a token');
  const small = baseUnits(tokenUnattended, token.decimals, 'tokenUnattended');
  const most = tokens(answers) ?? 0n;
  const match = hotMatch(answers, '@payees');
  return {
    ...head(answers),
    ...hotWallet(answers),
    addressLists: { payees: listed(answers, payees) },
    limits: hotLimits(answers, small),
    rules: [
      ...paid(small > 0n, {
        id: 'token-small',
        note: `${token.symbol} up to ${tokenUnattended}: the parties consent unattended`,
        effect: 'allow',
        match: { ...match, selectors: [TRANSFER], assets: [token.symbol], amount: { max: small.toString() } },
        consents: consents(answers),
      }),
      {
        id: 'token-large',
        note: `${token.symbol} above that: people look`,
        effect: 'require',
        match: {
          ...match,
          selectors: [TRANSFER],
          assets: [token.symbol],
          amount: { min: (small + 1n).toString(), max: most.toString() },
        },
        consents: consents(answers),
        ...people(answers, 0),
      },
      {
        id: 'coin',
        note: 'The coin: people look at every payment',
        effect: 'require',
        match: { ...match, selectors: ['none'], assets: [coin], amount: { max: coins(answers).toString() } },
        consents: consents(answers),
        ...people(answers, 0),
      },
      ...denials(),
    ],
  };
}

function paid(wanted: boolean, rule: FileObject): readonly FileJson[] {
  return wanted ? [rule] : [];
}
