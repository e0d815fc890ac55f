// `/licenses`: seats of an organisation. Stripe's pages lead back here.
import { type components, ok } from "@enishi/client";
import { enishi, useUser } from "../app";
import { time, useTexts, yen } from "../i18n";
import { orgs } from "../texts/orgs";
import { Act, Field, Form, leave, Page, Show, Submit, useAgain, useLoad } from "../ui";
import { Gate } from "./gate";
import { instant, member } from "./orgs";

type License = components["schemas"]["License"];

export function Licenses() {
  const t = useTexts(orgs);
  const user = useUser();
  return (
    <Page title={t.licences} lang={t.lang} mark="組">
      {user ? <Own key={user} /> : <Gate session done={() => undefined} />}
      <p>
        <a href="/orgs">{t.back}</a>
      </p>
    </Page>
  );
}

function Own() {
  const t = useTexts(orgs);
  const me = useLoad(member);
  const licenses = useLoad(() => ok(enishi.api.GET("/v1/service/licenses")));
  const payments = useLoad(() => ok(enishi.api.GET("/v1/service/payments", { params: { query: { limit: 50 } } })));
  const license = licenses.data?.licenses[0];
  const bought = license && ["active", "past_due", "unpaid"].includes(license.status);
  // Stripe tells of a payment moments after it has led back here.
  useAgain(licenses.reload, licenses.data !== undefined && !bought, 3_000, 20);
  useAgain(payments.reload, licenses.data !== undefined && !bought, 3_000, 20);
  return (
    <div class="columns">
      <section class="card">
        <h2>{t.licence}</h2>
        <Show of={licenses}>{() => (license && bought ? <Bought license={license} changed={licenses.reload} /> : <p>{t.none}</p>)}</Show>
        {me.data?.role === "admin" && !bought && <Buy />}
        {me.data?.role === "member" && <p class="small">{t.onlyAdmins}</p>}
      </section>
      <section class="card">
        <h2>{t.payments}</h2>
        <Show of={payments}>
          {({ payments: all }) =>
            all.length === 0 ? (
              <p class="small">{t.noPayments}</p>
            ) : (
              <ul class="list">
                {all.map((payment) => (
                  <li key={payment.id}>
                    <span>{time(instant(payment.created_at), t.lang)}</span>
                    <span>{yen(payment.amount, t.lang)}</span>
                    <span class={payment.status === "paid" ? "chip on" : "chip"}>{payment.status}</span>
                  </li>
                ))}
              </ul>
            )
          }
        </Show>
      </section>
    </div>
  );
}

function Buy() {
  const t = useTexts(orgs);
  const submit = async ({ plan_id = "", quantity = "" }: Record<string, string>) => {
    const body = { plan_id: Number(plan_id), quantity: Number(quantity) };
    await leave((await ok(enishi.api.POST("/v1/service/licenses", { body }))).checkout_url);
  };
  return (
    <Form submit={submit} label={t.buy}>
      <div class="two">
        <Field name="quantity" label={t.quantity} type="number" min={1} value={5} />
        <Field name="plan_id" label={t.plan} type="number" min={1} value={1} />
      </div>
      <Submit>{t.buy}</Submit>
      <p class="small">{t.buyHint}</p>
    </Form>
  );
}

function Bought({ license, changed }: { license: License; changed: () => Promise<void> }) {
  const t = useTexts(orgs);
  const submit = async ({ quantity = "" }: Record<string, string>) => {
    const params = { path: { license_id: license.id } };
    await ok(enishi.api.PUT("/v1/service/licenses/{license_id}", { params, body: { quantity: Number(quantity) } }));
    await changed();
  };
  return (
    <>
      <dl class="pairs">
        <dt>{t.quantity}</dt>
        <dd>{license.quantity}</dd>
        <dt>{t.licence}</dt>
        <dd>
          <span class={license.status === "active" ? "chip on" : "chip red"}>{t.status[license.status]}</span>
        </dd>
        {license.current_period_end && (
          <>
            <dt>{t.ends}</dt>
            <dd>{time(instant(license.current_period_end), t.lang)}</dd>
          </>
        )}
      </dl>
      <Form class="inline" submit={submit} label={t.change}>
        <Field name="quantity" label={t.quantity} type="number" min={1} value={license.quantity} />
        <Submit class="quiet">{t.change}</Submit>
      </Form>
      <Act class="plain" run={async () => leave((await ok(enishi.api.POST("/v1/service/portal"))).url)}>
        {t.portal}
      </Act>
    </>
  );
}
