// Payments and Checkouts: what customers, their banks and Stripe's dashboard can do.

import { post } from "./api.js";
import { Empty, Failure, Head, html, link, Time, useAsked, useDeed, yen } from "./ui.js";
import { Bar } from "./money.js";

/** What can be done with a payment now: to what, what, and how it is called. */
function deeds(payment) {
  const { id, money } = payment;
  const list = [];
  if (payment.status === "open") {
    list.push([id, "pay", "Pay"]);
    if (payment.konbini) list.push([id, "konbini", "Konbini slip"]);
    if (payment.mode === "payment") list.push([id, "slow", "Bank takes its time"], [id, "fail", "Fail"]);
  } else if (payment.waits) {
    list.push([id, "settle", "Money comes"], [id, "lapse", "Money never comes"]);
  }
  if (money) {
    const open = money.disputes.find((one) => ["needs_response", "under_review"].includes(one.status));
    if (open) list.push([open.id, "win", "Dispute is won"], [open.id, "lose", "Dispute is lost"]);
    else if (money.method === "card" && money.paid > money.refunded + money.disputed && payment.mode !== "charge") list.push([id, "dispute", "Dispute"]);
    if (!open && money.paid > money.refunded + money.disputed) list.push([id, "refund", "Refund"]);
    for (const refund of money.refunds.filter((one) => one.status === "requires_action")) {
      list.push([refund.id, "arrive", "Refund arrives"], [refund.id, "return", "Refund comes back"]);
    }
  }
  return list;
}

const STATES = { open: "open", complete: "paid", expired: "expired" };

const state = (payment) =>
  payment.waits ? (payment.waits === "processing" ? "bank takes its time" : "slip is out") : STATES[payment.status] ?? payment.status;

export function Payments({ live }) {
  const changes = [...live.entries.values()].filter((entry) => ["webhook", "hand"].includes(entry.kind)).pop()?.id;
  const { value, error, refresh } = useAsked("/api/payments", changes, 5000);
  const deed = useDeed();
  const act = async ([id, action, name]) => {
    await deed.run(() => post(`/api/payments/${id}/${action}`, {}), `${name}: done.`);
    refresh();
  };
  const payments = value?.payments ?? [];
  return html`
    <${Head} title="Payments" />
    <${Failure} error=${error} />
    ${value && html`<section aria-labelledby="all">
      <h2 id="all">All of the money</h2>
      <${Bar} money=${value.balance} />
    </section>`}
    ${deed.shown}
    ${value && payments.length === 0 && html`<${Empty}>No Checkout was opened yet. A visit or an order opens one, and so does <code>cargo run -- checkout <user_id></code>.<//>`}
    <ul class="cards">${payments.map((payment) => html`<li key=${payment.id} class="card">
      <div class="head">
        <h2>${yen(payment.amount, payment.currency)}</h2>
        <span class=${`pill ${payment.waits ? "waits" : payment.status}`}>${state(payment)}</span>
        <span class="muted">${(payment.items ?? []).map((item) => item.name).join(", ")}</span>
        <span class="muted mono">${payment.id}</span>
        <div class="tools">
          ${payment.url && html`<a href=${payment.url} target="_blank" rel="noreferrer">Stripe's page</a>`}
          ${payment.money?.receipt_url && html`<a href=${payment.money.receipt_url} target="_blank" rel="noreferrer">Receipt</a>`}
        </div>
      </div>
      <p class="muted">
        ${payment.created ? html`<${Time} at=${payment.created} day />` : ""}
        ${payment.metadata?.payer ? html`, <a href=${link("tables", "PaymentsTable", "", `PAYER#${payment.metadata.payer}`, `PAYMENT#${payment.metadata.payment_id ?? ""}`)}>ledger's record</a>` : ""}
      </p>
      ${payment.money && html`<${Bar} money=${payment.money} />`}
      <div class="buttons">${deeds(payment).map((one) => html`<button key=${one[1]} class=${one[1] === "pay" ? "main" : ""} disabled=${deed.busy} onClick=${() => act(one)}>${one[2]}<span class="visually-hidden"> ${payment.id}</span></button>`)}</div>
    </li>`)}</ul>`;
}
