// saju's lists: how often each person was shown, and what put people on a list.

import { count, Empty, Failure, Head, html, link, Scroll, useAsked, useState } from "./ui.js";

export function Saju({ rest }) {
  const { value: people, error } = useAsked("/api/saju", 0, 10000);
  const [text, type] = useState("");
  const shown = (people ?? []).filter((one) => !text || `${one.name} ${one.user_id}`.toLowerCase().includes(text.toLowerCase()));
  return html`
    <${Head} title="saju"><div class="tools"><input type="search" aria-label="Find" placeholder="name" value=${text} onInput=${(event) => type(event.target.value)} /></div><//>
    <${Failure} error=${error} />
    ${people?.length === 0 && html`<${Empty}>Nobody has registered with saju yet.<//>`}
    ${people?.length > 0 && html`<${Exposure} people=${people} />`}
    ${rest[0] && html`<${List} key=${rest[0]} id=${rest[0]} />`}
    ${people?.length > 0 && html`<h2>Everybody</h2><${Scroll} label="Everybody"><table class="grid">
      <thead><tr><th scope="col">Name</th><th scope="col">Born</th><th scope="col">Gender</th><th scope="col">Where</th><th scope="col" class="number">Shown</th></tr></thead>
      <tbody>${shown.slice(0, 300).map((one) => html`<tr key=${one.user_id}>
        <th scope="row"><a href=${link("saju", one.user_id)}>${one.name}</a></th><td class="number left">${one.birth_date}</td><td>${one.gender}</td><td>${one.location ?? ""}</td><td class="number">${one.shown}</td>
      </tr>`)}</tbody>
    </table><//>`}`;
}

/** How many people were shown how often. */
function Exposure({ people }) {
  const most = Math.max(...people.map((one) => one.shown));
  const step = Math.max(1, Math.ceil((most + 1) / 24));
  const bins = Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => people.filter((one) => Math.floor(one.shown / step) === at).length);
  const highest = Math.max(...bins);
  const total = people.reduce((sum, one) => sum + one.shown, 0);
  const never = people.filter((one) => one.shown === 0).length;
  const tenth = people.slice(0, Math.max(1, Math.round(people.length / 10))).reduce((sum, one) => sum + one.shown, 0);
  const label = (at) => (step === 1 ? `${at}` : `${at * step}–${(at + 1) * step - 1}`);
  return html`<section aria-labelledby="exposure">
    <h2 id="exposure">Exposure</h2>
    <p class="lead">${count(people.length, "person", "people")}, shown ${count(total, "time")} in all; ${never} never.
      ${total > 0 ? ` The tenth that was shown most has ${Math.round((100 * tenth) / total)} % of it (10 % would be even).` : ""}</p>
    <ol class="bars">${bins.map((number, at) => html`<li key=${at}>
      <span class="muted number">${label(at)}×</span><span class="track"><span class="fill" style=${{ width: `${(100 * number) / highest}%` }}></span></span><span class="number">${number}</span>
    </li>`)}</ol>
  </section>`;
}

function List({ id }) {
  const { value, error } = useAsked(`/api/saju/${encodeURIComponent(id)}`);
  if (!value) return html`<${Failure} error=${error} />`;
  return html`<section class="card" aria-labelledby="list">
    <h2 id="list">${value.name}'s list of ${value.day}</h2>
    ${!value.drawn && html`<${Empty}>It is not drawn yet: the first <code>GET /api/matches/recommendations</code> of the day draws it.<//>`}
    ${value.list.length > 0 && html`<${Scroll} label="List"><table class="grid">
      <thead><tr><th scope="col">Who</th><th scope="col" class="number">Score</th><th scope="col">Made of</th><th scope="col" class="number">Shown</th><th scope="col" class="number">Score − shown / 2</th></tr></thead>
      <tbody>${value.list.map((one) => html`<tr key=${one.user_id}>
        <th scope="row"><a href=${link("saju", one.user_id)}>${one.name}</a> <span class="muted">${one.age}${one.location ? `, ${one.location}` : ""}</span></th>
        <td class="number">${one.score}</td>
        <td><ul class="parts">${one.breakdown.map((part) => html`<li key=${part.name} title=${part.reason}>
          <span class="muted" lang="ko">${part.label}</span> <span class="track"><span class="fill" style=${{ width: `${(100 * part.points) / part.max}%` }}></span></span> <span class="number">${part.points}/${part.max}</span>
        </li>`)}</ul></td>
        <td class="number">${one.shown}</td>
        <td class="number">${one.score - one.shown / 2}</td>
      </tr>`)}</tbody>
    </table><//>`}
    <p class="muted note">Drawn by the score less half a point for each time somebody was shown before; the list keeps how it was drawn, and the figures here are those of now.</p>
  </section>`;
}
