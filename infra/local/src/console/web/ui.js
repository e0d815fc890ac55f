// What all views share.

import { h } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import htm from "htm";
import { get } from "./api.js";

export { useCallback, useEffect, useRef, useState };
export const html = htm.bind(h);

/** What `path` answers, asked again whenever `again` changes, and every `every` milliseconds. */
export function useAsked(path, again, every) {
  const [state, set] = useState({ value: null, error: null });
  const [turn, next] = useState(0);
  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    get(path, stop.signal).then(
      (value) => set({ value, error: null }),
      (error) => error.name === "AbortError" || set((was) => ({ ...was, error })),
    );
    const timer = every && setTimeout(() => next(turn + 1), every);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, again, turn]);
  return { ...state, refresh: () => next(turn + 1) };
}

/** A deed of the developer's, with what came of it told beside it. */
export function useDeed() {
  const [told, tell] = useState(null);
  const [busy, setBusy] = useState(false);
  const run = async (deed, done) => {
    setBusy(true);
    try {
      const answer = await deed();
      tell({ ok: true, text: typeof done === "function" ? done(answer) : done });
      return answer;
    } catch (error) {
      tell({ ok: false, text: error.message });
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  const shown = html`<p class=${`told ${told && !told.ok ? "bad" : ""}`} role="status">${told?.text}</p>`;
  return { run, busy, shown };
}

const clockTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dayTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** A moment, in this machine's time zone; the whole of it on hover. */
export function Time({ at, day }) {
  if (!at) return html`<span class="muted">–</span>`;
  const date = new Date(typeof at === "number" ? at * 1000 : at);
  return html`<time datetime=${date.toISOString()} title=${date.toISOString()}>
    ${(day ? dayTime : clockTime).format(date)}
  </time>`;
}

export const ms = (value) =>
  value == null ? "" : value < 0.1 ? "<0.1 ms" : value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

export const yen = (value, currency = "jpy") =>
  new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 0 }).format(value ?? 0);

export const count = (value, one, many = `${one}s`) => `${value} ${value === 1 ? one : many}`;

const KINDS = {
  request: "request",
  socket: "socket",
  schedule: "schedule",
  event: "function",
  stream: "stream",
  bus: "event",
  webhook: "webhook",
  mail: "mail",
  push: "push",
  dead_letter: "dead letter",
  hand: "by hand",
};

export const kinds = Object.entries(KINDS);

export const Kind = ({ of }) => html`<span class=${`kind k-${of}`}>${KINDS[of] ?? of}</span>`;

const OUTCOMES = { running: "running", done: "done", refused: "refused", failed: "failed" };

/** How it ended, as a status or a word; never by colour alone. */
export const Outcome = ({ of, status }) =>
  html`<span class=${`outcome o-${of}`}>${status ?? (of === "done" ? "" : OUTCOMES[of] ?? of)}</span>`;

export const Json = ({ value, label }) =>
  value == null || (typeof value === "object" && Object.keys(value).length === 0)
    ? null
    : html`<pre class="json" tabindex="0" role="group" aria-label=${label}>${
        typeof value === "string" ? value : JSON.stringify(value, null, 2)
      }</pre>`;

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

export const Failure = ({ error }) =>
  error ? html`<p class="told bad" role="alert">${error.message}</p>` : null;

/** A view's head: its name, and beside it what can be done. */
export const Head = ({ title, children }) =>
  html`<header class="head"><h1 tabindex="-1">${title}</h1>${children}</header>`;

/** A table that scrolls by itself where the page is narrow. */
export const Scroll = ({ label, children }) =>
  html`<div class="scroll" role="region" aria-label=${label} tabindex="0">${children}</div>`;

/** Reads and writes the parts of the address behind `#/view/`. */
export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
