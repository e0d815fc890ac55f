// The market's orders, and where the money of each is.

import { count, Empty, Failure, Head, html, Json, link, Scroll, Time, useAsked, yen } from "./ui.js";
import { Flow } from "./flow.js";

const said = (value) => (typeof value === "string" ? value : value?.state ?? Object.keys(value ?? {})[0] ?? "–");

export function Orders({ rest }) {
  const { value, error } = useAsked("/api/orders", 0, 10000);
  if (rest[0]) return html`<${Order} key=${rest[0]} id=${rest[0]} />`;
  return html`
    <${Head} title="Orders" />
    <${Failure} error=${error} />
    ${value?.length === 0 && html`<${Empty}>Nothing was bought yet. <code>POST /api/buy</code> buys what is in a cart.<//>`}
    ${value?.length > 0 && html`<${Scroll} label="Orders"><table class="grid">
      <thead><tr><th scope="col">Order</th><th scope="col">Made</th><th scope="col">Stands</th><th scope="col" class="number">Parcels</th><th scope="col" class="number">Costs</th></tr></thead>
      <tbody>${value.slice(0, 200).map((order) => html`<tr key=${order.order_id}>
        <th scope="row"><a class="mono" href=${link("orders", order.order_id)}>${order.order_id}</a></th>
        <td class="number left"><${Time} at=${order.created_at} day /></td><td>${said(order.sale)}</td><td class="number">${order.parcels}</td><td class="number">${yen(order.amount)}</td>
      </tr>`)}</tbody>
    </table><//>`}`;
}

function Order({ id }) {
  const { value, error } = useAsked(`/api/orders/${encodeURIComponent(id)}`, 0, 5000);
  if (!value) return html`<${Head} title="Order" /><${Failure} error=${error} />`;
  const { order, contents, flow, steps } = value;
  const cell = (sum) => html`<td class="number">${sum == null ? "" : yen(sum)}</td>`;
  const maker = (one) => contents?.makers?.find((it) => it.maker_id === one)?.maker_name ?? one;
  const title = (row) => (row.maker_id ? `to ${maker(row.maker_id)}` : row.name);
  return html`
    <${Head} title="Order"><span class="mono muted">${id}</span> <a href="#/orders">All orders</a><//>
    <p class="lead">${said(order.sale)}, made <${Time} at=${order.created_at} day />; ${yen(flow.asked)}, of which the house's fee is ${yen(flow.fees)}.</p>
    <section aria-labelledby="money">
      <h2 id="money">Where the money is</h2>
      ${flow.paid ? html`<${Flow} flow=${flow} maker=${maker} />` : html`<p class="muted">It is not paid.</p>`}
      ${flow.paid && html`<p class=${flow.adds_up ? "good" : "bad"} role="status">${flow.adds_up
        ? "It adds up: order, ledger and Stripe say the same."
        : `It does not add up: ${flow.rows.filter((row) => !row.agrees).map(title).join(", ")}. Money that is under way counts at one side first.`}</p>`}
      ${flow.paid && html`<${Scroll} label="Sums"><table class="grid sums">
        <thead><tr><th scope="col">Sum</th><th scope="col" class="number">Order</th><th scope="col" class="number">Ledger</th><th scope="col" class="number">Stripe</th><th scope="col"><span class="visually-hidden">Agrees</span></th></tr></thead>
        <tbody>${flow.rows.map((row) => html`<tr key=${title(row)}><th scope="row">${title(row)}</th>${cell(row.order)}${cell(row.ledger)}${cell(row.stripe)}<td>${row.agrees ? html`<span class="good" aria-label="agrees">✓</span>` : html`<span class="bad">differs</span>`}</td></tr>`)}</tbody>
      </table><//>`}
    </section>
    <h2>Parcels</h2>
    <${Scroll} label="Parcels"><table class="grid">
      <thead><tr><th scope="col">Maker</th><th scope="col">Stands</th><th scope="col" class="number">Items</th><th scope="col" class="number">Sending</th><th scope="col" class="number">Fee</th><th scope="col">Maker's money</th><th scope="col">Customer's money</th></tr></thead>
      <tbody>${order.parcels.map((parcel) => html`<tr key=${parcel.maker_id}>
        <th scope="row">${maker(parcel.maker_id)}</th><td>${said(parcel.state)}</td>${cell(parcel.items_amount)}${cell(parcel.shipping_fee)}${cell(parcel.fee)}<td>${said(parcel.transfer)}</td><td>${said(parcel.refund)}</td>
      </tr>`)}</tbody>
    </table><//>
    <h2>What was bought</h2>
    <ul class="calls">${(contents?.lines ?? []).map((line) => html`<li><span>${line.item_name} × ${line.quantity}</span><span class="number">${yen(line.price * line.quantity)}</span></li>`)}</ul>
    <h2>${count(steps.length, "step")}</h2>
    <ol class="calls">${steps.map((step) => html`<li><span>${said(step.cause?.action ?? step.cause)} <span class="muted">by ${said(step.actor)} → ${said(step.state)}</span></span><span class="number muted"><${Time} at=${step.at} day /></span></li>`)}</ol>
    <details><summary>The ledger's record</summary><${Json} value=${value.payment} label="Payment" /></details>`;
}
