// What happens, as it happens, each with what led to it and what it led to.

import { follow, hasToken } from "./api.js";
import { Empty, Failure, Head, html, Json, Kind, kinds, link, ms, Outcome, Time, useAsked, useEffect, useRef, useState } from "./ui.js";

/** How many entries the page keeps, and how many of them it shows. */
const MOST = 2000;
const SHOWN = 300;

/** All entries so far and from now on, by number. */
export function useLive() {
  const entries = useRef(new Map());
  const [version, next] = useState(0);
  const [connected, connect] = useState(false);
  useEffect(() => {
    if (!hasToken()) return undefined;
    const stop = new AbortController();
    let drawn = 0;
    const tell = (events) => {
      const all = entries.current;
      for (const { kind, data } of events) {
        if (kind === "backlog") {
          all.clear();
          for (const entry of data) all.set(entry.id, entry);
        } else {
          all.set(data.id, data);
        }
      }
      for (const id of all.keys()) {
        if (all.size <= MOST) break;
        all.delete(id);
      }
      drawn ||= requestAnimationFrame(() => {
        drawn = 0;
        next((turn) => turn + 1);
      });
    };
    follow("/api/live", stop.signal, tell, connect);
    return () => stop.abort();
  }, []);
  return { entries: entries.current, version, connected };
}

const found = (entry, text) =>
  !text ||
  [entry.title, entry.function, entry.trace, String(entry.status ?? "")].some((part) => part?.toLowerCase().includes(text));

export function Row({ entry, chosen, href }) {
  const words = [entry.function && entry.function !== entry.title ? entry.function : ""];
  return html`<a class=${`row o-${entry.outcome}`} href=${href} aria-current=${chosen ? "true" : undefined}>
    <span class="when"><${Time} at=${entry.time} /></span>
    <${Kind} of=${entry.kind} />
    <span class="what"><span class="title">${entry.title}</span> <span class="muted">${words[0]}</span></span>
    <${Outcome} of=${entry.outcome} status=${entry.status} />
    <span class="took">${ms(entry.milliseconds)}</span>
  </a>`;
}

export function Live({ rest, live }) {
  const chosen = Number(rest[0]) || null;
  const [text, type] = useState("");
  const [hidden, hide] = useState(() => new Set());
  const [quiet, showQuiet] = useState(false);
  const [held, hold] = useState(null);
  const all = held ?? [...live.entries.values()];
  const wanted = text.trim().toLowerCase();
  const shown = all
    .filter((entry) => !hidden.has(entry.kind) && (quiet || !entry.quiet) && found(entry, wanted))
    .sort((a, b) => b.id - a.id)
    .slice(0, SHOWN);
  const toggle = (kind) => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    hide(next);
  };
  return html`
    <${Head} title="Live">
      <div class="tools">
        <input type="search" placeholder="title, function, request id, status" aria-label="Find" value=${text}
          onInput=${(event) => type(event.target.value)} />
        <button aria-pressed=${held ? "true" : "false"} onClick=${() => hold(held ? null : [...live.entries.values()])}>
          ${held ? "Go on" : "Hold"}
        </button>
      </div>
    <//>
    <div class="chips" role="group" aria-label="What is shown">
      ${kinds.map(
        ([kind, name]) => html`<button key=${kind} class=${`chip k-${kind}`} aria-pressed=${!hidden.has(kind)} onClick=${() => toggle(kind)}>${name}</button>`,
      )}
      <button class="chip" aria-pressed=${quiet} onClick=${() => showQuiet(!quiet)} title="Schedules and streams that found nothing to do">nothing to do</button>
    </div>
    <div class=${`split ${chosen ? "open" : ""}`}>
      <section class="list" aria-label="What happens, the newest first">
        ${shown.length === 0 && html`<${Empty}>Nothing yet. Send a request to the API, and it is here with all that follows from it.<//>`}
        <ol>${shown.map((entry) => html`<li key=${entry.id}><${Row} entry=${entry} chosen=${entry.id === chosen} href=${link("live", entry.id)} /></li>`)}</ol>
      </section>
      ${chosen && html`<${Story} id=${chosen} live=${live} />`}
    </div>`;
}

/** Each line below its first cause, in order. */
function tree(story) {
  const byId = new Map(story.map((line) => [line.id, { line, below: [] }]));
  const roots = [];
  for (const node of byId.values()) {
    const cause = node.line.causes.map((id) => byId.get(id)).find(Boolean);
    (cause ? cause.below : roots).push(node);
  }
  return roots;
}

const Branch = ({ nodes, chosen }) =>
  html`<ul class="tree">
    ${nodes.map(
      ({ line, below }) => html`<li key=${line.id}>
        <${Row} entry=${line} chosen=${line.id === chosen} href=${link("live", line.id)} />
        ${below.length > 0 && html`<${Branch} nodes=${below} chosen=${chosen} />`}
      </li>`,
    )}
  </ul>`;

/** Asks again whenever something of the story changes. */
function version(live, id, story) {
  const ids = story ? story.map((line) => line.id) : [id];
  return ids.map((one) => `${live.entries.get(one)?.outcome}${live.entries.get(one)?.effects}`).join();
}

function Story({ id, live }) {
  const [again, ask] = useState("");
  const { value, error } = useAsked(`/api/entries/${id}`, again);
  const now = version(live, id, value?.entry.id === id ? value.story : null);
  useEffect(() => ask(now), [now]);
  if (!value) return html`<aside class="story" aria-label="Story"><${Failure} error=${error} /></aside>`;
  const { entry, story } = value;
  return html`<aside class="story" aria-label="Story">
    <div class="storyhead">
      <h2>Cause and effects</h2>
      <a class="close" href="#/live">Close</a>
    </div>
    <p class="muted">Request id <code>${entry.trace}</code></p>
    <${Branch} nodes=${tree(story)} chosen=${id} />
    <h2>${entry.title}</h2>
    <${Facts} entry=${entry} />
    <${Calls} calls=${entry.calls} />
    <${Detail} entry=${entry} />
  </aside>`;
}

const Facts = ({ entry }) =>
  html`<dl class="facts">
    <div><dt>What</dt><dd><${Kind} of=${entry.kind} /></dd></div>
    ${entry.function && html`<div><dt>Function</dt><dd><a href=${link("functions", entry.function)}>${entry.function}</a></dd></div>`}
    <div><dt>Outcome</dt><dd>${entry.outcome}${entry.status ? `, ${entry.status}` : ""}</dd></div>
    ${entry.milliseconds != null && html`<div><dt>Took</dt><dd>${ms(entry.milliseconds)}</dd></div>`}
    ${entry.detail?.message_id && html`<div><dt>Mail</dt><dd><a href=${link("mail", entry.detail.message_id)}>read it</a></dd></div>`}
    ${entry.detail?.letter && html`<div><dt>Letter</dt><dd><a href=${link("letters")}>redrive it</a></dd></div>`}
  </dl>`;

function Calls({ calls }) {
  if (!calls.length) return null;
  return html`<h3>What it called</h3>
    <ul class="calls">
      ${calls.map(
        (call) => html`<li>
          <span class="callname">${call.name}</span>
          <span class="took">${call.status >= 400 ? html`<span class="outcome o-refused">${call.status}</span> ` : ""}${ms(call.milliseconds)}</span>
          ${call.wrote?.length
            ? html`<span class="about">${call.wrote.map(
                (row) => html`<a href=${link("tables", row.table, "", row.pk, row.sk)}>${row.pk}${row.sk ? ` / ${row.sk}` : ""}</a> `,
              )}</span>`
            : html`<span class="about muted">${call.about}</span>`}
        </li>`,
      )}
    </ul>`;
}

const NAMES = { body: "Body", answer: "Answer", event: "Event", result: "Result", error: "Error", query: "Query" };

function Detail({ entry }) {
  const { detail } = entry;
  if (!detail || typeof detail !== "object") return html`<${Json} value=${detail} label="Detail" />`;
  const named = Object.entries(NAMES).filter(([name]) => detail[name] != null);
  const isWhole = named.length === 0 || ["webhook", "push"].includes(entry.kind);
  if (isWhole) return html`<${Json} value=${detail} label="Detail" />`;
  return named.map(([name, title]) => html`<h3>${title}</h3><${Json} value=${detail[name]} label=${title} />`);
}
