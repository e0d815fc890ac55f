// A maker with their seller's notice, and what one likes.
import { ok } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { enishi, useUser } from "../app";
import { useTexts, yen } from "../i18n";
import { market } from "../texts/market";
import { Act, Page, Show, useLoad } from "../ui";
import { Picture } from "./market";

/** `/market/makers/{maker_id}`: who sells, as the law wants it to be said. */
export function Shop() {
  const t = useTexts(market);
  const maker_id = useRoute().params["id"] ?? "";
  const maker = useLoad(() => ok(enishi.api.GET("/api/makers/{maker_id}", { params: { path: { maker_id } } })), [maker_id]);
  return (
    <Page title={maker.data?.maker_name ?? t.makerOf} lang={t.lang} mark="市">
      <Show of={maker}>
        {({ description, shipping_fee, notice }) => (
          <>
            {description && <p class="said">{description}</p>}
            <p>
              {t.sending}: {yen(shipping_fee, t.lang)}
            </p>
            {notice && (
              <section class="card">
                <h2>{t.notice}</h2>
                <dl class="pairs">
                  <dt>{t.seller}</dt>
                  <dd>{notice.seller}</dd>
                  <dt>{t.representative}</dt>
                  <dd>{notice.representative}</dd>
                  <dt>{t.street}</dt>
                  <dd>{notice.address}</dd>
                  <dt>{t.phone}</dt>
                  <dd>{notice.phone_number}</dd>
                  <dt>{t.delivery}</dt>
                  <dd>{notice.delivery}</dd>
                  <dt>{t.returns}</dt>
                  <dd>{notice.returns}</dd>
                </dl>
              </section>
            )}
          </>
        )}
      </Show>
      <p>
        <a href="/market">{t.browse}</a>
      </p>
    </Page>
  );
}

/** `/market/favourites` */
export function Favourites() {
  const t = useTexts(market);
  return (
    <Page title={t.liked} lang={t.lang} mark="市" guarded>
      <Liked />
      <p>
        <a href="/market">{t.browse}</a>
      </p>
    </Page>
  );
}

/** So many are shown: each is asked for by itself. */
const SHOWN = 48;

function Liked() {
  const t = useTexts(market);
  const user = useUser();
  const liked = useLoad(async () => {
    const { items = [] } = await ok(enishi.api.GET("/api/favourites"));
    const found = items.slice(0, SHOWN).map((item_id) => enishi.api.GET("/api/item/{item_id}", { params: { path: { item_id } } }));
    // What is not sold any more is not shown.
    return (await Promise.all(found)).flatMap(({ data }) => (data ? [data] : []));
  }, [user]);
  return (
    <Show of={liked}>
      {(items) =>
        items.length === 0 ? (
          <p class="empty">{t.likedNone}</p>
        ) : (
          <ul class="goods">
            {items.map((item) => (
              <li key={item.item_id} class="good-item">
                <Picture url={item.image} name={item.item_name} />
                <h2 class="item-name">
                  <a href={`/market/items/${item.item_id}`}>{item.item_name}</a>
                </h2>
                <p>{yen(item.price, t.lang)}</p>
              </li>
            ))}
          </ul>
        )
      }
    </Show>
  );
}

/** Whether one likes a thing, and the way to say so. */
export function Like({ item_id }: { item_id: string }) {
  const t = useTexts(market);
  const user = useUser();
  const liked = useLoad(async () => (user ? ((await ok(enishi.api.GET("/api/favourites"))).items ?? []) : []), [user]);
  if (!user || !liked.data) return null;
  const likes = liked.data.includes(item_id);
  const change = async () => {
    await (likes
      ? ok(enishi.api.DELETE("/api/favourites", { params: { query: { item_id } } }))
      : ok(enishi.api.POST("/api/favourites", { body: { item_id } })));
    await liked.reload();
  };
  return (
    <Act class="quiet" run={change}>
      {likes ? t.unlike : t.like}
    </Act>
  );
}
