// Tries an operation: what is filled in is sent to the API, as whoever is signed in.
import { useContext, useState } from "preact/hooks";
import { config, enishi, useUser } from "../app";
import { useTexts } from "../i18n";
import { LogInForm } from "../pages/login";
import { account } from "../texts/account";
import { Act, Area, Field, Form, Submit } from "../ui";
import { Code } from "./code";
import type { Operation } from "./document";
import { type Call, curl, exampleOf, firstCall, target } from "./examples";
import { Schemas } from "./schema";

/** How long an answer is awaited, in milliseconds. */
const PATIENCE = 15_000;
/** What is shown of an answer, in characters. */
const LONGEST = 20_000;

/** Another token than that of who is signed in, such as one of Firebase's; for this page's life. */
let other = "";

/** Who the calls are sent as. */
export function SignIn() {
  const user = useUser();
  const { session } = enishi;
  const { lang } = useTexts(account);
  // On a phone the endpoints come first.
  const [wide] = useState(() => matchMedia("(min-width: 60rem)").matches);
  return (
    <details class="card sign-in" open={wide}>
      <summary>
        <h2>{user ? "Signed in" : "Sign in to try it"}</h2>
      </summary>
      {user ? (
        <p class="row">
          <span>
            Calls are sent as <strong>{session.name || session.email}</strong>
            {session.isOperator && ", an operator"}. Your id is <code>{user}</code>.
          </span>
          <Act run={() => session.end()} class="quiet">
            Sign out
          </Act>
        </p>
      ) : (
        <>
          <p class="small">
            Your calls then have your access token. <a href="/sign-up?next=%2Fdocs%2Freference">Sign up</a>, if you have no
            account.
          </p>
          <div lang={lang}>
            <LogInForm />
          </div>
        </>
      )}
      <details>
        <summary>Another token</summary>
        <Form submit={async ({ token = "" }) => void (other = token.trim())} done="Kept until this page is closed." label="Another token">
          <Field name="token" label="Token" hint="It goes before that of whoever is signed in: an ID token of Firebase's, say. Empty for none." />
          <Submit class="quiet">Use it</Submit>
        </Form>
      </details>
    </details>
  );
}

interface Tried {
  call: Call;
  status: number;
  text: string;
  type: string;
  headers: [string, string][];
  milliseconds: number;
}

export function Try({ operation }: { operation: Operation }) {
  const all = useContext(Schemas);
  const [tried, setTried] = useState<Tried>();
  const first = firstCall(operation, all);
  const submit = async (values: Record<string, string>) => {
    const call: Call = { path: {}, query: {}, header: {} };
    for (const parameter of operation.parameters) {
      const value = values[`${parameter.in}-${parameter.name}`];
      if (value !== undefined && parameter.in !== "cookie") call[parameter.in][parameter.name] = value;
    }
    if (operation.body && values.body) call.body = values.body;
    setTried(await send(operation, call));
  };
  return (
    <div class="try">
      <Form submit={submit} label={`Try ${operation.id}`}>
        {operation.parameters.length > 0 && (
          <div class="two">
            {operation.parameters.map((parameter) => {
              const { name, in: place, required } = parameter;
              return (
                <Field
                  key={place + name}
                  name={`${place}-${name}`}
                  label={name}
                  hint={`${place}${required ? "" : `, optional${exampleOf(parameter, all) && `: ${exampleOf(parameter, all)}`}`}`}
                  value={place === "cookie" ? "" : first[place][name]}
                />
              );
            })}
          </div>
        )}
        {first.body !== undefined && (
          <Area name="body" label={`Body of ${operation.id}`} rows={Math.min(14, first.body.split("\n").length + 1)} value={first.body} />
        )}
        <Submit>Send</Submit>
      </Form>
      {tried && <Shown operation={operation} tried={tried} />}
    </div>
  );
}

async function send(operation: Operation, call: Call): Promise<Tried> {
  const headers = new Headers(call.header);
  const token = other || (await enishi.session.token());
  if (token && operation.access.needed !== "no") headers.set("authorization", `Bearer ${token}`);
  if (call.body) headers.set("content-type", operation.body?.type ?? "application/json");
  const begun = performance.now();
  const response = await fetch(config.api + target(operation, call), {
    method: operation.method,
    headers,
    // The session's cookie, where the API has one.
    credentials: "include",
    signal: AbortSignal.timeout(PATIENCE),
    ...(call.body && { body: call.body }),
  });
  const text = await response.text();
  return {
    call,
    status: response.status,
    text,
    type: response.headers.get("content-type") ?? "",
    headers: [...response.headers],
    milliseconds: Math.round(performance.now() - begun),
  };
}

function Shown({ operation, tried }: { operation: Operation; tried: Tried }) {
  const { call, status, milliseconds, headers } = tried;
  const text = pretty(tried);
  return (
    <div class="tried">
      <p role="status" class={status < 400 ? "good" : "trouble"}>
        <strong>{status}</strong> after {milliseconds} ms
        {status === 401 && " · sign in at the top of this page"}
      </p>
      {text && <Code text={text} label="Answer" />}
      <details>
        <summary>Headers, and the request for a shell</summary>
        <Code text={headers.map(([name, value]) => `${name}: ${value}`).join("\n")} label="Headers" />
        <Code text={curl(operation, call, config.api)} language="sh" />
      </details>
    </div>
  );
}

function pretty({ text, type }: Tried): string {
  let shown = text;
  if (type.includes("json")) {
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // It is shown as it came.
    }
  }
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}\n… ${shown.length - LONGEST} characters more` : shown;
}
