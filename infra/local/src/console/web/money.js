// Money as a flow: one bar whose parts are as wide as the sums are great, with the sums beside it.

import { html, yen } from "./ui.js";

const PARTS = [
  ["platform", "with the house"],
  ["passed_on", "to the makers"],
  ["refunded", "given back"],
  ["disputed", "disputed"],
];

/** `money`: what was paid and its parts, which come to it. */
export function Bar({ money }) {
  const { paid } = money;
  const parts = PARTS.filter(([name]) => money[name] !== 0);
  const sum = parts.reduce((total, [name]) => total + money[name], 0);
  return html`<figure class="money">
    <div class="bar" aria-hidden="true">
      ${paid > 0 && parts.map(([name]) => html`<span key=${name} class=${`part p-${name}`} style=${{ width: `${Math.max(0, (100 * money[name]) / paid)}%` }}></span>`)}
    </div>
    <figcaption>
      <span><strong>${yen(paid)}</strong> paid</span>
      ${parts.map(([name, title], at) => html`<span key=${name}><span class="muted">${at === 0 ? "=" : "+"}</span> <span class=${`dot p-${name}`} aria-hidden="true"></span> ${yen(money[name])} ${title}</span>`)}
      ${sum === paid ? "" : html`<span class="bad">: ${yen(paid - sum)} is missing</span>`}
    </figcaption>
  </figure>`;
}
