// What a schema says, as a list of fields.
import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { createContext } from "preact";
import { nameOf, resolve, type Schema } from "./document";
import { Inline } from "./markdown";

/** What `$ref`s refer to. */
export const Schemas = createContext<Record<string, Schema>>({});

interface Props {
  schema: Schema;
  /** The names that it lies in: what refers to itself is shown once. */
  within?: readonly string[];
}

/** What there is in a value: the fields of an object, of a list's items, or of each of several kinds. */
export function Fields({ schema, within = [] }: Props): ComponentChildren {
  const all = useContext(Schemas);
  const name = nameOf(schema);
  if (name && within.includes(name)) return null;
  const inner = name ? [...within, name] : within;
  const one = resolve(schema, all);
  const kinds = (one.oneOf ?? one.anyOf ?? []).filter((kind) => resolve(kind, all).type !== "null");
  if (kinds.length === 1 && kinds[0]) return <Fields schema={kinds[0]} within={inner} />;
  if (kinds.length > 1) {
    return (
      <ul class="kinds">
        {kinds.map((kind, at) => (
          <li key={at}>
            <p class="kind">
              {at === 0 ? "Either" : "or"} {describe(kind, all)}
              <Said text={resolve(kind, all).description} />
            </p>
            <Fields schema={kind} within={inner} />
          </li>
        ))}
      </ul>
    );
  }
  if (one.items) return <Fields schema={one.items} within={inner} />;
  const fields = Object.entries(one.properties ?? {});
  const other = typeof one.additionalProperties === "object" ? one.additionalProperties : undefined;
  if (fields.length === 0 && !other) return null;
  return (
    <ul class="fields">
      {fields.map(([field, of]) => (
        <Row key={field} name={field} schema={of} required={one.required?.includes(field) ?? false} within={inner} />
      ))}
      {other && <Row name="any name" schema={other} required={false} within={inner} />}
    </ul>
  );
}

interface RowProps extends Props {
  name: string;
  required: boolean;
  /** Beside what it is, such as where a parameter stands. */
  beside?: string;
  /** Instead of the schema's. */
  description?: string | undefined;
}

/** A field, or a parameter. */
export function Row({ name, schema, required, beside, description, within = [] }: RowProps) {
  const all = useContext(Schemas);
  const one = resolve(schema, all);
  return (
    <li>
      <p class="field-head">
        <code>{name}</code> <span class="type">{[beside, describe(schema, all)].filter(Boolean).join(", ")}</span>{" "}
        {required && <span class="chip red">required</span>}
      </p>
      <Said text={description ?? one.description} />
      <Fields schema={schema} within={within} />
    </li>
  );
}

function Said({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <span class="said">
      <Inline text={text} />
    </span>
  );
}

/** What kind of value it is, in words: `string, date-time`, `list of integers, at most 5`. */
export function describe(schema: Schema, all: Record<string, Schema>, depth = 0): string {
  const one = resolve(schema, all);
  if (depth > 5) return "";
  if ("const" in one) return JSON.stringify(one.const);
  if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(" | ");
  const kinds = one.oneOf ?? one.anyOf;
  if (kinds) {
    const said = kinds.map((kind) => describe(kind, all, depth + 1));
    return said.every((text) => text.length < 24) ? [...new Set(said)].join(" | ") : "one of several kinds";
  }
  const types = [one.type ?? (one.properties ? "object" : [])].flat();
  const orNull = types.includes("null") ? " | null" : "";
  if (one.items) return `list of ${describe(one.items, all, depth + 1)}${range(one.minItems, one.maxItems, "items")}${orNull}`;
  const parts = [
    types.filter((type) => type !== "null").join(" | ") || "any",
    one.format && !/^(int|float|double)/.test(one.format) ? ` (${one.format})` : "",
    range(one.minLength, one.maxLength, "characters"),
    range(one.minimum, one.maximum),
    one.pattern && one.pattern.length < 30 ? `, ${one.pattern}` : "",
    one.default !== undefined ? `, else ${JSON.stringify(one.default)}` : "",
  ];
  return parts.join("") + orNull;
}

function range(low: number | undefined, high: number | undefined, unit = ""): string {
  const of = unit && ` ${unit}`;
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}${of}`;
  if (high !== undefined) return `, at most ${high}${of}`;
  return low ? `, at least ${low}${of}` : "";
}
