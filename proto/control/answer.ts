/** Reading a node's answer: fields that may or may not be there. */
import type { JsonValue } from './message.ts';

/** A member of an object; undefined for anything else. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as { readonly [key: string]: JsonValue })[name];
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** A member as text for people; empty if it is not there. */
export function field(value: JsonValue | undefined, name: string): string {
  const member = memberOf(value, name);
  if (member === undefined || member === null) return '';
  return typeof member === 'string' ? member : JSON.stringify(member);
}
