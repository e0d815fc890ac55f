// An operator looks at documents, one person at a time.
import { type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { time, useTexts } from "../i18n";
import { visits } from "../texts/visits";
import { Act, Area, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";

type Schemas = components["schemas"];

export function Review() {
  const t = useTexts(visits);
  return (
    <Page title={t.review} lang={t.lang} lede={t.reviewLede} mark="訪" guarded>
      <Queue />
      <Reports />
    </Page>
  );
}

function Queue() {
  const t = useTexts(visits);
  const user = useUser();
  const waiting = useLoad(
    () => ok(enishi.api.GET("/api/operator/certificates", { params: { query: { limit: 20 } } })),
    [user],
  );
  return (
    <Show of={waiting}>
      {(all) =>
        all.length === 0 ? (
          <p class="empty">{t.queueEmpty}</p>
        ) : (
          <ul class="cards">
            {all.map((one) => (
              <Waiting key={one.user_id} one={one} done={waiting.reload} />
            ))}
          </ul>
        )
      }
    </Show>
  );
}

function Waiting({ one, done }: { one: Schemas["WaitingReview"]; done: () => Promise<void> }) {
  const t = useTexts(visits);
  const [links, setLinks] = useState<Schemas["CertificateLinks"]>();
  const params = { path: { user_id: one.user_id } };
  const decide = async (body: Schemas["DecideCertificateRequest"]) => {
    await ok(enishi.api.PUT("/api/operator/certificates/{user_id}", { params, body }));
    await done();
  };
  return (
    <li class="card">
      <div>
        <h2>{one.name}</h2>
        <p class="small">{time(one.submitted_at, t.lang)}</p>
      </div>
      {links ? (
        <p class="row">
          <a href={links.type_card} target="_blank" rel="noreferrer">
            {t.typeCard}
          </a>
          <a href={links.identity_card} target="_blank" rel="noreferrer">
            {t.identityCard}
          </a>
        </p>
      ) : (
        <Act
          class="quiet"
          run={async () => setLinks(await ok(enishi.api.POST("/api/operator/certificates/{user_id}/view", { params })))}
        >
          {t.show}
        </Act>
      )}
      <Act run={() => decide({ decision: "approve" })}>{t.approve}</Act>
      <Form submit={({ reason }) => decide({ decision: "reject", ...(reason && { reason }) })}>
        <Field name="reason" label={t.reason} maxLength={500} />
        <Submit class="quiet">{t.reject}</Submit>
      </Form>
    </li>
  );
}

/** What people report of each other. */
function Reports() {
  const t = useTexts(visits);
  const user = useUser();
  const waiting = useLoad(
    async () => (user ? ok(enishi.api.GET("/api/visits/operator/reports", { params: { query: { limit: 20 } } })) : []),
    [user],
  );
  const decide = async (report_id: string, { decision = "dismiss", reason = "" }: Record<string, string>) => {
    const body = { report_id, reason, decision: decision as Schemas["ReportDecision"] };
    await ok(enishi.api.PUT("/api/visits/operator/reports", { body }));
    await waiting.reload();
  };
  return (
    <section class="stack">
      <h2>{t.reports}</h2>
      <Show of={waiting}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">{t.queueEmpty}</p>
          ) : (
            <ul class="cards">
              {all.map((report) => (
                <li key={report.report_id} class="card">
                  <p class="small">
                    {time(report.created_at, t.lang)} · {t.parties[report.reported]}
                  </p>
                  <p class="said">{report.reason}</p>
                  {report.message && <blockquote class="said">{report.message}</blockquote>}
                  <Form submit={(values) => decide(report.report_id, values)} label={t.reports}>
                    <Select name="decision" label={t.decision} options={Object.entries(t.decisions)} />
                    <Area name="reason" label={t.reason} maxLength={500} />
                    <Submit>{t.decide}</Submit>
                  </Form>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}
