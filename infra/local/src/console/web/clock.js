// The stack's clock, what it fires, and what was given up.

import { get, post, put } from "./api.js";
import { Empty, Head, html, Json, link, Scroll, Time, useAsked, useDeed, useState } from "./ui.js";

const STEPS = [
  ["1 min", 60],
  ["10 min", 600],
  ["1 h", 3600],
  ["1 day", 86400],
  ["7 days", 604800],
];

/** As an <input type="datetime-local"> has it, in this machine's time zone. */
const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);

export function Clock({ overview, live }) {
  const clock = useDeed();
  const fired = useDeed();
  const [time, setTime] = useState("");
  const [search, type] = useState("");
  const now = overview.value?.now;
  const set = (deed) => clock.run(deed, (answer) => `It is ${new Date(answer.time).toLocaleString("en-GB")}.`).then(overview.refresh);
  const advance = (seconds) =>
    set(async () => {
      // From what it shows by then, not from what the page has last heard.
      const shown = await get("/_enishi/clock");
      return put("/_enishi/clock", { time: new Date(Date.parse(shown.time) + seconds * 1000).toISOString() });
    });
  const to = (event) => {
    event.preventDefault();
    const date = new Date(time || local(new Date(now)));
    set(() => put("/_enishi/clock", { time: date.toISOString() }));
  };
  const scheduled = (overview.value?.functions ?? []).filter((one) => one.schedules.length && one.name.includes(search.trim()));
  const fire = (name) =>
    fired.run(() => post(`/_enishi/fire/${name}`, {}), (answer) => `${name}: ${JSON.stringify(answer)}`);
  const runs = [...live.entries.values()].filter((entry) => entry.kind === "schedule" || entry.kind === "hand");
  return html`
    <${Head} title="Clock" />
    <section aria-labelledby="now">
      <h2 id="now" class="visually-hidden">Time</h2>
      <p class="big"><${Time} at=${now} day /></p>
      <p class="muted">${now ? new Date(now).toISOString() : ""} ${
        overview.value && Math.abs(overview.value.ahead_s) > 1 ? "It was set, and runs on from there." : "It is the system's."
      }</p>
      <div class="buttons" role="group" aria-label="Advance">
        <span class="muted">Advance</span>
        ${STEPS.map(([name, seconds]) => html`<button key=${name} disabled=${clock.busy} onClick=${() => advance(seconds)}>${name}</button>`)}
      </div>
      <form class="buttons" onSubmit=${to}>
        <label>Set to <input type="datetime-local" step="1" value=${time || (now ? local(new Date(now)) : "")} onInput=${(event) => setTime(event.target.value)} /></label>
        <button class="low">Set</button>
        <button type="button" class="low" onClick=${() => set(() => put("/_enishi/clock", { time: null }))}>Back to the system's time</button>
      </form>
      ${clock.shown}
      <p class="muted note">Schedules follow: what is due by the new time fires once, for the latest time it was due. Tokens, Checkouts and subscriptions go by this clock too.</p>
    </section>
    <section aria-labelledby="schedules">
      <div class="head"><h2 id="schedules">Schedules</h2><div class="tools"><input type="search" aria-label="Find a schedule" placeholder="function" value=${search} onInput=${(event) => type(event.target.value)} /></div></div>
      ${fired.shown}
      <${Scroll} label="All schedules">
        <table class="grid">
          <thead><tr><th scope="col">Function</th><th scope="col">Schedule</th><th scope="col" class="number">Last run</th><th scope="col" class="number"><span class="visually-hidden">Fire</span></th></tr></thead>
          <tbody>${scheduled.map((one) => {
            const last = runs.filter((entry) => entry.function === one.name).pop();
            return html`<tr key=${one.name}>
              <th scope="row"><a href=${link("functions", one.name)}>${one.name}</a></th>
              <td class="by">${one.schedules.join(", ")}</td>
              <td class="number">${last ? html`<a href=${link("live", last.id)}><${Time} at=${last.time} /></a>` : ""}</td>
              <td class="number"><button disabled=${fired.busy} onClick=${() => fire(one.name)}>Fire now<span class="visually-hidden"> ${one.name}</span></button></td>
            </tr>`;
          })}</tbody>
        </table>
      <//>
    </section>`;
}

export function Letters({ overview }) {
  const { value, refresh } = useAsked("/_enishi/dead-letters", overview.value?.dead_letters);
  const deed = useDeed();
  const redrive = async (letter) => {
    await deed.run(() => post(`/_enishi/dead-letters/${letter.id}/redrive`), `${letter.function} runs once more.`);
    refresh();
    overview.refresh();
  };
  return html`
    <${Head} title="Dead letters" />
    ${deed.shown}
    ${value?.length === 0 && html`<${Empty}>Nothing was given up. What a function fails at three times lies here until it is redriven, after a restart too.<//>`}
    <ul class="cards">
      ${(value ?? []).map((letter) => html`<li key=${letter.id} class="card">
        <div class="head">
          <h2>${letter.function}</h2> <span class="muted">${letter.queue}, <${Time} at=${letter.time} day /></span>
          <div class="tools"><button class="main" disabled=${deed.busy} onClick=${() => redrive(letter)}>Redrive<span class="visually-hidden"> ${letter.function}</span></button></div>
        </div>
        <p class="bad">${letter.error}</p>
        <${Json} value=${letter.event} label="Event" />
      </li>`)}
    </ul>`;
}
