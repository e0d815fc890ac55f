// The reference: every operation, to be read, found and tried.
import { useMemo, useState } from "preact/hooks";
import { Show, useLoad } from "../ui";
import { type Description, description } from "./document";
import { DocsPage } from "./frame";
import { Inline } from "./markdown";
import { useNamed } from "./named";
import { OperationCard } from "./operation";
import { Schemas } from "./schema";
import { SignIn } from "./try";

export function Reference() {
  const loaded = useLoad(description);
  return (
    <DocsPage title="Reference" lede="Every endpoint, with what it takes, answers and refuses. Sign in, and try it here.">
      <Show of={loaded}>{(api) => <Operations api={api} />}</Show>
    </DocsPage>
  );
}

function Operations({ api }: { api: Description }) {
  const named = useNamed(api.byRoute);
  const [search, setSearch] = useState("");
  const words = useMemo(() => search.toLowerCase().split(/\s+/).filter(Boolean), [search]);
  const groups = api.tags.map(({ operations, ...tag }) => ({
    ...tag,
    operations: operations.filter((one) => words.every((word) => one.words.includes(word))),
  }));
  const shown = groups.filter(({ operations }) => operations.length > 0);
  const found = groups.reduce((sum, { operations }) => sum + operations.length, 0);
  return (
    <Schemas.Provider value={api.schemas}>
      <p>
        <Inline text={api.raw.info.description ?? ""} /> The client for TypeScript is <code>@enishi/client</code>,{" "}
        <a href="/docs#the-client">described here</a>.
      </p>
      <SignIn />
      <div class="find">
        <label for="find">Find an endpoint</label>
        <input
          id="find"
          type="search"
          autocomplete="off"
          placeholder="path, method, words"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <p class="small" role="status">
          {found} of {api.operations.length} endpoints
        </p>
      </div>
      <nav class="row" aria-label="Parts of the reference">
        {shown.map(({ name }) => (
          <a key={name} href={`#tag-${name}`}>
            {name}
          </a>
        ))}
      </nav>
      {shown.map(({ name, description, operations }) => (
        <section key={name} class="group" aria-labelledby={`tag-${name}`}>
          <h2 id={`tag-${name}`}>{name}</h2>
          <p class="small">{description}</p>
          {operations.map((operation) => (
            <OperationCard key={operation.id} operation={operation} named={operation.id === named} />
          ))}
        </section>
      ))}
    </Schemas.Provider>
  );
}
