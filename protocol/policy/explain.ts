/** A verdict in plain words: the outcome, every reason, and every comparison that was made, with both values. */
import { describeCondition } from './condition-words.ts';
import { CONDITIONS, matches, matchNode, matchPayload, outcomeOf } from './match.ts';
import { nodeWords } from './reasons.ts';
import type { LayerTrace, Reason, Verdict } from './verdict.ts';

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
    require: `require: the key holder must approve by hand; ${consents} consents are needed, ${ends}`,
    deny: 'deny: this party signs a rejection and contributes nothing',
  };
  return [
    words[decision],
    ...reasons.map(reasonWords),
    ...(risks.length > 0 ? [`risks found: ${risks.join(', ')}`] : []),
  ];
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
