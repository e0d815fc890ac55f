// The documentation's start, and its guides.
import { useRoute } from "preact-iso/router";
import { Show, useLoad } from "../ui";
import { DocsPage } from "./frame";
import { GUIDES, type Guide } from "./guides";
import { Markdown } from "./markdown";
import { useNamed } from "./named";
import start from "../../guides/start.md";

export function Start() {
  useNamed();
  return (
    <DocsPage title="Documentation" lede="From nothing to a first call in five minutes, then a guide for each product.">
      <Markdown text={start} />
      <section class="group">
        <h2>The guides</h2>
        <ol class="cards">
          {GUIDES.map(({ name, title, about }, at) => (
            <li key={name} class="card guide">
              <h3>
                <a href={`/docs/guides/${name}`}>
                  {at + 1}. {title}
                </a>
              </h3>
              <p class="small">{about}</p>
            </li>
          ))}
        </ol>
      </section>
    </DocsPage>
  );
}

export function GuidePage() {
  const { name } = useRoute().params;
  const guide = GUIDES.find((one) => one.name === name);
  if (!guide) {
    return (
      <DocsPage title="There is no such guide.">
        <p>
          <a href="/docs">All guides</a>
        </p>
      </DocsPage>
    );
  }
  return (
    <DocsPage key={name} title={guide.title} lede={guide.about}>
      <Read guide={guide} />
    </DocsPage>
  );
}

function Read({ guide }: { guide: Guide }) {
  const loaded = useLoad(guide.load);
  const next = GUIDES[GUIDES.indexOf(guide) + 1];
  return (
    <Show of={loaded}>
      {(text) => (
        <>
          <Text text={text} />
          <p class="next">
            {next ? (
              <>
                Next: <a href={`/docs/guides/${next.name}`}>{next.title}</a>
              </>
            ) : (
              <a href="/docs/reference">To the reference</a>
            )}
          </p>
        </>
      )}
    </Show>
  );
}

function Text({ text }: { text: string }) {
  useNamed();
  return <Markdown text={text} />;
}
