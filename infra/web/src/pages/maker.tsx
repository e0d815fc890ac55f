// A maker's pages: the workshop, Stripe's onboarding, what was bought.
import { ApiError, type components, nextCursor, ok, whole } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { useEffect, useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { time, useTexts, yen } from "../i18n";
import { market } from "../texts/market";
import { Act, Area, Field, Form, leave, Page, Show, Submit, Trouble, useLoad } from "../ui";
import { chosen, declared, put } from "../upload";
import { Status } from "./orders";

type Schemas = components["schemas"];

/** `/maker`; Stripe's onboarding leads back here. */
export function Maker() {
  const t = useTexts(market);
  return (
    <Page title={t.maker} lang={t.lang} lede={t.makerLede} mark="市" guarded>
      <Workshop />
    </Page>
  );
}

function Workshop() {
  const t = useTexts(market);
  const user = useUser();
  const me = useLoad(async () => {
    try {
      return await ok(enishi.api.GET("/api/makers/me"));
    } catch (thrown) {
      if ([403, 404].includes(ApiError.from(thrown).status)) return null;
      throw thrown;
    }
  }, [user]);
  return (
    <Show of={me}>
      {(maker) =>
        maker === null ? (
          <section class="card">
            <About done={me.set} />
          </section>
        ) : (
          <>
            <section class="card">
              <div class="row apart">
                <h2>{maker.maker_name}</h2>
                {maker.sells && <span class="chip on">{t.selling}</span>}
              </div>
              {maker.onboarded ? (
                <Act
                  class="quiet"
                  run={async () => leave((await ok(enishi.api.GET("/api/stripe/mypage"))).url)}
                >
                  {t.dashboard}
                </Act>
              ) : (
                <>
                  <p>{t.onboardHint}</p>
                  <Act run={toStripe}>{t.onboard}</Act>
                </>
              )}
              <details>
                <summary>{t.changeMaker}</summary>
                <About maker={maker} done={me.set} />
              </details>
            </section>
            <Products />
            <Sales />
          </>
        )
      }
    </Show>
  );
}

const toStripe = async () => leave((await ok(enishi.api.GET("/api/stripe/create"))).url);

interface AboutProps {
  /** Whoever is one already. */
  maker?: Schemas["MyMaker"];
  done: (maker: Schemas["MyMaker"]) => void;
}

/** What a maker says of themselves, and the law wants to be said. */
function About({ maker, done }: AboutProps) {
  const t = useTexts(market);
  const known = maker?.notice;
  const submit = async (values: Record<string, string>) => {
    const of = (name: string) => values[`notice.${name}`] ?? "";
    const notice = {
      seller: of("seller"),
      representative: of("representative"),
      address: of("address"),
      phone_number: of("phone_number"),
      delivery: of("delivery"),
      returns: of("returns"),
    };
    const { maker_name = "", description, shipping_fee = "" } = values;
    const body = { maker_name, shipping_fee: Number(shipping_fee), notice };
    done(
      await (maker
        ? ok(enishi.api.PATCH("/api/makers/me", { body: { ...body, description: description ?? null } }))
        : ok(enishi.api.POST("/api/makers", { body: { ...body, ...(description && { description }) } }))),
    );
  };
  return (
    <Form submit={submit} label={maker ? t.changeMaker : t.become} done={t.saved}>
      <div class="two">
        <Field name="maker_name" label={t.makerName} value={maker?.maker_name} maxLength={100} />
        <Field name="shipping_fee" label={t.fee} type="number" min={0} value={maker?.shipping_fee ?? 500} />
      </div>
      <Area name="description" label={t.about} value={maker?.description ?? ""} maxLength={2000} />
      <h2>{t.notice}</h2>
      <div class="two">
        <Field name="notice.seller" label={t.seller} value={known?.seller} />
        <Field name="notice.representative" label={t.representative} value={known?.representative} />
        <Field name="notice.address" label={t.street} value={known?.address} autocomplete="street-address" />
        <Field name="notice.phone_number" label={t.phone} value={known?.phone_number} type="tel" autocomplete="tel" />
        <Field name="notice.delivery" label={t.delivery} value={known?.delivery} />
        <Field name="notice.returns" label={t.returns} value={known?.returns} />
      </div>
      <Submit>{maker ? t.save : t.become}</Submit>
    </Form>
  );
}

function Products() {
  const t = useTexts(market);
  const products = useLoad(() => ok(enishi.api.GET("/api/products", { params: { query: { limit: 50 } } })));
  const submit = async (values: Record<string, string>, form: HTMLFormElement) => {
    const { item_name = "", price = "", stock = "", color, description } = values;
    const body = {
      item_name,
      price: Number(price),
      stock: Number(stock),
      ...(color && { color }),
      ...(description && { description }),
    };
    const picture = chosen(form, "picture");
    const { item_id } = await ok(enishi.api.POST("/api/products", { body }));
    if (picture) {
      const params = { path: { item_id } };
      const upload = await declared<Schemas["PictureType"]>(picture);
      const allowed = await ok(enishi.api.POST("/images/{item_id}", { params, body: upload }));
      await put(picture, allowed);
      await ok(enishi.api.PUT("/images/{item_id}", { params, body: { images: [allowed.image_id] } }));
    }
    form.reset();
    await products.reload();
  };
  return (
    <section class="stack">
      <h2>{t.products}</h2>
      <Show of={products}>
        {(all) =>
          all.length > 0 && (
            <ul class="list card">
              {all.map((product) => (
                <li key={product.item_id}>
                  <a href={`/market/items/${product.item_id}`}>{product.item_name}</a>
                  <span>{yen(product.price, t.lang)}</span>
                  <span class="chip">{product.status === "hidden" ? t.hidden : t.free(product.stock.free)}</span>
                  <Product product={product} changed={products.reload} />
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      <details open={products.data?.length === 0}>
        <summary>{t.product}</summary>
        <div class="card">
          <Form submit={submit} label={t.product} done={t.saved}>
            <div class="two">
              <Field name="item_name" label={t.productName} />
              <Field name="color" label={t.color} />
              <Field name="price" label={t.price} type="number" min={50} />
              <Field name="stock" label={t.stock} type="number" min={0} value={1} />
            </div>
            <Area name="description" label={t.description} maxLength={2000} />
            <Field name="picture" label={t.picture} type="file" accept="image/jpeg,image/png,image/webp" />
            <Submit>{t.list}</Submit>
          </Form>
        </div>
      </details>
    </section>
  );
}

/** To change a thing, hide it or take it away. */
function Product({ product, changed }: { product: Schemas["Product"]; changed: () => Promise<void> }) {
  const t = useTexts(market);
  const params = { path: { item_id: product.item_id } };
  const submit = async ({ item_name, price, more, description, shown }: Record<string, string>, form: HTMLFormElement) => {
    const body = {
      ...(item_name && { item_name }),
      ...(price && { price: Number(price) }),
      ...(more && { stock_delta: Number(more) }),
      description: description ?? null,
      status: shown === "on" ? ("on_sale" as const) : ("hidden" as const),
    };
    await ok(enishi.api.PATCH("/api/products/{item_id}", { params, body }));
    const field = form.elements.namedItem("more");
    if (field instanceof HTMLInputElement) field.value = "";
    await changed();
  };
  return (
    <details class="whole">
      <summary>
        {t.change}
        <span class="visually-hidden">: {product.item_name}</span>
      </summary>
      <Form submit={submit} label={`${t.change}: ${product.item_name}`} done={t.saved}>
        <div class="two">
          <Field name="item_name" label={t.productName} value={product.item_name} maxLength={100} />
          <Field name="price" label={t.price} type="number" min={50} value={product.price} />
          <Field name="more" label={t.more} hint={t.moreHint} type="number" />
        </div>
        <Area name="description" label={t.description} value={product.description ?? ""} maxLength={2000} />
        <Field class="check" name="shown" label={t.shown} type="checkbox" checked={product.status !== "hidden"} />
        <Submit class="quiet">{t.save}</Submit>
      </Form>
      <Act
        class="plain"
        label={`${t.away}: ${product.item_name}`}
        run={async () => {
          await ok(enishi.api.DELETE("/api/products/{item_id}", { params }));
          await changed();
        }}
      >
        {t.away}
      </Act>
    </details>
  );
}

function Sales() {
  const t = useTexts(market);
  const sales = useLoad(() => ok(enishi.api.GET("/api/sales", { params: { query: { limit: 50 } } })));
  return (
    <section class="stack">
      <h2>{t.sales}</h2>
      <Show of={sales}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">{t.noSales}</p>
          ) : (
            <ul class="list card">
              {all.map((sale) => (
                <li key={sale.transaction_id}>
                  <a href={`/sales/${sale.transaction_id}`}>
                    {time(sale.created_at, t.lang)} · {sale.lines.map((line) => line.item_name).join(", ")}
                  </a>
                  <span>{yen(sale.items_amount, t.lang)}</span>
                  <Status of={sale.status} />
                </li>
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

/** `/sales/{transaction_id}`: what a letter to the maker leads to. */
export function Sale() {
  const t = useTexts(market);
  return (
    <Page title={t.sale} lang={t.lang} mark="市" guarded>
      <One />
    </Page>
  );
}

function One() {
  const t = useTexts(market);
  const transaction_id = useRoute().params["id"] ?? "";
  const sale = useLoad(async () => {
    for (let cursor: string | undefined; ; ) {
      const query = { limit: 50, ...(cursor && { cursor }) };
      const { data, response } = await whole(enishi.api.GET("/api/sales", { params: { query } }));
      const found = data.find((one) => one.transaction_id === transaction_id);
      if (found) return found;
      cursor = nextCursor(response);
      if (!cursor) throw new ApiError(404, "not_found", "there is no such sale");
    }
  }, [transaction_id]);
  const ship = async ({ ship_id = "", carrier }: Record<string, string>) => {
    const params = { path: { transaction_id } };
    const body = { ship_id, ...(carrier && { carrier }) };
    sale.set(await ok(enishi.api.POST("/api/sales/{transaction_id}/ship", { params, body })));
  };
  return (
    <Show of={sale}>
      {(found) => (
        <section class="card">
          <div class="row apart">
            <p class="big">{yen(found.items_amount + found.shipping_fee, t.lang)}</p>
            <Status of={found.status} />
          </div>
          <ul class="list">
            {found.lines.map((line) => (
              <li key={line.item_id}>
                <span>
                  {line.item_name} × {line.quantity}
                </span>
                <span>{yen(line.price * line.quantity, t.lang)}</span>
              </li>
            ))}
          </ul>
          {found.destination && (
            <>
              <h2>{t.shipTo}</h2>
              <address>
                {found.destination.name}
                <br />〒{found.destination.zip_code} {found.destination.address}
                <br />
                {found.destination.phone_number}
              </address>
            </>
          )}
          {found.ship_id && (
            <p>
              {t.track}: {found.carrier} {found.ship_id}
            </p>
          )}
          {found.status === "Paid" && (
            <Form class="inline" submit={ship} label={t.ship}>
              <Field name="carrier" label={t.carrier} />
              <Field name="ship_id" label={t.track} />
              <Submit>{t.ship}</Submit>
            </Form>
          )}
          {found.reported_at && <p class="trouble">{t.saleReported}</p>}
          {["Paid", "Shipped", "Complete"].includes(found.status) && (
            <details>
              <summary>{t.refund}</summary>
              <div class="stack">
                <p class="small">{t.refundLede}</p>
                <Act
                  class="quiet"
                  run={async () => {
                    const params = { path: { transaction_id } };
                    sale.set(await ok(enishi.api.POST("/api/sales/{transaction_id}/refund", { params })));
                  }}
                >
                  {t.refundSure}
                </Act>
              </div>
            </details>
          )}
          <p>
            <a href="/maker">{t.backToMaker}</a>
          </p>
        </section>
      )}
    </Show>
  );
}

/** `/maker/onboarding`: Stripe's link was too old, so here is the next one. */
export function Onboarding() {
  const t = useTexts(market);
  return (
    <Page title={t.maker} lang={t.lang} mark="市" guarded>
      <Onward />
    </Page>
  );
}

function Onward() {
  const t = useTexts(market);
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    toStripe().catch((thrown) => setError(ApiError.from(thrown)));
  }, []);
  return (
    <>
      {error ? <Trouble error={error} /> : <p role="status">{t.onboarding}</p>}
      <p>
        <a href="/maker">{t.backToMaker}</a>
      </p>
    </>
  );
}
