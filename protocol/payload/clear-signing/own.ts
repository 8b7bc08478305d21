/**
 * Our own descriptors, in the format of the registry but bound to no contract: what a function of that name does
 * wherever it does what its name says. They never claim more than the name.
 */
import ownData from './data/own.json' with { type: 'json' };
import { selectorOf } from './named-signature.ts';
import { type CallFormat, descriptorOf, formatsOf } from './registry.ts';

let bySelector: ReadonlyMap<string, CallFormat> | undefined;

export function ownFormat(selector: string): CallFormat | undefined {
  bySelector ??= new Map(ownFormats().map((format) => [selectorOf(format.signature), format] as const));
  return bySelector.get(selector);
}

export function ownFormats(): readonly CallFormat[] {
  return formatsOf(descriptorOf('own', ownData));
}
