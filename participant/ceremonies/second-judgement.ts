/**
 * What is judged again right before the share is used can demand more than it did at the consent: hours of a rule have
 * ended, a risk was seen since. Nobody has met such a demand, so the signing does not go on.
 */
import { obligationsOf } from '../../protocol/ceremony/approval-check.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { coversObligations } from '../../protocol/ceremony/obligations.ts';
import type { VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { Refusal } from '../../protocol/common/errors.ts';

/** @param consents how many parties have consented */
export function demandFault(consent: VerdictBody, judgement: Judgement, consents: number): Refusal | undefined {
  if (judgement.judgement === 'deny') {
    const codes = [...new Set(judgement.reasons.map(({ code }) => code))].join(', ');
    return new Refusal('NO_LONGER_PERMITTED', `it is denied now: ${codes}`);
  }
  if (judgement.obligations?.holder === true && !consent.byHand) {
    return new Refusal(
      'NO_LONGER_PERMITTED',
      'the policies now leave the decision to the key holder, who has not made it',
    );
  }
  const stated = obligationsOf(consent);
  const met = { ...stated, holder: stated.holder || consent.byHand };
  if (judgement.obligations !== undefined && !coversObligations(met, judgement.obligations)) {
    return new Refusal('NO_LONGER_PERMITTED', 'the policies now ask people who had not to approve it before');
  }
  if (judgement.consents > consents) {
    return new Refusal('NO_LONGER_PERMITTED', `the policies now ask for ${judgement.consents} consents`);
  }
  return undefined;
}
