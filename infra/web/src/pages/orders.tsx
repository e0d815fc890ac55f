// What a customer has ordered. The payment's page leads back here, sometimes before the payment is known.
import { type components, ok } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { enishi, useUser } from "../app";
import { time, useTexts, yen } from "../i18n";
import { market } from "../texts/market";
import { Act, Area, Form, Page, Show, Submit, useAgain, useLoad } from "../ui";

type Transaction = components["schemas"]["Transaction"];

export function Orders() {
  const t = useTexts(market);
  return (
    <Page title={t.orders} lang={t.lang} mark="市" guarded>
      <All />
    </Page>
  );
}

function All() {
  const t = useTexts(market);
  const user = useUser();
  const orders = useLoad(() => ok(enishi.api.GET("/api/transaction", { params: { query: { limit: 50 } } })), [user]);
  return (
    <Show of={orders}>
      {(all) =>
        all.length === 0 ? (
          <p class="empty">
            {t.ordersEmpty} <a href="/market">{t.browse}</a>
          </p>
        ) : (
          <ul class="list card">
            {all.map((order) => (
              <li key={order.transaction_id}>
                <a href={`/transactions/${order.transaction_id}`}>
                  {time(order.transaction_time, t.lang)} ·{" "}
                  {order.parcels.flatMap((parcel) => parcel.details.map((line) => line.item_name)).join(", ")}
                </a>
                <span>{yen(order.total_amount, t.lang)}</span>
                <Status of={order.status} />
              </li>
            ))}
          </ul>
        )
      }
    </Show>
  );
}

export function Status({ of }: { of: Transaction["status"] }) {
  const t = useTexts(market);
  const good = of === "Paid" || of === "Shipped" || of === "Complete";
  return <span class={good ? "chip on" : "chip"}>{t.status[of]}</span>;
}

/** `/transactions/{transaction_id}` */
export function Order() {
  const t = useTexts(market);
  return (
    <Page title={t.order} lang={t.lang} mark="市" guarded>
      <One />
    </Page>
  );
}

function One() {
  const t = useTexts(market);
  const transaction_id = useRoute().params["id"] ?? "";
  const params = { path: { transaction_id } };
  const order = useLoad(() => ok(enishi.api.GET("/api/transaction/{transaction_id}", { params })), [transaction_id]);
  useAgain(order.reload, order.data?.status === "Pending", 2_500);
  return (
    <Show of={order}>
      {(found) => (
        <>
          <section class="card">
            <div class="row apart">
              <p class="big">{yen(found.total_amount, t.lang)}</p>
              <div role="status">
                <Status of={found.status} />
              </div>
            </div>
            <p>{time(found.transaction_time, t.lang)}</p>
            {found.status === "Pending" && <p>{t.processing}</p>}
            {found.status === "Paid" && <p class="good">{t.thanks}</p>}
            {(found.status === "Pending" || found.status === "Paid") && (
              <Act
                class="quiet"
                run={async () =>
                  order.set(await ok(enishi.api.POST("/api/transaction/{transaction_id}/cancel", { params, body: {} })))
                }
              >
                {t.cancelOrder}
              </Act>
            )}
            <address>
              {found.name} · 〒{found.zip_code} {found.address}
            </address>
          </section>
          {found.parcels.map((parcel) => (
            <section key={parcel.maker_id} class="card">
              <div class="row apart">
                <h2>{t.parcel(parcel.maker_name)}</h2>
                <Status of={parcel.status} />
              </div>
              <ul class="list">
                {parcel.details.map((line) => (
                  <li key={line.item_id}>
                    <span>
                      {line.item_name} × {line.quantity}
                    </span>
                    <span>{yen(line.price * line.quantity, t.lang)}</span>
                  </li>
                ))}
                <li>
                  <span>{t.sending}</span>
                  <span>{yen(parcel.shipping_fee, t.lang)}</span>
                </li>
              </ul>
              {parcel.ship_id && (
                <p>
                  {t.track}: {parcel.carrier} {parcel.ship_id}
                </p>
              )}
              {parcel.status === "Shipped" && (
                <Act
                  run={async () => {
                    const body = { maker_id: parcel.maker_id };
                    order.set(await ok(enishi.api.POST("/api/transaction/{transaction_id}/received", { params, body })));
                  }}
                >
                  {t.received}
                </Act>
              )}
              {parcel.is_reported && <p class="trouble">{t.reported}</p>}
              {parcel.status === "Shipped" && !parcel.is_reported && (
                <details>
                  <summary>{t.report}</summary>
                  <Form
                    label={t.report}
                    submit={async ({ reason = "" }) => {
                      const body = { maker_id: parcel.maker_id, reason };
                      order.set(await ok(enishi.api.POST("/api/transaction/{transaction_id}/report", { params, body })));
                    }}
                  >
                    <Area name="reason" label={t.reportReason} maxLength={500} />
                    <Submit class="quiet">{t.reportSend}</Submit>
                  </Form>
                </details>
              )}
            </section>
          ))}
          <p>
            <a href="/transactions">{t.orders}</a>
          </p>
        </>
      )}
    </Show>
  );
}
