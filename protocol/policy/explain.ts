/** A verdict in plain words: the outcome, every reason, and every comparison that was made, with both values. */
import { describeCondition, limitWords } from './condition-words.ts';
import { CONDITIONS, matches, matchNode, matchPayload, outcomeOf } from './match.ts';
import { nodeWords } from './reasons.ts';
import type { LayerTrace, Obligations, Reason, Verdict } from './verdict.ts';

/** A batch of thousands against hundreds of rules would fill books; nobody reads beyond this. */
const MAX_LINES = 2000;

/** One sentence or comparison a line, indented by two spaces a level; printable ASCII. */
export function explain(verdict: Verdict): readonly string[] {
  const lines = [...outcomeWords(verdict)];
  for (const layer of verdict.trace.layers) {
    if (!addLayer(lines, layer)) {
      lines.push(`... the rest is left out after ${MAX_LINES} lines`);
      break;
    }
  }
  return lines.map((line) => line.replace(/[^\x20-\x7e]/g, '?'));
}

function outcomeWords(verdict: Verdict): readonly string[] {
  const { decision, consents, rejections, reasons, risks } = verdict;
  const ends = `${rejections} ${rejections === 1 ? 'rejection ends' : 'rejections end'} the proposal`;
  const words = {
    allow: `allow: this party may consent by itself; ${consents} consents are needed, ${ends}`,
    require: `require: ${peopleWords(verdict.obligations)}; ${consents} consents are needed, ${ends}`,
    deny: 'deny: this party signs a rejection and contributes nothing',
  };
  return [
    words[decision],
    ...(decision === 'require' ? groupWords(verdict.obligations) : []),
    ...reasons.map(reasonWords),
    ...(risks.length > 0 ? [`risks found: ${risks.join(', ')}`] : []),
  ];
}

/** Who has to say something, as a clause; for a verdict of `require`. */
export function peopleWords({ groups, holder }: Obligations): string {
  const approvals = groups.map(({ group, quorum }) => `${quorum} of group ${group}`).join(' and ');
  if (groups.length === 0) return 'the key holder must approve by hand';
  return holder ? `${approvals} and the key holder must approve` : `${approvals} must approve`;
}

/** How approvals count; nothing where no group is asked. */
export function groupWords({ delaySec, distinctDevices, groups, rejects, ttlSec }: Obligations): readonly string[] {
  const wait = delaySec === 0 ? [] : [`  nobody consents before the proposal was seen for ${delaySec} s`];
  if (groups.length === 0) return wait;
  const devices = distinctDevices ? ', two on one device count once' : '';
  const ends = `${rejects} ${rejects === 1 ? 'rejection' : 'rejections'} of theirs ${rejects === 1 ? 'ends' : 'end'} it`;
  return [...wait, `  an approval is void ${ttlSec} s after it was made${devices}; ${ends}`];
}

function reasonWords({ code, policy, leaf, detail }: Reason): string {
  const where = [
    ...(policy === undefined ? [] : [`${policy} policy`]),
    ...(leaf === undefined ? [] : [`call ${leaf}`]),
  ];
  return `  ${code}${where.length === 0 ? '' : ` (${where.join(', ')})`}: ${detail}`;
}

/** Whether everything fitted. */
function addLayer(lines: string[], trace: LayerTrace): boolean {
  const { layer, policy, facts, request } = trace;
  const { id, version } = policy.document;
  lines.push(`${layer} policy "${id}" version ${version}, wallet ${request.wallet} (${request.address})`);
  for (const line of trace.limits) lines.push(`  ${limitWords(line, policy)}`);
  for (const { allowed, from, leaf, to } of trace.flows) {
    lines.push(`  ${allowed ? 'allowed' : 'forbidden'}: flow from ${from} to ${to}, first at call ${leaf}`);
  }
  if (lines.length > MAX_LINES) return false;
  for (const node of facts.nodes) {
    lines.push(`  call ${node.path}: ${nodeWords(node)}`);
    for (const rule of policy.rules) {
      if (lines.length > MAX_LINES) return false;
      const words = { payload: matchPayload(rule, facts, request), node: matchNode(rule, node, facts, request) };
      const match = matches(rule, words.payload, words.node) ? 'matches' : 'does not match';
      lines.push(`    ${rule.rule.effect} rule "${rule.rule.id}" ${match}`);
      for (const condition of CONDITIONS) {
        const outcome = outcomeOf(words, condition);
        if (outcome === 'free') continue;
        lines.push(`      ${outcome}: ${describeCondition(condition, rule, node, trace)}`);
      }
    }
  }
  return true;
}
