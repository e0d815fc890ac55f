// One operation of the reference: closed it is a line, open it is all that is to be known.
import { useContext, useEffect, useState } from "preact/hooks";
import { config } from "../app";
import { Code } from "./code";
import type { Access, Answer, Operation, Schema } from "./document";
import { curl, firstCall, isForClients, typescript } from "./examples";
import { Inline, Markdown } from "./markdown";
import { Fields, Row, Schemas } from "./schema";
import { Try } from "./try";

interface Props {
  operation: Operation;
  /** Whether the address names it. */
  named: boolean;
}

export function OperationCard({ operation, named }: Props) {
  const [open, setOpen] = useState(named);
  useEffect(() => {
    if (named) setOpen(true);
  }, [named]);
  const { id, method, path, summary, access } = operation;
  return (
    <details
      id={id}
      class="operation"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary
        onClick={() => {
          // What somebody opens can be sent on.
          if (!open) history.replaceState(history.state, "", `#${id}`);
        }}
      >
        <span class={`method ${method.toLowerCase()}`}>{method}</span>
        <h3>
          <code>{path}</code>
        </h3>
        <span class="access">{short(access)}</span>
        <span class="what">{summary}</span>
      </summary>
      {open && <Whole operation={operation} />}
    </details>
  );
}

function short({ needed, schemes }: Access): string {
  if (needed === "no") return "public";
  if (schemes.some(({ scopes }) => scopes.includes("operator"))) return "operator";
  if (schemes.every(({ name }) => name === "stripe_signature")) return "Stripe";
  return needed === "may" ? "token, or none" : "token";
}

const TOKENS: Record<string, string> = {
  access_token: "an access token (`authorization: Bearer …`)",
  id_token: "an ID token of Firebase's (`authorization: Bearer …`)",
  stripe_signature: "Stripe's signature of the body (`Stripe-Signature`)",
};

function asks({ needed, schemes }: Access): string {
  if (needed === "no") return "Nobody has to say who they are.";
  const said = schemes.map(({ name, scopes }) => `${TOKENS[name] ?? name}${scopes.length > 0 ? ` of an ${scopes.join(", ")}` : ""}`);
  return `It ${needed === "may" ? "may have" : "needs"} ${said.join(", or ")}.`;
}

function Whole({ operation }: { operation: Operation }) {
  const { id, description, parameters, body, answers, access, deprecated } = operation;
  return (
    <div class="whole">
      <div class="about">
        {deprecated && <p class="trouble">Deprecated.</p>}
        {description && <Markdown text={description} level={4} />}
        <p class="small">
          <Inline text={asks(access)} /> <a href={`#${id}`}>#{id}</a>
        </p>
        {parameters.length > 0 && (
          <>
            <h4>Parameters</h4>
            <ul class="fields">
              {parameters.map((one) => (
                <Row
                  key={one.in + one.name}
                  name={one.name}
                  schema={one.schema ?? {}}
                  required={one.required ?? false}
                  beside={one.in}
                  description={one.description}
                />
              ))}
            </ul>
          </>
        )}
        {body && (
          <>
            <h4>
              Body <span class="type">{body.required ? body.type : `${body.type}, optional`}</span>
            </h4>
            <Fields schema={body.schema} />
          </>
        )}
        <h4>Answers</h4>
        <ul class="answers">
          {answers.map((answer) => (
            <AnswerItem key={answer.status} answer={answer} />
          ))}
        </ul>
      </div>
      <div class="beside">
        <h4>Example</h4>
        <Example operation={operation} />
        {isForClients(operation) && (
          <>
            <h4>Try it</h4>
            <Try operation={operation} />
          </>
        )}
      </div>
    </div>
  );
}

function AnswerItem({ answer }: { answer: Answer }) {
  const { status, description, schema, example, type, headers } = answer;
  const good = status.startsWith("2") || status.startsWith("3");
  const codes = useCodes(status);
  return (
    <li>
      <p>
        <span class={`chip ${good ? "on" : "red"}`}>{status === "default" ? "other" : status}</span> <Inline text={description} />
      </p>
      {headers.length > 0 && good && (
        <p class="small">
          Headers: {headers.map(([name, said]) => (
            <span key={name}>
              <code>{name}</code> <Inline text={said} />
            </span>
          ))}
        </p>
      )}
      {!good && codes.length > 0 && (
        <p class="small">
          {codes.map((code) => (
            <a key={code} class="code-link" href={`/docs/errors#${code}`}>
              <code>{code}</code>
            </a>
          ))}
        </p>
      )}
      {good && schema && (
        <details>
          <summary>Fields{type !== "application/json" && ` of ${type}`}, and an example</summary>
          <Fields schema={schema} />
          {example !== undefined && (
            <Code text={typeof example === "string" ? example : JSON.stringify(example, null, 2)} label={`${status}, example`} />
          )}
        </details>
      )}
    </li>
  );
}

/** The codes of a status. */
function useCodes(status: string): string[] {
  const all: Record<string, Schema> = useContext(Schemas);
  const entries = Object.entries(all.Code?.["x-errors"] ?? {});
  return entries.filter(([, one]) => String(one.status) === status).map(([code]) => code);
}

/** The language that examples were last shown in. */
let chosen: "curl" | "TypeScript" = "curl";

function Example({ operation }: { operation: Operation }) {
  const all = useContext(Schemas);
  const [language, setLanguage] = useState(chosen);
  const call = firstCall(operation, all);
  if (!isForClients(operation)) return <Code text={curl(operation, call, config.api)} language="sh" />;
  const text = language === "curl" ? curl(operation, call, config.api) : typescript(operation, call);
  return (
    <>
      <div class="choice" role="group" aria-label="Language of the example">
        {(["curl", "TypeScript"] as const).map((one) => (
          <button key={one} type="button" class="quiet" aria-pressed={one === language} onClick={() => setLanguage((chosen = one))}>
            {one}
          </button>
        ))}
      </div>
      <Code text={text} language={language === "curl" ? "sh" : "ts"} />
    </>
  );
}
