// `/market/review`: an operator sees to what is the matter with orders.
import { type components, ok } from "@enishi/client";
import { enishi, useUser } from "../app";
import { time, useTexts, yen } from "../i18n";
import { market } from "../texts/market";
import { Area, Form, Page, Select, Show, Submit, useLoad } from "../ui";

type Trouble = components["schemas"]["OrderTrouble"];

export function MarketReview() {
  const t = useTexts(market);
  return (
    <Page title={t.review} lang={t.lang} lede={t.reviewLede} mark="市" guarded>
      <Queue />
    </Page>
  );
}

function Queue() {
  const t = useTexts(market);
  const user = useUser();
  const waiting = useLoad(() => ok(enishi.api.GET("/api/operator/reports", { params: { query: { limit: 20 } } })), [user]);
  return (
    <Show of={waiting}>
      {(all) =>
        all.length === 0 ? (
          <p class="empty">{t.reviewEmpty}</p>
        ) : (
          <ul class="cards">
            {all.map((one) => (
              <Waiting key={`${one.transaction_id} ${one.kind} ${one.maker_id}`} one={one} done={waiting.reload} />
            ))}
          </ul>
        )
      }
    </Show>
  );
}

function Waiting({ one, done }: { one: Trouble; done: () => Promise<void> }) {
  const t = useTexts(market);
  const { transaction_id, maker_id } = one;
  const decide = async ({ decision, reason = "" }: Record<string, string>) => {
    if (decision === "dismiss" && maker_id) {
      await ok(enishi.api.PUT("/api/operator/reports", { body: { transaction_id, maker_id, reason } }));
    } else {
      const params = { path: { transaction_id } };
      const body = { reason, ...(maker_id && { maker_id }) };
      await ok(enishi.api.POST("/api/operator/transactions/{transaction_id}/refund", { params, body }));
    }
    await done();
  };
  const decisions = Object.entries(t.decisions).filter(([decision]) => decision !== "dismiss" || one.kind === "report");
  return (
    <li class="card">
      <div class="row apart">
        <h2>{t.troubles[one.kind]}</h2>
        <span>{yen(one.amount, t.lang)}</span>
      </div>
      <p class="small">
        {time(one.created_at, t.lang)}
        <br />
        {transaction_id}
      </p>
      {one.reason && <p class="said">{one.reason}</p>}
      {/* What the customer's bank is to decide, and what a maker owes, come to their ends by themselves. */}
      {(one.kind === "report" || one.kind === "refund_failed") && (
        <Form submit={decide} label={t.troubles[one.kind]}>
          <Select name="decision" label={t.decision} options={decisions} />
          <Area name="reason" label={t.decisionReason} maxLength={500} />
          <Submit>{t.decide}</Submit>
        </Form>
      )}
    </li>
  );
}
