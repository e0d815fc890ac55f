// The cart, where parcels go, and on to the payment.
import { ApiError, type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { useTexts, yen } from "../i18n";
import { market } from "../texts/market";
import { Act, Field, Form, leave, Page, Show, Submit, useLoad } from "../ui";

type Schemas = components["schemas"];

export function Cart() {
  const t = useTexts(market);
  return (
    <Page title={t.cart} lang={t.lang} mark="市" guarded>
      <Own />
    </Page>
  );
}

function Own() {
  const t = useTexts(market);
  const user = useUser();
  const cart = useLoad(() => ok(enishi.api.GET("/api/cart")), [user]);
  const customer = useLoad(() => ok(enishi.api.GET("/api/user")), [user]);
  return (
    <Show of={cart}>
      {(found) =>
        found.lines.length === 0 ? (
          <p class="empty">
            {t.empty} <a href="/market">{t.browse}</a>
          </p>
        ) : (
          <div class="columns">
            <section class="card">
              <h2>{t.items}</h2>
              <ul class="list">
                {found.lines.map((line) => (
                  <Line key={line.item_id} line={line} set={cart.set} />
                ))}
              </ul>
              <dl class="sum">
                <dt>{t.items}</dt>
                <dd>{yen(found.items_amount, t.lang)}</dd>
                <dt>{t.sending}</dt>
                <dd>{yen(found.shipping_amount, t.lang)}</dd>
                <dt class="total">{t.sum}</dt>
                <dd class="total">{yen(found.total_amount, t.lang)}</dd>
              </dl>
            </section>
            <Show of={customer}>
              {(known) => <Payment cart={found} customer={known} told={customer.set} changed={cart.reload} />}
            </Show>
          </div>
        )
      }
    </Show>
  );
}

function Line({ line, set }: { line: Schemas["CartLine"]; set: (cart: Schemas["ShownCart"]) => void }) {
  const t = useTexts(market);
  const change = async (quantity: number) =>
    set(await ok(enishi.api.PATCH("/api/cart", { body: { item_id: line.item_id, quantity } })));
  return (
    <li>
      <span>
        <a href={`/market/items/${line.item_id}`}>{line.item_name}</a>
        {t.states[line.state] && (
          <>
            {" "}
            <span class="fault">{t.states[line.state]}</span>
          </>
        )}
      </span>
      <label>
        <span class="visually-hidden">
          {t.quantity}: {line.item_name}
        </span>
        <input
          class="quantity"
          type="number"
          min={1}
          max={99}
          value={line.quantity}
          onChange={(event) => void change(Math.max(1, Number(event.currentTarget.value))).catch(() => undefined)}
        />
      </label>
      <span>{line.price !== null && yen(line.price * line.quantity, t.lang)}</span>
      <Act
        class="plain"
        label={`${t.remove}: ${line.item_name}`}
        run={async () => set(await ok(enishi.api.DELETE("/api/cart", { params: { query: { item_id: line.item_id } } })))}
      >
        {t.remove}
      </Act>
    </li>
  );
}

interface PaymentProps {
  cart: Schemas["ShownCart"];
  customer: Schemas["Customer"];
  told: (customer: Schemas["Customer"]) => void;
  changed: () => Promise<void>;
}

function Payment({ cart, customer, told, changed }: PaymentProps) {
  const t = useTexts(market);
  const [changing, setChanging] = useState(false);
  const submit = async ({ name = "", zip_code = "", address = "", phone_number = "" }: Record<string, string>) => {
    told(await ok(enishi.api.POST("/api/address", { body: { name, zip_code, address, phone_number } })));
    setChanging(false);
  };
  const buy = async () => {
    try {
      // What is bought is what is seen: another cart is refused.
      const bought = await ok(enishi.api.POST("/api/buy", { body: { cart_version: cart.cart_version } }));
      await leave(bought.checkout_url);
    } catch (thrown) {
      if (ApiError.from(thrown).status === 409) await changed();
      throw thrown;
    }
  };
  if (!customer.is_registered || changing) {
    return (
      <section class="card">
        <h2>{t.address}</h2>
        <Form submit={submit} label={t.address}>
          <Field name="name" label={t.name} autocomplete="name" value={customer.name ?? ""} />
          <Field name="zip_code" label={t.zip} autocomplete="postal-code" inputMode="numeric" value={customer.zip_code ?? ""} />
          <Field name="address" label={t.street} autocomplete="street-address" value={customer.address ?? ""} />
          <Field name="phone_number" label={t.phone} type="tel" autocomplete="tel" value={customer.phone_number ?? ""} />
          <Submit>{t.save}</Submit>
        </Form>
      </section>
    );
  }
  return (
    <section class="card">
      <div class="row apart">
        <h2>{t.address}</h2>
        <button type="button" class="plain" onClick={() => setChanging(true)}>
          {t.change}
        </button>
      </div>
      <address>
        {customer.name}
        <br />〒{customer.zip_code}
        <br />
        {customer.address}
        <br />
        {customer.phone_number}
      </address>
      {customer.is_email_verified ? (
        <>
          <Act run={buy}>{t.buy}</Act>
          <p class="small">{t.buyHint}</p>
        </>
      ) : (
        <p class="fault">{t.unverified}</p>
      )}
    </section>
  );
}
