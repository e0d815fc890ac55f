// The market: look around, look closely, into the cart.
import { type components, nextCursor, ok, whole } from "@enishi/client";
import { useLocation, useRoute } from "preact-iso/router";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { useTexts, yen } from "../i18n";
import { common } from "../texts/common";
import { market } from "../texts/market";
import { Act, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";
import { LogIn } from "./login";
import { Like } from "./shop";

type Preview = components["schemas"]["ItemPreview"];
type Sort = "newest" | "price" | "-price";

export function Market() {
  const t = useTexts(market);
  const [asked, setAsked] = useState<{ keyword?: string; sort: Sort }>({ sort: "newest" });
  return (
    <Page title={t.title} lang={t.lang} lede={t.lede} mark="市">
      <Form
        class="inline"
        submit={async ({ keyword, sort }) => setAsked({ sort: (sort as Sort | undefined) ?? "newest", ...(keyword && { keyword }) })}
      >
        <Field name="keyword" label={t.search} type="search" />
        <Select name="sort" label={t.sort} options={Object.entries(t.sorts)} />
        <Submit>{t.search}</Submit>
      </Form>
      <Goods key={JSON.stringify(asked)} asked={asked} />
      <p class="row">
        <a href="/cart">{t.cart}</a>
        <a href="/transactions">{t.orders}</a>
        <a href="/market/favourites">{t.liked}</a>
        <a href="/maker">{t.sell}</a>
      </p>
    </Page>
  );
}

function Goods({ asked }: { asked: { keyword?: string; sort: Sort } }) {
  const t = useTexts(market);
  const frame = useTexts(common);
  const [more, setMore] = useState<Preview[]>([]);
  const [cursor, setCursor] = useState<string>();
  const ask = async (from?: string) => {
    const sort = asked.sort === "newest" ? {} : { sort: asked.sort };
    const query = { limit: 24, ...sort, ...(asked.keyword && { keyword: asked.keyword }), ...(from && { cursor: from }) };
    const { data, response } = await whole(enishi.api.GET("/api/item", { params: { query } }));
    setCursor(nextCursor(response));
    return data;
  };
  const first = useLoad(() => ask());
  return (
    <Show of={first}>
      {(goods) => (
        <>
          <p class="small" role="status">
            {goods.length === 0 ? t.nothing : t.found(goods.length + more.length)}
          </p>
          <ul class="goods">
            {[...goods, ...more].map((item) => (
              <li key={item.item_id} class="good-item">
                <Picture url={item.image} name={item.item_name} />
                <h2 class="item-name">
                  <a href={`/market/items/${item.item_id}`}>{item.item_name}</a>
                </h2>
                <p class="small">{item.maker.maker_name}</p>
                <p>
                  {yen(item.price, t.lang)} {!item.available && <span class="chip">{t.soldOut}</span>}
                </p>
              </li>
            ))}
          </ul>
          {cursor && (
            <Act class="quiet" run={async () => setMore([...more, ...(await ask(cursor))])}>
              {frame.more}
            </Act>
          )}
        </>
      )}
    </Show>
  );
}

/** A thing's picture; without one, the first sign of its name. */
export function Picture({ url, name }: { url: string | null; name: string }) {
  return (
    <div class="picture">
      {url ? <img src={url} alt="" loading="lazy" /> : <span aria-hidden="true">{[...name][0]}</span>}
    </div>
  );
}

export function Item() {
  const t = useTexts(market);
  const item_id = useRoute().params["id"] ?? "";
  const item = useLoad(() => ok(enishi.api.GET("/api/item/{item_id}", { params: { path: { item_id } } })), [item_id]);
  return (
    <Page title={item.data?.item_name ?? t.title} lang={t.lang} mark="市">
      <Show of={item}>
        {(found) => (
          <div class="item">
            <Picture url={found.images[0]?.url ?? found.image} name={found.item_name} />
            <div class="stack">
              <p class="big">{yen(found.price, t.lang)}</p>
              <p class="small">
                {t.by} <a href={`/market/makers/${found.maker.maker_id}`}>{found.maker.maker_name}</a> · {t.sending} {yen(found.shipping_fee, t.lang)}
              </p>
              {found.description && <p>{found.description}</p>}
              {found.available ? <IntoCart item_id={found.item_id} /> : <span class="chip">{t.soldOut}</span>}
              <Like item_id={found.item_id} />
            </div>
          </div>
        )}
      </Show>
      <p>
        <a href="/market">{t.browse}</a>
      </p>
    </Page>
  );
}

function IntoCart({ item_id }: { item_id: string }) {
  const t = useTexts(market);
  const user = useUser();
  const { route } = useLocation();
  if (!user) return <LogIn />;
  const submit = async ({ quantity = "1" }: Record<string, string>) => {
    await ok(enishi.api.POST("/api/cart", { body: { item_id, quantity: Number(quantity) } }));
    route("/cart");
  };
  return (
    <Form submit={submit} label={t.add} done={t.added}>
      <Field class="quantity" name="quantity" label={t.quantity} type="number" min={1} max={99} value={1} />
      <Submit>{t.add}</Submit>
    </Form>
  );
}
