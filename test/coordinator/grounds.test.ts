import { expect, test } from 'vitest';
import { restingOn, withGrounds } from '../../coordinator/collect/grounds.ts';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { answer, NOW, propose, ROSTER } from '../ceremony/support/members.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';

test('a consent counts for a start once everything it rests on has come; a rejection counts at once', () => {
  const documents: Json[] = [];
  const collection = {
    document: (digest: Uint8Array) => documents.find((known) => equalBytes(documentDigest(known), digest)),
  };
  const inputs = { now: String(NOW), schema: 'keymoot.inputs.v1' };
  const policy = { schema: 'some policy' };
  const approval = { schema: 'keymoot.approval.v1' };
  const commonPolicy = { digest: documentDigest(policy), version: 1 };
  const proposal = propose();
  const book = new CeremonyBook(ROSTER);
  const verdicts = [
    answer(proposal, 1, { inputs: documentDigest(inputs), commonPolicy, approvals: [documentDigest(approval)] }),
    answer(proposal, 2, { inputs: vec('shown to nobody') }),
    answer(proposal, 3, { decision: 'reject', judgement: 'deny', inputs: vec('shown to nobody') }),
  ];
  for (const { envelope } of [proposal, ...verdicts]) must(book.apply(envelope, NOW));
  const counted = (): readonly number[] =>
    book.entries().flatMap((entry) => [...withGrounds(entry, collection).ceremony.verdicts.keys()]);

  expect(counted()).toEqual([3]);
  documents.push(inputs);
  expect(counted()).toEqual([3]);
  documents.push(policy);
  expect(counted()).toEqual([3]);
  documents.push(approval);
  expect(counted()).toEqual([1, 3]);
  expect(restingOn(book.entries(), canonicalBytes(approval))).toHaveLength(1);
  expect(restingOn(book.entries(), canonicalBytes(policy))).toHaveLength(1);
  expect(restingOn(book.entries(), canonicalBytes({ schema: 'another' }))).toEqual([]);
  expect(restingOn(book.entries(), vec('no document'))).toEqual([]);
});
