/** A small validator of JSON Schema, written from its specification: only the keywords that our schema uses. */

type Schema = { readonly [keyword: string]: unknown };

/** Paths and keywords of everything that is wrong; empty if the value is valid. */
export function violations(root: Schema, value: unknown, schema: Schema = root, path = ''): readonly string[] {
  const found: string[] = [];
  const fail = (keyword: string): void => void found.push(`${path} ${keyword}`.trim());
  const check = (part: unknown, at: unknown, where: string): void =>
    void found.push(...violations(root, at, part as Schema, where));
  for (const [keyword, wanted] of Object.entries(schema)) {
    switch (keyword) {
      case '$schema':
      case '$defs':
      case 'title':
        break;
      case '$ref':
        check(definition(root, wanted), value, path);
        break;
      case 'type':
        if (!isOfType(value, wanted)) fail(keyword);
        break;
      case 'const':
        if (value !== wanted) fail(keyword);
        break;
      case 'enum':
        if (!(wanted as readonly unknown[]).includes(value)) fail(keyword);
        break;
      case 'anyOf': {
        const parts = wanted as readonly Schema[];
        if (parts.every((part) => violations(root, value, part, path).length > 0)) fail(keyword);
        break;
      }
      case 'minimum':
        if (typeof value === 'number' && value < Number(wanted)) fail(keyword);
        break;
      case 'maximum':
        if (typeof value === 'number' && value > Number(wanted)) fail(keyword);
        break;
      case 'pattern':
        if (typeof value === 'string' && !new RegExp(String(wanted), 'u').test(value)) fail(keyword);
        break;
      case 'minLength':
        if (typeof value === 'string' && value.length < Number(wanted)) fail(keyword);
        break;
      case 'maxLength':
        if (typeof value === 'string' && value.length > Number(wanted)) fail(keyword);
        break;
      case 'minItems':
        if (Array.isArray(value) && value.length < Number(wanted)) fail(keyword);
        break;
      case 'maxItems':
        if (Array.isArray(value) && value.length > Number(wanted)) fail(keyword);
        break;
      case 'uniqueItems':
        if (Array.isArray(value) && new Set(value.map((item) => JSON.stringify(item))).size < value.length)
          fail(keyword);
        break;
      case 'items':
        if (Array.isArray(value)) for (const [i, item] of value.entries()) check(wanted, item, `${path}[${i}]`);
        break;
      case 'required':
        for (const name of wanted as readonly string[]) {
          if (isObject(value) && !Object.hasOwn(value, name)) fail(`required ${name}`);
        }
        break;
      case 'properties':
        for (const [name, part] of Object.entries(wanted as Schema)) {
          if (isObject(value) && Object.hasOwn(value, name)) check(part, value[name], `${path}.${name}`);
        }
        break;
      case 'additionalProperties': {
        const known = Object.keys((schema['properties'] as Schema | undefined) ?? {});
        for (const [name, member] of isObject(value) ? Object.entries(value) : []) {
          if (known.includes(name)) continue;
          if (wanted === false) fail(`unknown ${name}`);
          else check(wanted, member, `${path}.${name}`);
        }
        break;
      }
      case 'propertyNames':
        for (const name of isObject(value) ? Object.keys(value) : []) check(wanted, name, `${path}.${name}`);
        break;
      case 'maxProperties':
        if (isObject(value) && Object.keys(value).length > Number(wanted)) fail(keyword);
        break;
      default:
        throw new Error(`this validator does not know the keyword ${keyword}`);
    }
  }
  return found;
}

function definition(root: Schema, reference: unknown): Schema {
  const name = String(reference).replace('#/$defs/', '');
  const found = (root['$defs'] as { readonly [name: string]: Schema })[name];
  if (found === undefined) throw new Error(`no definition ${String(reference)}`);
  return found;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      throw new Error(`this validator does not know the type ${String(type)}`);
  }
}
