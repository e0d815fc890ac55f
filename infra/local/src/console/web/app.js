// The frame: where one is, and what there is beside it.

import { render } from "preact";
import { hasToken, setToken } from "./api.js";
import { html, Time, useAsked, useEffect, useRef, useState } from "./ui.js";
import { Live, useLive } from "./live.js";
import { Functions } from "./functions.js";
import { Clock, Letters } from "./clock.js";
import { Tables } from "./tables.js";
import { Mail } from "./mail.js";
import { Payments } from "./payments.js";
import { Orders } from "./orders.js";
import { Users } from "./users.js";
import { Morning } from "./morning.js";
import { Saju } from "./saju.js";

const VIEWS = [
  ["live", "Live", Live],
  ["functions", "Functions", Functions],
  ["clock", "Clock", Clock],
  ["letters", "Dead letters", Letters],
  ["mail", "Mail", Mail],
  ["tables", "Tables", Tables],
  ["morning", "Mornings", Morning],
  ["saju", "saju", Saju],
  ["orders", "Orders", Orders],
  ["payments", "Payments", Payments],
  ["users", "Firebase users", Users],
];

const place = () => {
  const [view, ...rest] = window.location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { view: view || "live", rest };
};

function usePlace() {
  const [at, set] = useState(place);
  useEffect(() => {
    const moved = () => set(place());
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  return at;
}

/** What stands beside a view's name in the navigation. */
function badge(view, overview) {
  const counts = { mail: overview?.mails, payments: overview?.checkouts, letters: overview?.dead_letters };
  return counts[view] ? html`<span class="badge">${counts[view]}</span>` : null;
}

function Navigation({ at, overview }) {
  return html`<nav class="nav" aria-label="Console">
    <a class="brand" href="#/live"><span aria-hidden="true">縁</span> Enishi</a>
    <ul>
      ${VIEWS.map(
        ([view, name]) => html`<li key=${view}>
          <a href=${`#/${view}`} aria-current=${at === view ? "page" : undefined}>${name}${badge(view, overview)}</a>
        </li>`,
      )}
    </ul>
  </nav>`;
}

/** The stack's own clock, which may be ahead of this machine's. */
function Now({ overview }) {
  const [, tick] = useState(0);
  const since = useRef(0);
  useEffect(() => {
    since.current = performance.now();
  }, [overview?.now]);
  useEffect(() => {
    const timer = setInterval(() => tick((turn) => turn + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!overview) return null;
  const now = new Date(new Date(overview.now).getTime() + performance.now() - since.current);
  const set = Math.abs(overview.ahead_s) > 1;
  return html`<a class="clock" href="#/clock">
    <span class="visually-hidden">The stack's clock: </span><${Time} at=${now.toISOString()} day /> 
    ${set && html`<span class="kind k-hand">set</span>`}
  </a>`;
}

function Door() {
  const [text, type] = useState("");
  const open = (event) => {
    event.preventDefault();
    setToken(text);
    window.location.reload();
  };
  return html`<main class="door">
    <h1><span aria-hidden="true">縁</span> Enishi console</h1>
    <p>Open the address that <code>cargo run</code> shows first: the token is in it. Or paste it here.</p>
    <form onSubmit=${open}>
      <label>Address or token <input value=${text} onInput=${(event) => type(event.target.value)} autocomplete="off" /></label>
      <button>Open</button>
    </form>
  </main>`;
}

function Console() {
  const { view, rest } = usePlace();
  const [refused, refuse] = useState(!hasToken());
  const live = useLive();
  const overview = useAsked(refused ? null : "/api/overview", 0, 3000);
  const main = useRef(null);
  const first = useRef(true);
  useEffect(() => {
    const heard = () => refuse(true);
    window.addEventListener("token-refused", heard);
    return () => window.removeEventListener("token-refused", heard);
  }, []);
  const [, name, View] = VIEWS.find(([one]) => one === view) ?? VIEWS[0];
  useEffect(() => {
    document.title = `${name} · Enishi console`;
    // On a phone the views are a row that scrolls.
    document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    // Whoever goes by keyboard or screen reader is where the view begins.
    if (!first.current) main.current?.querySelector("h1")?.focus();
    first.current = false;
  }, [view]);
  if (refused) return html`<${Door} />`;
  return html`<a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      main.current?.querySelector("h1")?.focus();
    }}>To the content</a>
    <${Navigation} at=${view} overview=${overview.value} />
    <div class="page">
      <header class="strip">
        <span class=${`state ${live.connected ? "" : "bad"}`} role="status">${live.connected ? "connected" : "not connected"}</span>
        <${Now} overview=${overview.value} />
        ${overview.value && html`<a href=${`${overview.value.api}/docs`} target="_blank" rel="noreferrer">Documentation</a>`}
      </header>
      <main id="main" ref=${main} class=${`view v-${view}`}>
        <${View} rest=${rest} live=${live} overview=${overview} />
      </main>
    </div>`;
}

render(html`<${Console} />`, document.getElementById("app"));
