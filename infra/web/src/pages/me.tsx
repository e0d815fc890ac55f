// One's account: what we know, what was paid, the way out.
import { ok } from "@enishi/client";
import { useLocation } from "preact-iso/router";
import { enishi, useUser } from "../app";
import { time, useTexts, yen } from "../i18n";
import { common } from "../texts/common";
import { me } from "../texts/me";
import { Act, Page, Show, useLoad } from "../ui";

export function Account() {
  const t = useTexts(me);
  return (
    <Page title={t.title} lang={t.lang} guarded>
      <Own />
    </Page>
  );
}

function Own() {
  const t = useTexts(me);
  const frame = useTexts(common);
  const user = useUser();
  const { route } = useLocation();
  const account = useLoad(() => ok(enishi.api.GET("/api/user")), [user]);
  const payments = useLoad(() => ok(enishi.api.GET("/api/payments", { params: { query: { limit: 20 } } })), [user]);
  return (
    <>
      <section class="card">
        <Show of={account}>
          {(known) => (
            <dl class="pairs">
              <dt>{t.email}</dt>
              <dd>
                {known.email}{" "}
                <span class={known.is_email_verified ? "chip on" : "small"}>
                  {known.is_email_verified ? t.verified : t.unverified}
                </span>
              </dd>
              <dt>{t.name}</dt>
              <dd>{enishi.session.name}</dd>
            </dl>
          )}
        </Show>
        <p>
          <a href="/forgot-password">{t.password}</a>
        </p>
        {enishi.session.isOperator && (
          <p>
            {t.operator} <a href="/visits/review">{t.review}</a> · <a href="/market/review">{t.orders}</a>
          </p>
        )}
        <Act
          class="quiet"
          run={async () => {
            await enishi.session.end();
            route("/");
          }}
        >
          {frame.logOut}
        </Act>
      </section>
      <section class="stack">
        <h2>{t.payments}</h2>
        <Show of={payments}>
          {(all) =>
            all.length === 0 ? (
              <p class="empty">{t.noPayments}</p>
            ) : (
              <ul class="list">
                {all.map((payment) => (
                  <li key={payment.id}>
                    <span>{time(payment.created_at, t.lang)}</span>
                    <span>{yen(payment.amount, t.lang)}</span>
                    <span class="chip">{payment.state}</span>
                  </li>
                ))}
              </ul>
            )
          }
        </Show>
      </section>
      <details>
        <summary>{t.close}</summary>
        <div class="card narrow">
          <p>{t.closeLede}</p>
          <Act
            run={async () => {
              await ok(enishi.api.DELETE("/api/users/me"));
              enishi.session.forget();
              route("/");
            }}
          >
            {t.closeSure}
          </Act>
        </div>
      </details>
    </>
  );
}
