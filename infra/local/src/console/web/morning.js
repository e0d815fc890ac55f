// A morning of rooms as a picture: who sits with whom, who came, who had met before, and what the draw has avoided.

import { count, Empty, Failure, Head, html, link, Time, useAsked, useState } from "./ui.js";

const name = (member) => member.name ?? "somebody who has left";
const short = (text) => (text.length > 11 ? `${text.slice(0, 10)}…` : text);
const when = (slot) => slot.replace("T", " ");

/** What may have become of somebody's morning, and how their seat is drawn then. */
const ATTENDANCE = [
  ["present", "present"],
  ["late", "late"],
  ["absent", "absent"],
  ["withdrew late", "withdrew"],
  ["not counted", "awaited"],
  ["awaited", "awaited"],
];
const drawn = Object.fromEntries(ATTENDANCE);

export function Morning({ rest }) {
  const { value: mornings, error } = useAsked("/_enishi/mornings", 0, 10000);
  const slot = rest[0] ?? (mornings?.find((one) => one.enrolled > 0) ?? mornings?.[0])?.slot;
  return html`
    <${Head} title="Mornings">
      ${mornings?.length > 0 && html`<div class="tools"><label class="beside">Slot <select value=${slot} onChange=${(event) => { window.location.hash = link("morning", event.target.value); }}>
        ${mornings.map((one) => html`<option value=${one.slot}>${when(one.slot)}, ${count(one.enrolled, "person", "people")}</option>`)}
      </select></label></div>`}
    <//>
    <${Failure} error=${error} />
    ${mornings?.length === 0 && html`<${Empty}>Nothing was drawn yet. People enroll with <code>POST /register/</code>; the draw is ten minutes before the slot, and on the <a href="#/clock">clock</a> it is soon that late.<//>`}
    ${slot && html`<${Picture} key=${slot} slot=${slot} />`}`;
}

function Picture({ slot }) {
  const { value, error } = useAsked(`/api/mornings/${encodeURIComponent(slot)}`, 0, 10000);
  const [chosen, choose] = useState(null);
  if (!value) return html`<${Failure} error=${error} />`;
  const people = value.rooms.flatMap((room, number) => room.members.map((member) => ({ ...member, number })));
  const met = new Map(value.met.flatMap(({ a, b, slots }) => [[`${a} ${b}`, slots], [`${b} ${a}`, slots]]));
  const avoided = value.known_pairs - value.together_again;
  return html`
    <p class="lead">
      ${count(people.length, "person", "people")} in ${count(value.rooms.length, "room")} meant for ${value.room_size}.
      ${value.compared
        ? value.looked_back_on
          ? html` Of ${count(value.known_pairs, "pair")} who had met in the ${count(value.looked_back_on, "slot")} before, the draw has kept apart <strong>${avoided}</strong>${" "}
              and seated together <strong>${value.together_again}</strong>; chance would have seated together ${value.by_chance.toFixed(1)}.`
          : " Nobody had met before: it was the first draw."
        : " They are too many to compare."}
    </p>
    <ul class="legend" aria-label="Attendance">${ATTENDANCE.map(([title]) => [title, people.filter(({ attendance }) => attendance === title).length]).filter(([, of]) => of > 0).map(
      ([title, of]) => html`<li key=${title}><svg viewBox="-9 -9 18 18" aria-hidden="true" class=${`seat s-${drawn[title]}`}><${Seat} of=${title} /></svg> ${of} ${title}</li>`,
    )}</ul>
    <${Rooms} rooms=${value.rooms} met=${met} chosen=${chosen} choose=${choose} />
    ${value.compared && people.length > 1 && html`<${Matrix} people=${people} met=${met} chosen=${chosen} />`}`;
}

/** Where somebody sits around a table of so many. */
const seat = (at, of, radius) => {
  const angle = (2 * Math.PI * at) / of - Math.PI / 2;
  return [90 + radius * Math.cos(angle), 78 + radius * Math.sin(angle)];
};

/** A seat: filled of who came, half of who came late, crossed of who did not. */
function Seat({ of }) {
  const kind = drawn[of];
  return html`<circle r="7" />
    ${kind === "late" && html`<path class="half" d="M0 -7 A7 7 0 0 1 0 7 Z" />`}
    ${kind === "absent" && html`<path class="mark" d="M-4 -4 L4 4 M-4 4 L4 -4" />`}
    ${kind === "withdrew" && html`<path class="mark" d="M-4 0 L4 0" />`}`;
}

function Rooms({ rooms, met, chosen, choose }) {
  return html`<ul class="rooms">${rooms.map((room, number) => {
    const { members } = room;
    const pairs = members.flatMap((a, i) => members.slice(i + 1).map((b, j) => [i, i + 1 + j, met.get(`${a.user_id} ${b.user_id}`)]));
    const again = pairs.filter(([, , slots]) => slots);
    return html`<li key=${room.room_id} class="room">
      <h2>Room ${number + 1} ${room.meeting && html`<span class="pill complete">meeting</span>`}</h2>
      <svg viewBox="-42 0 264 156" role="img" aria-label=${`Room ${number + 1}: ${members.map((member) => `${name(member)}, ${member.attendance}`).join("; ")}. ${again.length ? `${again.length} met before` : "nobody met before"}.`}>
        <circle cx="90" cy="78" r="26" class="table" />
        ${pairs.map(([i, j, slots]) => {
          const [x1, y1] = seat(i, members.length, 42);
          const [x2, y2] = seat(j, members.length, 42);
          return html`<line x1=${x1} y1=${y1} x2=${x2} y2=${y2} class=${slots ? "again" : "new"} />`;
        })}
        ${members.map((member, at) => {
          const [x, y] = seat(at, members.length, 42);
          const [tx, ty] = seat(at, members.length, 63);
          return html`<g class=${`seat s-${drawn[member.attendance]} ${chosen === member.user_id ? "chosen" : ""}`}>
            <g transform=${`translate(${x} ${y})`}><${Seat} of=${member.attendance} /></g><text x=${tx} y=${ty + 3} text-anchor=${tx < 75 ? "end" : tx > 105 ? "start" : "middle"}>${short(name(member))}</text>
          </g>`;
        })}
      </svg>
      <ul class="people">${members.map((member) => html`<li key=${member.user_id}>
        <button class="person" aria-pressed=${chosen === member.user_id} onClick=${() => choose(chosen === member.user_id ? null : member.user_id)}>${name(member)}</button>
        <span class=${`a-${drawn[member.attendance]}`}>${member.attendance}</span>
        ${member.seated !== "drawn" && html`<span class="muted">${member.seated}</span>`}
        ${member.came && html`<span class="muted">came <${Time} at=${member.came} /></span>`}
        ${member.left && Date.parse(member.left) > Date.parse(member.came ?? 0) && html`<span class="muted">left <${Time} at=${member.left} /></span>`}
        ${member.rate != null && html`<span class="rate" title="Of the last 20 mornings">${member.rate}%</span>`}
      </li>`)}</ul>
      ${again.length > 0 && html`<p class="bad">${again.map(([i, j, slots]) => `${name(members[i])} and ${name(members[j])} met on ${slots.map(when).join(", ")}`).join("; ")}</p>`}
    </li>`;
  })}</ul>`;
}

/** Everybody against everybody, in the order of the rooms: the framed squares are today's rooms, filled is who had
 * met before. The draw has done well where the frames are empty. */
function Matrix({ people, met, chosen }) {
  const size = people.length > 60 ? 8 : people.length > 30 ? 12 : 18;
  const side = size * people.length;
  const left = size === 18 ? 76 : 0;
  const frames = [];
  people.forEach((person, at) => {
    const last = frames[frames.length - 1];
    if (last && last.number === person.number) last.to = at + 1;
    else frames.push({ number: person.number, from: at, to: at + 1 });
  });
  const cells = people.flatMap((a, y) => people.map((b, x) => [x, y, met.get(`${a.user_id} ${b.user_id}`), a, b])).filter(([x, y, slots]) => x !== y && slots);
  const at = people.findIndex((person) => person.user_id === chosen);
  return html`<figure class="matrix">
    <h2>Who had met whom</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Who had met whom">
      <svg width=${left + side + 2} height=${side + 2} viewBox=${`${-1 - left} -1 ${left + side + 2} ${side + 2}`} role="img" aria-label=${`${cells.length / 2} pairs had met before, ${cells.filter(([, , , a, b]) => a.number === b.number).length / 2} of them sit together.`}>
        <rect width=${side} height=${side} class="ground" />
        ${left > 0 && people.map((person, row) => html`<text x="-6" y=${row * size + 13} text-anchor="end">${short(name(person))}</text>`)}
        ${at >= 0 && html`<rect x="0" y=${at * size} width=${side} height=${size} class="mark" /><rect x=${at * size} y="0" width=${size} height=${side} class="mark" />`}
        ${cells.map(([x, y, slots, a, b]) => html`<rect x=${x * size + 1} y=${y * size + 1} width=${size - 2} height=${size - 2} rx="2" class=${a.number === b.number ? "again" : "kept"} opacity=${Math.min(1, 0.45 + 0.2 * slots.length)}><title>${name(a)} and ${name(b)}: ${slots.map(when).join(", ")}</title></rect>`)}
        ${frames.map(({ from, to }) => html`<rect x=${from * size} y=${from * size} width=${(to - from) * size} height=${(to - from) * size} class="frame" />`)}
      </svg>
    </div>
    <figcaption class="muted">People in the order of their rooms, along both sides. A frame is a room; a filled square a pair who had met before: within a frame they sit together again, outside it the draw has kept them apart.</figcaption>
  </figure>`;
}
