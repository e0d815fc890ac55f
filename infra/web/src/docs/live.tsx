// The WebSocket's messages, as /asyncapi.json describes them, below how one connects.
import { Show, useLoad } from "../ui";
import { Code } from "./code";
import { type AsyncApi, type Description, description, messageName, messages } from "./document";
import { DocsPage } from "./frame";
import { Inline, Markdown } from "./markdown";
import { useNamed } from "./named";
import { Fields, Schemas } from "./schema";

const both = async () => Promise.all([description(), messages()]);

export function LiveMessages() {
  const loaded = useLoad(both);
  return (
    <DocsPage title="Live messages" lede="What goes over the WebSocket, in both directions.">
      <Show of={loaded}>{([api, live]) => <Messages api={api} live={live} />}</Show>
    </DocsPage>
  );
}

function Messages({ api, live }: { api: Description; live: AsyncApi }) {
  useNamed();
  const ticket = api.operations.find(({ id }) => id === "createLiveTicket");
  const operations = Object.values(live.operations);
  const asked = operations.filter(({ action }) => action === "receive");
  const told = operations.filter(({ action }) => action === "send");
  return (
    <Schemas.Provider value={live.components.schemas}>
      <section class="group">
        <h2>Connecting</h2>
        <p>
          The guide is <a href="/docs/guides/live">Live</a>; a ticket comes from <Inline text="`POST /api/live/ticket`" />.
        </p>
        <Markdown text={ticket?.description ?? ""} level={3} />
      </section>
      <section class="group">
        <h2>What a client sends</h2>
        {asked.map(({ messages, reply }) =>
          messages.map((message) => (
            <Message key={message.$ref} name={messageName(message)} live={live} answers={(reply?.messages ?? []).map(messageName)} />
          )),
        )}
      </section>
      <section class="group">
        <h2>What it is answered</h2>
        {[...new Set(asked.flatMap(({ reply }) => (reply?.messages ?? []).map(messageName)))].map((name) => (
          <Message key={name} name={name} live={live} />
        ))}
      </section>
      <section class="group">
        <h2>What it is told without asking</h2>
        {told.map(({ summary = "", messages }) => (
          <div key={summary} class="group">
            <p class="small">
              <Inline text={summary} />
            </p>
            {messages.map((message) => (
              <Message key={message.$ref} name={messageName(message)} live={live} />
            ))}
          </div>
        ))}
      </section>
    </Schemas.Provider>
  );
}

function Message({ name, live, answers = [] }: { name: string; live: AsyncApi; answers?: string[] }) {
  const message = live.components.messages[name];
  if (!message) return null;
  const example = message.examples?.[0]?.payload;
  return (
    <article class="message" id={name}>
      <div>
        <h3>
          <code>{name}</code>
        </h3>
        <p>
          {message.title}.
          {answers.length > 0 && " It is answered by "}
          {answers.map((answer, at) => (
            <span key={answer}>
              {at > 0 && " or "}
              <a href={`#${answer}`}>
                <code>{answer}</code>
              </a>
            </span>
          ))}
          {answers.length > 0 && "."}
        </p>
        <Fields schema={message.payload} />
      </div>
      {example !== undefined && <Code text={JSON.stringify(example, null, 2)} label={`${name}, example`} />}
    </article>
  );
}
