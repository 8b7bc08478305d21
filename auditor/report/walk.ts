/**
 * A transcript in plain words, entry by entry: who said what, and what the payload does. It believes nothing: bodies are
 * read as canonical JSON, and every text in them is shown as printable ASCII only.
 */

import { fingerprint, parseRosterFile } from '../../protocol/ceremony/roster.ts';
import { type Envelope, envelopeFromJson } from '../../protocol/ceremony/statement.ts';
import { fromHex } from '../../protocol/common/bytes.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { decode, type PayloadKind } from '../../protocol/payload/payload.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import { type AddressNames, NO_NAMES } from '../../protocol/payload/words/names.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Entry, Line } from '../../protocol/transcript/entry.ts';

/** Longest line shown; what is beyond is cut. */
const MAX_LINE = 4096;

/** One paragraph an entry; the first line names it, the others are indented. `names`: of addresses, if any are believed. */
export function walkText(lines: readonly Line[], names: AddressNames = NO_NAMES): readonly string[] {
  return lines.flatMap((line) => {
    const [first = '', ...rest] = entryText(line.entry, names);
    return [`${String(line.seq).padStart(4)}  ${first}`, ...rest.map((text) => `      ${text}`)].map((text) =>
      sanitise(text, MAX_LINE),
    );
  });
}

/** The same as data: statement bodies and documents as they stand. */
export function walkJson(lines: readonly Line[], names: AddressNames = NO_NAMES): Json {
  return lines.map(({ seq, entry }): Json => {
    const place = String(seq);
    if (entry.kind === 'document') return { content: entry.content, kind: 'document', seq: place };
    if (entry.kind !== 'statement') return { kind: entry.kind, seq: place, text: entryText(entry, names) };
    const body = parseCanonical(entry.statement.body);
    const content = body.ok ? body.value : {};
    return { body: content, kind: 'statement', seq: place, text: entryText(entry, names), type: entry.statement.type };
  });
}

function entryText(entry: Entry, names: AddressNames): readonly string[] {
  switch (entry.kind) {
    case 'open':
      return [`open ${entry.format}`];
    case 'document':
      return documentText(new Fields(entry.content));
    case 'round':
      return [roundText(entry.envelope)];
    case 'statement':
      return statementText(entry.statement, names);
  }
}

function documentText(content: Fields): readonly string[] {
  switch (content.text('schema')) {
    case 'keymoot/policy/1':
      return [
        `policy "${content.text('id')}" version ${content.text('version')}, ${content.list('rules').length} rules`,
      ];
    case 'keymoot.inputs.v1':
      return [`inputs of a judgement at ${time(content.text('now'))}`];
    case 'keymoot.inputs.v2':
      return [
        `inputs of a judgement at ${time(content.text('now'))}, with what the party saw outside of the payload`,
        ...content.list('observed').map((item) => observationText(new Fields(item))),
      ];
    case 'keymoot.inputs.v3':
      return [
        `inputs of a judgement at ${time(content.text('now'))}, with what the party had counted`,
        ...content.list('limits').map((item) => limitText(new Fields(item))),
        ...content.list('observed').map((item) => observationText(new Fields(item))),
      ];
    case 'keymoot.approval.v1':
      return approvalText(content.object('statement').json);
    case 'keymoot.wallet.v1':
      return [walletText(content.object('certificate').object('config'))];
    case 'keymoot.evidence.v1':
      return [`evidence against ${content.text('accused')}, check ${content.text('check')}`];
    default:
      return ['a document of unknown kind'];
  }
}

function limitText(row: Fields): string {
  const where = `${row.text('layer')}/${row.text('limit')}, ${row.text('bucket')}`;
  return `limit ${where}: ${row.text('used')} used up by ${row.text('entries')} payloads before`;
}

/** Who is behind the name, and whether it signed, is for verify to say: the policy knows. */
function approvalText(statement: Json): readonly string[] {
  const envelope = envelopeFromJson(statement);
  const json = envelope.ok ? parseCanonical(envelope.value.body) : undefined;
  if (json?.ok !== true) return ['an approval that cannot be read'];
  const body = new Fields(json.value);
  const word = { approve: 'APPROVES', reject: 'REFUSES', cancel: 'TAKES IT BACK' }[body.text('decision')] ?? 'SAYS';
  const comment = body.text('comment') === '' ? [] : [`in words of the approver: "${body.text('comment')}"`];
  return [
    `approver ${body.text('approver')} ${word} at ${time(body.text('created'))}, until ${time(body.text('expires'))}`,
    `digest ${body.text('digest')}, chain ${body.text('chainId')}, by policy version ${body.object('policy').text('version')}`,
    ...comment,
  ];
}

function observationText(item: Fields): string {
  return `! ${item.text('code')} at call ${item.text('path')}: ${item.text('detail')}`;
}

function walletText(config: Fields): string {
  return `wallet: the proposal that it came from, and the certificate of all holders (${config.text('purpose')}, generation ${config.text('gen')})`;
}

function roundText(bytes: Uint8Array): string {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) return 'a malformed round message';
  const { type, round, from, body } = envelope;
  return `round ${round} broadcast 0x${type.toString(16)} of member ${from}, ${body.length} bytes`;
}

function statementText(statement: Envelope, names: AddressNames): readonly string[] {
  const json = parseCanonical(statement.body);
  const body = new Fields(json.ok ? json.value : {});
  switch (statement.type) {
    case 'keymoot.proposal.v1':
      return proposalText(body, names);
    case 'keymoot.verdict.v1':
      return verdictText(body);
    case 'keymoot.start.v1':
      return startText(body);
    case 'keymoot.withdrawal.v1':
      return [`${body.text('author')} WITHDRAWS at ${time(body.text('created'))}: "${body.text('reason')}"`];
    case 'keymoot.outcome.v1':
      return outcomeText(body);
    case 'keymoot.close.v1':
      return [`${body.text('author')} closes it as ${body.text('ending')} at ${time(body.text('created'))}`];
    default:
      return [`a ${statement.type} statement, which has no place here`];
  }
}

function proposalText(body: Fields, names: AddressNames): readonly string[] {
  const lines = [
    `operator ${body.text('initiator')} proposes a ${body.text('ceremony')} for wallet ${body.text('wallet')}, attempt ${body.text('attempt')}`,
    `at ${time(body.text('created'))}, open until ${time(body.text('expires'))}`,
  ];
  const payload = body.object('payload');
  const bytes = fromHex(payload.text('bytes'));
  if (body.text('ceremony') === 'sign' && bytes !== undefined) {
    const kind = payload.text('kind') as PayloadKind;
    const preimages = payload.list('preimages').flatMap((hex) => (typeof hex === 'string' ? (fromHex(hex) ?? []) : []));
    const decoded = decode(preimages.length === 0 ? { kind, bytes } : { kind, bytes, preimages });
    if (decoded.ok) lines.push(...describe(assess(decoded.value), { names }).map((line) => `| ${line}`.trimEnd()));
    else lines.push(`| cannot be decoded: ${decoded.error.message} (${decoded.error.code})`);
  }
  lines.push(...keyChangeText(body).map((line) => `| ${line}`));
  if (body.text('note') !== '') lines.push(`the proposer claims: "${body.text('note')}"`);
  return lines;
}

/** What it says it changes; whether that is possible is for verify to say. */
function keyChangeText(body: Fields): readonly string[] {
  switch (body.text('ceremony')) {
    case 'reshare':
      return [
        `new shares, generation ${body.text('gen')}, dealt by party ${body.list('dealers').map(String).join(', ')}`,
        ...(body.has('next') ? nextText(body.object('next')) : ['for the same parties']),
      ];
    case 'import':
      return [
        `party ${body.text('holder')} brings the key ${body.text('publicKey')}`,
        body.flag('exportable') ? 'it may be exported' : 'it can never be exported',
      ];
    case 'export':
      return [`every share goes to the recipient ${body.text('recipient')}`];
    default:
      return [];
  }
}

function nextText(next: Fields): readonly string[] {
  const roster = next.object('roster');
  const parties = roster.list('parties').map((party) => new Fields(party));
  const file = parseRosterFile(next.json);
  return [
    `for roster ${roster.text('name')} version ${roster.text('version')}, ${file.ok ? `fingerprint ${fingerprint(file.value.digest).words}` : 'which is malformed'}`,
    `  ${parties.map((party) => `party ${party.text('index')} ${party.text('name')} (${party.text('person')})`).join('; ')}`,
    `  any ${roster.text('threshold')} of them sign`,
  ];
}

function verdictText(body: Fields): readonly string[] {
  const approvals = body.list('approvals').length;
  const people = approvals === 0 ? '' : `with ${approvals} approval${approvals === 1 ? '' : 's'}`;
  const how = body.flag('byHand') ? `by hand${people && ` and ${people}`}` : people || 'by policy alone';
  const answer = body.text('decision') === 'consent' ? 'CONSENTS' : 'REJECTS';
  const lines = [
    `party ${body.text('party')} ${answer} ${how} at ${time(body.text('created'))}; policy says ${body.text('judgement')}, ${body.text('consents')} consents needed`,
  ];
  const rules = body.list('rules').map(String);
  const risks = body.list('risks').map(String);
  if (body.has('obligations')) lines.push(obligationText(body.object('obligations')));
  if (rules.length > 0) lines.push(`rules: ${rules.join(', ')}`);
  if (risks.length > 0) lines.push(`risks: ${risks.join(', ')}`);
  for (const item of body.list('reasons')) {
    const reason = new Fields(item);
    lines.push(`because ${reason.text('code')}: ${reason.text('detail')}`);
  }
  return lines;
}

function obligationText(owed: Fields): string {
  const groups = owed.list('groups').map((item) => {
    const group = new Fields(item);
    return `${group.text('quorum')} of group ${group.text('group')}`;
  });
  const asked = [...(owed.flag('holder') ? ['the key holder'] : []), ...groups].join(', ');
  const delay = owed.text('delaySec') === '0' ? '' : `; nobody consents within ${owed.text('delaySec')} s`;
  return `asked: ${asked}${owed.flag('distinctDevices') ? ', on devices of their own' : ''}${delay}`;
}

function startText(body: Fields): readonly string[] {
  const standings = body.list('standings').map((item) => {
    const standing = new Fields(item);
    return `party ${standing.text('party')} ${standing.text('answer')}`;
  });
  const signers = body.list('signers').map(String).join(', ');
  return [
    `${body.text('composer')} starts it at ${time(body.text('created'))} with signers ${signers}`,
    standings.join('; '),
    `digest ${body.text('digest')}`,
  ];
}

function outcomeText(body: Fields): readonly string[] {
  const who = `party ${body.text('party')}`;
  const released = body.flag('released') ? 'its last message had left' : 'its last message had not left';
  if (body.has('signature')) {
    const signature = body.object('signature');
    return [
      `${who} reports the signature r ${signature.text('r')} s ${signature.text('s')} parity ${signature.text('recovery')}`,
    ];
  }
  if (body.has('key')) {
    return [
      `${who} reports the key ${body.object('key').text('publicKey')}, epoch ${body.object('key').text('epochId')}`,
    ];
  }
  if (body.has('exported')) return [`${who} handed its sealed share ${body.text('exported')} to the recipient`];
  const abort = body.object('abort');
  const culprits = abort.list('culprits').map(String).join(', ');
  const joining = abort.list('joining').map(String).join(', ');
  const blamed = [
    ...(culprits === '' ? [] : [`, blaming party ${culprits}`]),
    ...(joining === '' ? [] : [`, blaming party ${joining} of the next roster`]),
  ].join('');
  return [`${who} ABORTED: ${abort.text('failure')} ${abort.text('check')}${blamed}; ${released}`];
}

/** Reads what may be missing or of another type; absent text is empty. */
class Fields {
  readonly #members: { readonly [key: string]: Json };

  constructor(value: Json | undefined) {
    const usable = typeof value === 'object' && !Array.isArray(value);
    this.#members = usable ? (value as { readonly [key: string]: Json }) : {};
  }

  get json(): Json {
    return this.#members;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#members, key);
  }

  text(key: string): string {
    const value = this.#get(key);
    return typeof value === 'string' ? value : '';
  }

  flag(key: string): boolean {
    return this.#get(key) === true;
  }

  list(key: string): readonly Json[] {
    const value = this.#get(key);
    return isList(value) ? value : [];
  }

  object(key: string): Fields {
    return new Fields(this.#get(key));
  }

  #get(key: string): Json | undefined {
    return this.has(key) ? this.#members[key] : undefined;
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Unix seconds as a date in UTC. */
function time(seconds: string): string {
  const date = new Date(Number(seconds) * 1000);
  return seconds === '' || Number.isNaN(date.getTime()) ? `time ${seconds}` : date.toISOString().replace('.000Z', 'Z');
}
