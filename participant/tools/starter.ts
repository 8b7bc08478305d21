/** A policy from answers. */
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { Answers, Template } from './answers.ts';
import { exchange } from './templates/exchange.ts';
import { operations } from './templates/operations.ts';
import type { FileObject } from './templates/parts.ts';
import { treasury } from './templates/treasury.ts';

const TEMPLATE: Readonly<Record<Template, (answers: Answers) => FileObject>> = { exchange, operations, treasury };

export interface Starter {
  /** What is written to the file. */
  readonly text: string;
  readonly policy: Policy;
}

/** Fails as the reader of policies does, where an address or a key among the answers is none. */
export function starterPolicy(answers: Answers): Starter {
  const text = `${JSON.stringify(TEMPLATE[answers.template](answers), undefined, 2)}\n`;
  const policy = parsePolicy(text);
  if (policy.ok) return { text, policy: policy.value };
  const { code, field, message } = policy.error;
  throw new InvalidArgument(code, field, message);
}
