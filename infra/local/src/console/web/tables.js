// The tables, by key and by index.

import { get } from "./api.js";
import { Empty, Failure, Head, html, Json, link, useAsked, useEffect, useRef, useState } from "./ui.js";

const shown = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));

export function Tables({ rest }) {
  const { value: tables, error } = useAsked("/api/tables");
  const [name, index = "", pk = "", sk = ""] = rest;
  const table = tables?.find((one) => one.name === name) ?? null;
  if (!name) {
    return html`<${Head} title="Tables" /><${Failure} error=${error} />
      <ul class="cards">${(tables ?? []).map((one) => html`<li key=${one.name} class="card">
        <h2><a href=${link("tables", one.name)}>${one.name}</a></h2>
        <p class="muted">${one.keys.partition} / ${one.keys.sort ?? "–"}${one.stream ? ", stream" : ""}${one.ttl ? `, TTL ${one.ttl}` : ""}</p>
        <ul class="inline">${one.indexes.map((it) => html`<li><a href=${link("tables", one.name, it.name)}>${it.name}</a> <span class="muted">${it.keys.partition} / ${it.keys.sort ?? "–"}</span></li>`)}</ul>
      </li>`)}</ul>`;
  }
  return html`<${Head} title=${name}><a href="#/tables">All tables</a><//>
    ${table && html`<${Browser} key=${rest.join(" ")} table=${table} index=${index} pk=${pk} sk=${sk} />`}`;
}

function Browser({ table, index, pk, sk }) {
  const keys = table.indexes.find((one) => one.name === index)?.keys ?? table.keys;
  const [asked, ask] = useState({ pk, sk, descending: false });
  const [state, set] = useState({ items: null, after: null, error: null });
  const path = (after) => {
    const query = new URLSearchParams({ index, pk: asked.pk, sk: asked.sk, descending: asked.descending, after: after ?? "" });
    return `/api/tables/${encodeURIComponent(table.name)}/items?${query}`;
  };
  const under = useRef(null);
  const load = async (after) => {
    // Only the answer to what was asked for last is shown.
    under.current?.abort();
    under.current = new AbortController();
    try {
      const page = await get(path(after), under.current.signal);
      set((was) => ({ items: after ? [...was.items, ...page.items] : page.items, after: page.after, error: null }));
    } catch (error) {
      if (error.name !== "AbortError") set({ items: [], after: null, error });
    }
  };
  useEffect(() => {
    const wait = setTimeout(() => load(null), 150);
    return () => {
      clearTimeout(wait);
      under.current?.abort();
    };
  }, [asked.pk, asked.sk, asked.descending]);
  const input = (name) => (event) => ask({ ...asked, [name]: event.target.value });
  return html`
    <form class="buttons" onSubmit=${(event) => event.preventDefault()}>
      <label>By <select value=${index} onChange=${(event) => { window.location.hash = link("tables", table.name, event.target.value); }}>
        <option value="">the table's key</option>
        ${table.indexes.map((one) => html`<option value=${one.name}>index ${one.name}</option>`)}
      </select></label>
      <label class="grow">${keys.partition} is <input value=${asked.pk} placeholder="any" onInput=${input("pk")} /></label>
      ${keys.sort && html`<label class="grow">${keys.sort} begins with <input value=${asked.sk} disabled=${!asked.pk} onInput=${input("sk")} /></label>`}
      <label class="check"><input type="checkbox" checked=${asked.descending} disabled=${!asked.pk} onChange=${(event) => ask({ ...asked, descending: event.target.checked })} /> last first</label>
    </form>
    <${Failure} error=${state.error} />
    <p class="muted" role="status">${state.items ? `${state.items.length} items${state.after ? ", and more" : ""}` : ""}</p>
    ${state.items?.length === 0 && html`<${Empty}>Nothing lies there.<//>`}
    <ul class="items">${(state.items ?? []).map((item) => html`<${Item} key=${`${item[table.keys.partition]} ${item[table.keys.sort]}`} item=${item} table=${table} />`)}</ul>
    ${state.after && html`<button onClick=${() => load(state.after)}>More</button>`}`;
}

function Item({ item, table }) {
  const { partition, sort } = table.keys;
  const others = Object.entries(item).filter(([name]) => name !== partition && name !== sort);
  return html`<li><details>
    <summary>
      <span class="mono key">${item[partition]}${sort ? html` <span class="muted">/</span> ${item[sort]}` : ""}</span>
      <span class="preview muted">${others.slice(0, 6).map(([name, value]) => `${name} ${shown(value)}`).join("  ·  ")}</span>
    </summary>
    <p><a href=${link("tables", table.name, "", item[partition])}>All of this partition</a></p>
    <${Json} value=${item} label="Item" />
  </details></li>`;
}
