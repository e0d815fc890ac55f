// A call of an operation, written for a shell and for the client.
import type { Operation, Parameter, Schema } from "./document";
import { resolve } from "./document";

/** The values of one call. */
export interface Call {
  path: Record<string, string>;
  query: Record<string, string>;
  header: Record<string, string>;
  body?: string;
}

/** What a parameter may be. */
export function exampleOf({ example, schema = {} }: Parameter, all: Record<string, Schema>): string {
  const one = resolve(schema, all);
  const value = example ?? one.example ?? one.examples?.[0] ?? one.enum?.[0] ?? one.default;
  return value === undefined ? "" : String(value);
}

/** What is filled in at first: what has to be there. */
export function firstCall(operation: Operation, all: Record<string, Schema>): Call {
  const call: Call = { path: {}, query: {}, header: {} };
  for (const parameter of operation.parameters) {
    if (parameter.in !== "cookie" && parameter.required) call[parameter.in][parameter.name] = exampleOf(parameter, all);
  }
  if (operation.body) call.body = JSON.stringify(operation.body.example ?? {}, null, 2);
  return call;
}

/** Path and query of a call. */
export function target(operation: Operation, call: Call): string {
  const path = operation.path.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(call.path[name] ?? ""));
  const query = new URLSearchParams(call.query).toString();
  return query ? `${path}?${query}` : path;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const compact = (json: string) => {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
};

export function curl(operation: Operation, call: Call, api: string): string {
  const method = operation.method === "GET" || (operation.method === "POST" && call.body) ? "" : ` -X ${operation.method}`;
  const lines = [`curl -s${method} ${quoted(api + target(operation, call))}`];
  if (operation.access.needed === "must") lines.push(bearer(operation));
  for (const [name, value] of Object.entries(call.header)) lines.push(`-H ${quoted(`${name.toLowerCase()}: ${value}`)}`);
  if (call.body) lines.push(`-H 'content-type: ${operation.body?.type ?? "application/json"}'`, `-d ${quoted(compact(call.body))}`);
  return lines.join(" \\\n  ");
}

function bearer({ access }: Operation): string {
  const names = access.schemes.map(({ name }) => name);
  if (names.includes("access_token")) return '-H "authorization: Bearer $TOKEN"';
  return names.includes("id_token") ? '-H "authorization: Bearer $ID_TOKEN"' : '-H "stripe-signature: $SIGNATURE"';
}

/** Whether a client calls it: what Stripe signs, no client of ours sends. */
export const isForClients = ({ access }: Operation) => access.schemes.every(({ name }) => name !== "stripe_signature");

export function typescript(operation: Operation, call: Call): string {
  const params = Object.entries({ path: call.path, query: typed(operation, call), header: call.header });
  const given = params.filter(([, values]) => Object.keys(values).length > 0);
  const options = [
    ...(given.length > 0 ? [`params: ${literal(Object.fromEntries(given))}`] : []),
    ...(call.body ? [`body: ${literal(JSON.parse(call.body))}`] : []),
  ];
  const asked = options.length > 0 ? `, {\n  ${options.join(",\n").replaceAll("\n", "\n  ")},\n}` : "";
  const ask = `await ok(enishi.api.${operation.method}("${operation.path}"${asked}));`;
  const answers = operation.answers.some(({ status, schema }) => status.startsWith("2") && schema);
  return answers ? `const answer = ${ask}` : ask;
}

/** A query's numbers and booleans are that to the client. */
function typed(operation: Operation, call: Call): Record<string, unknown> {
  const of = (name: string, value: string): unknown => {
    const type = operation.parameters.find((one) => one.in === "query" && one.name === name)?.schema?.type;
    return type === "integer" || type === "number" ? Number(value) : type === "boolean" ? value === "true" : value;
  };
  return Object.fromEntries(Object.entries(call.query).map(([name, value]) => [name, of(name, value)]));
}

/** JSON as JavaScript writes it: names without quotation marks, where they need none. */
const literal = (value: unknown) => JSON.stringify(value, null, 2).replace(/^(\s*)"([A-Za-z_$][\w$]*)":/gm, "$1$2:");
