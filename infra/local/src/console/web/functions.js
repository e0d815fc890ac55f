// Every function: what starts it, how often it ran, and how well.

import { count, Empty, Head, html, link, ms, Scroll, Time, useState } from "./ui.js";
import { Row } from "./live.js";

const started = (one) => [
  ...one.routes,
  ...one.schedules.map((name) => `schedule ${name}`),
  ...one.rules.map((name) => `rule ${name}`),
  ...one.streams.map((name) => `stream of ${name}`),
];

const ORDERS = {
  name: ["Function", (a, b) => a.name.localeCompare(b.name)],
  calls: ["Calls", (a, b) => (b.figures?.calls ?? -1) - (a.figures?.calls ?? -1)],
  errors: ["Errors", (a, b) => (b.figures?.errors ?? -1) - (a.figures?.errors ?? -1)],
  p95: ["p95", (a, b) => (b.figures?.p95 ?? -1) - (a.figures?.p95 ?? -1)],
};

export function Functions({ rest, overview, live }) {
  const [text, type] = useState("");
  const [order, sort] = useState("calls");
  const { value } = overview;
  if (!value) return html`<${Head} title="Functions" />`;
  if (rest[0]) return html`<${One} of=${value.functions.find((one) => one.name === rest[0])} name=${rest[0]} live=${live} />`;
  const wanted = text.trim().toLowerCase();
  const shown = value.functions
    .filter((one) => !wanted || one.name.includes(wanted) || started(one).some((it) => it.toLowerCase().includes(wanted)))
    .sort(ORDERS[order][1]);
  const sum = (name) => value.functions.reduce((total, one) => total + (one.figures?.[name] ?? 0), 0);
  const heading = (key) => html`<th scope="col" class=${key === "name" ? "" : "number"} aria-sort=${order === key ? (key === "name" ? "ascending" : "descending") : undefined}>
    <button class="sort" onClick=${() => sort(key)}>${ORDERS[key][0]}</button>
  </th>`;
  return html`
    <${Head} title="Functions">
      <div class="tools"><input type="search" placeholder="name, route, rule" aria-label="Find" value=${text} onInput=${(event) => type(event.target.value)} /></div>
    <//>
    <p class="muted">
      ${count(value.functions.length, "function")}, ${count(sum("calls"), "call")}, ${sum("refused")} refused, ${count(sum("errors"), "error")} since the start.
    </p>
    <${Scroll} label="Functions">
      <table class="grid">
        <thead><tr>${heading("name")}<th scope="col">Started by</th>${heading("calls")}<th scope="col" class="number">4xx</th>${heading("errors")}<th scope="col" class="number">p50</th>${heading("p95")}<th scope="col" class="number">Last</th></tr></thead>
        <tbody>
          ${shown.map(({ figures, ...one }) => html`<tr key=${one.name} class=${figures ? "" : "idle"}>
            <th scope="row"><a href=${link("functions", one.name)}>${one.name}</a></th>
            <td class="by">${started(one)[0]}${started(one).length > 1 ? ` +${started(one).length - 1}` : ""}</td>
            <td class="number">${figures?.calls ?? ""}</td>
            <td class="number">${figures?.refused || ""}</td>
            <td class=${`number ${figures?.errors ? "bad" : ""}`}>${figures?.errors || ""}</td>
            <td class="number">${ms(figures?.p50)}</td>
            <td class="number">${ms(figures?.p95)}</td>
            <td class="number">${figures?.last ? html`<${Time} at=${figures.last} />` : ""}</td>
          </tr>`)}
        </tbody>
      </table>
    <//>`;
}

function One({ of, name, live }) {
  if (!of) return html`<${Head} title=${name} /><${Empty}>The template has no such function.<//>`;
  const ran = [...live.entries.values()].filter((entry) => entry.function === name).sort((a, b) => b.id - a.id).slice(0, 100);
  const { figures } = of;
  return html`
    <${Head} title=${name}><a href="#/functions">All functions</a><//>
    <dl class="facts wide">
      <div><dt>Started by</dt><dd>${started(of).map((it) => html`<div>${it}</div>`)}</dd></div>
      <div><dt>Calls</dt><dd>${figures?.calls ?? 0}, of these ${figures?.refused ?? 0} refused, ${figures?.errors ?? 0} failed</dd></div>
      <div><dt>Took</dt><dd>${figures ? `p50 ${ms(figures.p50)}, p95 ${ms(figures.p95)}` : "–"}</dd></div>
      <div><dt>Given</dt><dd>${of.memory_mb} MB, ${of.timeout_s} s</dd></div>
      <div><dt>Described in</dt><dd><code>template.yaml:${of.line}</code></dd></div>
    </dl>
    <h2>Its last runs</h2>
    ${ran.length === 0 && html`<${Empty}>It has not run since the start.<//>`}
    <ol class="list">${ran.map((entry) => html`<li key=${entry.id}><${Row} entry=${entry} href=${link("live", entry.id)} /></li>`)}</ol>`;
}
