// An order's money as a flow: the parcels that it pays for, what was charged, and where that is. Every sum is as wide
// as it is great, so what is missing shows as a gap.

import { html, Scroll, yen } from "./ui.js";

const WIDTH = 640;
const HIGH = 170;
/** From where to where each column of sums goes, from left to right. */
const COLUMNS = [160, 300, 440];
const THICK = 12;
/** What a name and its sum below it need. */
const LABEL = 34;

const KINDS = {
  "to the maker": "passed_on",
  "passed on elsewhere": "passed_on",
  "given back": "refunded",
  disputed: "disputed",
  "with the house": "platform",
};

const sum = (parts) => parts.reduce((total, { amount }) => total + amount, 0);

/** Parts below each other, each with room for its name. */
function column(parts, scale) {
  let y = 0;
  const placed = parts.map((part) => {
    const high = Math.max(1.5, part.amount * scale);
    const at = { ...part, y, high };
    y += Math.max(high, LABEL) + 8;
    return at;
  });
  return { placed, high: Math.max(0, y - 8) };
}

/** A band between two columns, as wide at one end as at the other. */
const band = (x1, y1, x2, y2, wide) => {
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}V${y2 + wide}C${middle} ${y2 + wide} ${middle} ${y1 + wide} ${x1} ${y1 + wide}Z`;
};

/** `flow`: as the stack has it; `maker` names a maker by its id. */
export function Flow({ flow, maker }) {
  const [charged, ...places] = flow.rows;
  const name = (row) => (row.maker_id ? `to ${maker(row.maker_id)}` : row.name);
  // After a lost dispute the house pays for what the makers keep.
  const owed = places.filter((row) => row.stripe < 0).map((row) => ({ title: "from the house", kind: KINDS[row.name], amount: -row.stripe }));
  const from = [...flow.parcels.map((one) => ({ title: `${maker(one.maker_id)}'s parcel`, kind: "parcel", amount: one.amount })), ...owed];
  const to = places.filter((row) => row.stripe > 0).map((row) => ({ title: name(row), kind: KINDS[row.name], amount: row.stripe }));
  const inside = charged.stripe + sum(owed);
  const scale = HIGH / Math.max(inside, sum(from), sum(to), 1);
  const [left, right] = [column(from, scale), column(to, scale)];
  const middle = inside * scale;
  const height = Math.max(left.high, right.high, Math.max(sum(from), sum(to), inside) * scale) + 30;
  const [x0, x1, x2] = COLUMNS;
  const top = (height - middle) / 2 + 8;
  const [down, up] = [(height - left.high) / 2 + 8, (height - right.high) / 2 + 8];
  let [into, out] = [top, top];
  const wide = ({ amount }) => amount * scale;
  const said = (parts) => parts.map(({ title, amount }) => `${title} ${yen(amount)}`).join(", ");
  const gaps = [
    [sum(from) - inside, "the parcels cost", "was charged"],
    [inside - sum(to), "was charged", "is anywhere"],
  ].filter(([gap]) => gap !== 0);
  return html`<${Scroll} label="The flow of the money">
    <svg class="flow" viewBox=${`0 0 ${WIDTH} ${height}`} role="img" aria-label=${`Of ${said(from)}, ${yen(charged.stripe)} was charged; it is: ${said(to)}.`}>
      ${left.placed.map((part) => {
        const at = into;
        into += wide(part);
        return html`<path class=${`band p-${part.kind}`} d=${band(x0, down + part.y, x1, at, wide(part))} />`;
      })}
      ${right.placed.map((part) => {
        const at = out;
        out += wide(part);
        return html`<path class=${`band p-${part.kind}`} d=${band(x1 + THICK, at, x2, up + part.y, wide(part))} />`;
      })}
      ${left.placed.map((part) => html`<rect class=${`p-${part.kind}`} x=${x0 - THICK} y=${down + part.y} width=${THICK} height=${part.high} />
        <${Name} part=${part} x=${x0 - THICK - 8} y=${down + part.y + part.high / 2} end />`)}
      <rect class="whole" x=${x1} y=${top} width=${THICK} height=${middle} />
      <text x=${x1 + THICK / 2} y=${top - 8} text-anchor="middle"><tspan class="amount">${yen(charged.stripe)}</tspan> charged</text>
      ${right.placed.map((part) => html`<rect class=${`p-${part.kind}`} x=${x2} y=${up + part.y} width=${THICK} height=${part.high} />
        <${Name} part=${part} x=${x2 + THICK + 8} y=${up + part.y + part.high / 2} />`)}
    </svg>
  <//>
  ${gaps.map(([gap, more, less]) => html`<p class="bad">${yen(Math.abs(gap))} ${gap > 0 ? "more" : "less"} ${more} than ${less}.</p>`)}`;
}

const short = (text) => (text.length > 20 ? `${text.slice(0, 19)}…` : text);

function Name({ part, x, y, end }) {
  return html`<text x=${x} y=${y - 3} text-anchor=${end ? "end" : "start"}>${short(part.title)}<title>${part.title}</title><tspan class="amount" x=${x} dy="15">${yen(part.amount)}</tspan></text>`;
}
