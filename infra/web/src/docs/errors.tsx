// The catalogue of errors, as the API's description has it.
import { Show, useLoad } from "../ui";
import { Code } from "./code";
import { type Description, description, type Meaning } from "./document";
import { DocsPage } from "./frame";
import { Inline, Markdown } from "./markdown";
import { useNamed } from "./named";
import { Fields, Schemas } from "./schema";
import text from "../../guides/errors.md";

export function Errors() {
  const loaded = useLoad(description);
  return (
    <DocsPage title="Errors" lede="Every error has one body and one of these codes.">
      <Show of={loaded}>{(api) => <Catalogue api={api} />}</Show>
    </DocsPage>
  );
}

function Catalogue({ api }: { api: Description }) {
  useNamed();
  const { Code: codes, FieldCode: fields, ErrorBody: body } = api.schemas;
  const { status, code, message, errors } = (body?.example ?? {}) as Record<string, unknown>;
  return (
    <Schemas.Provider value={api.schemas}>
      <section class="group">
        <h2>The body</h2>
        <Fields schema={body ?? {}} />
        <Code text={JSON.stringify({ status, code, message, errors }, null, 2)} label="An example" />
      </section>
      <Table title="Codes" head="Code" of={codes?.["x-errors"] ?? {}} />
      <Table title="Codes of fields" head="In errors" of={fields?.["x-errors"] ?? {}} />
      <Markdown text={text} />
    </Schemas.Provider>
  );
}

function Table({ title, head, of }: { title: string; head: string; of: Record<string, Meaning> }) {
  const entries = Object.entries(of).sort(([, one], [, other]) => (one.status ?? 0) - (other.status ?? 0));
  return (
    <section class="group">
      <h2>{title}</h2>
      <table class="catalogue">
        <thead>
          <tr>
            <th scope="col">{head}</th>
            <th scope="col">What it means</th>
            <th scope="col">What a client does</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(([code, { status, meaning, remedy }]) => (
            <tr key={code} id={code}>
              <th scope="row">
                {status && <span class="chip red">{status}</span>} <code>{code}</code>
              </th>
              <td>
                <Inline text={meaning} />
              </td>
              <td>
                <Inline text={remedy} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
