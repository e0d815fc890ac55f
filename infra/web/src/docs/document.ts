// The API's own description, as `/openapi.json` answers it: its operations, and what a schema says.
import { ok } from "@enishi/client";
import { enishi } from "../app";

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  title?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  examples?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  /** What a code means, of the catalogue of errors. */
  "x-errors"?: Record<string, Meaning>;
}

/** An entry of the catalogue of errors; a field's code has no status. */
export interface Meaning {
  status?: number;
  meaning: string;
  remedy: string;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  required?: boolean;
  description?: string;
  schema?: Schema;
  example?: unknown;
}

interface Content {
  schema?: Schema;
  example?: unknown;
}

interface Response {
  $ref?: string;
  description?: string;
  content?: Record<string, Content>;
  headers?: Record<string, { description?: string }>;
}

interface RawOperation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Content> };
  responses: Record<string, Response>;
  security?: Record<string, string[]>[];
}

interface OpenApi {
  info: { title: string; version: string; description?: string };
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Response>;
    securitySchemes: Record<string, { description?: string }>;
  };
}

export interface Answer {
  status: string;
  description: string;
  type?: string;
  schema?: Schema;
  example?: unknown;
  headers: [name: string, description: string][];
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  description: string;
  deprecated: boolean;
  parameters: Parameter[];
  body?: { type: string; required: boolean; schema: Schema; example: unknown };
  answers: Answer[];
  access: Access;
  /** What a search looks through. */
  words: string;
}

/** Who may call: nobody needs to say who they are, may, or must; with which of these. */
export interface Access {
  needed: "no" | "may" | "must";
  schemes: { name: string; scopes: string[] }[];
}

export class Description {
  readonly operations: Operation[] = [];
  /** The operation's id, by `GET /slots`. */
  readonly byRoute = new Map<string, string>();

  constructor(readonly raw: OpenApi) {
    for (const [path, methods] of Object.entries(raw.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const one = this.#operation(method.toUpperCase(), path, operation);
        this.operations.push(one);
        this.byRoute.set(`${one.method} ${path}`, one.id);
      }
    }
  }

  /** The tags that have operations, in the document's order. */
  get tags(): { name: string; description: string; operations: Operation[] }[] {
    const all = this.raw.tags.map(({ name, description = "" }) => ({
      name,
      description,
      operations: this.operations.filter(({ tag }) => tag === name),
    }));
    return all.filter(({ operations }) => operations.length > 0);
  }

  get schemas(): Record<string, Schema> {
    return this.raw.components.schemas;
  }

  #operation(method: string, path: string, raw: RawOperation): Operation {
    const tag = raw.tags?.[0] ?? "";
    const { summary = "", description = "" } = raw;
    const [type, content] = Object.entries(raw.requestBody?.content ?? {})[0] ?? [];
    const body = type && content && {
      type,
      required: raw.requestBody?.required ?? false,
      schema: content.schema ?? {},
      example: content.example,
    };
    return {
      id: raw.operationId,
      method,
      path,
      tag,
      summary,
      description,
      deprecated: raw.deprecated ?? false,
      parameters: (raw.parameters ?? []).filter((one) => one.in !== "cookie"),
      ...(body && { body }),
      answers: Object.entries(raw.responses).map(([status, response]) => this.#answer(status, response)),
      access: access(raw.security ?? []),
      words: [method, path, raw.operationId, tag, summary, description].join(" ").toLowerCase(),
    };
  }

  #answer(status: string, given: Response): Answer {
    const named = given.$ref ? this.raw.components.responses[last(given.$ref)] : undefined;
    const response = { ...named, ...given };
    const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
    return {
      status,
      description: response.description ?? "",
      ...(type && { type }),
      ...(content?.schema && { schema: content.schema }),
      ...(content?.example !== undefined && { example: content.example }),
      headers: Object.entries(response.headers ?? {}).map(([name, { description = "" }]) => [name, description]),
    };
  }
}

function access(security: Record<string, string[]>[]): Access {
  const asked = security.filter((one) => Object.keys(one).length > 0);
  const needed = asked.length === 0 ? "no" : asked.length < security.length ? "may" : "must";
  const schemes = asked.flatMap((one) => Object.entries(one).map(([name, scopes]) => ({ name, scopes })));
  return { needed, schemes };
}

const last = (reference: string) => decodeURIComponent(reference.split("/").pop() ?? "");

/** The name of what a schema refers to. */
export function nameOf(schema: Schema): string | undefined {
  const only = schema.allOf?.length === 1 ? schema.allOf[0] : undefined;
  return schema.$ref ? last(schema.$ref) : only && !schema.properties ? nameOf(only) : undefined;
}

/** A schema with what it refers to in its place, and the parts that it is made of put together. */
export function resolve(schema: Schema, all: Record<string, Schema>, depth = 0): Schema {
  // Deeper than any schema of ours: they end in each other.
  if (depth > 20) return {};
  const { $ref, allOf = [], ...own } = schema;
  const parts = [...($ref ? [all[last($ref)] ?? {}] : []), ...allOf].map((part) => resolve(part, all, depth + 1));
  const whole: Schema = Object.assign({}, ...parts, own);
  const properties = Object.assign({}, ...parts.map((part) => part.properties), own.properties);
  const required = [...parts.flatMap((part) => part.required ?? []), ...(own.required ?? [])];
  if (Object.keys(properties).length > 0) whole.properties = properties;
  if (required.length > 0) whole.required = required;
  return whole;
}

/** Loads a document once; what failed is asked for again. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((thrown: unknown) => {
      loading = undefined;
      throw thrown;
    });
    return loading;
  };
}

export const description = once(async () => new Description((await ok(enishi.api.GET("/openapi.json"))) as unknown as OpenApi));

interface Message {
  title?: string;
  payload: Schema;
  examples?: { payload: unknown }[];
}

interface Reference {
  $ref: string;
}

export interface AsyncApi {
  operations: Record<string, { action: "receive" | "send"; summary?: string; messages: Reference[]; reply?: { messages: Reference[] } }>;
  components: { messages: Record<string, Message>; schemas: Record<string, Schema> };
}

/** The name of the message that is referred to. */
export const messageName = ({ $ref }: Reference) => last($ref);

export const messages = once(async () => (await ok(enishi.api.GET("/asyncapi.json"))) as unknown as AsyncApi);
