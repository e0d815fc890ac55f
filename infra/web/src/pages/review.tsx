// An operator looks at documents, one person at a time.
import { type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { time, useTexts } from "../i18n";
import { visits } from "../texts/visits";
import { Act, Field, Form, Page, Show, Submit, useLoad } from "../ui";

type Schemas = components["schemas"];

export function Review() {
  const t = useTexts(visits);
  return (
    <Page title={t.review} lang={t.lang} lede={t.reviewLede} mark="訪" guarded>
      <Queue />
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
