/** `keymoot policy init`: a policy from a few questions. */
import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { createFileAtomic } from '../../proto/rest/atomic-file.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { lintPolicy } from '../../protocol/policy/lint/lint.ts';
import { systemClock } from '../clock.ts';
import { readAnswers, TEMPLATES } from './answers.ts';
import { findingLines } from './finding-lines.ts';
import { askAnswers } from './questions.ts';
import { starterPolicy } from './starter.ts';

export const init: Command = {
  usage: '--out POLICY [--template treasury|operations|exchange] [--answers FILE]',
  summary: 'make a first policy from a few questions, or from a file of answers',
  options: { out: { type: 'string' }, template: { type: 'string' }, answers: { type: 'string' } },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const { terminal } = call;
    const out = call.required('out');
    const file = call.text('answers');
    const name = call.text('template');
    const template = TEMPLATES.find((known) => known === (name ?? 'operations'));
    if (template === undefined) {
      throw new InvalidArgument('TEMPLATE_UNKNOWN', '--template', `is none of ${TEMPLATES.join(', ')}`);
    }
    const answers =
      file === undefined
        ? await askAnswers(template, async (question) => await terminal.ask(question), systemClock.now())
        : readAnswers(await readTextFile(file));
    if (name !== undefined && answers.template !== template) {
      throw new InvalidArgument(
        'TEMPLATE_UNKNOWN',
        '--template',
        `is ${template}, and the answers are for ${answers.template}`,
      );
    }
    const { policy, text } = starterPolicy(answers);
    await createFileAtomic(out, utf8(text));
    const findings = lintPolicy(policy);
    const digest = toHex(policyDigest(policy));
    const { id, limits = [], rules } = policy.document;
    terminal.result(
      { policy: id, digest, path: out, findings: findings.map((finding) => ({ ...finding })) },
      [
        `${out}: policy ${id}, ${rules.length} rules, ${limits.length} limits`,
        `digest ${digest}`,
        ...findingLines(findings),
        `Read it, change it, then: keymoot policy check ${out}, keymoot policy redteam --policy ${out}`,
      ].join('\n'),
    );
    return 0;
  },
};
