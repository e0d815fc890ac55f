// A student looks for somebody to visit, and asks.
import { type components, ok } from "@enishi/client";
import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import { enishi } from "../app";
import { time, useTexts } from "../i18n";
import { JOBS } from "../jobs";
import { visits } from "../texts/visits";
import { Area, Form, Select, Show, Submit, useLoad } from "../ui";

type Schemas = components["schemas"];
const LENGTHS = [15, 30, 45, 60, 90, 120];
const DAY = 86_400_000;

export function Search() {
  const t = useTexts(visits);
  const [asked, setAsked] = useState<{ job?: Schemas["Job"]; company_id?: string }>({});
  const companies = useLoad(() => ok(enishi.api.GET("/api/companies", { params: { query: { limit: 100 } } })));
  const found = useLoad(
    () => ok(enishi.api.GET("/api/users", { params: { query: { limit: 50, ...asked } } })),
    [JSON.stringify(asked)],
  );
  const choices = (companies.data ?? []).map(({ id, name }) => [id, name] as const);
  return (
    <section class="stack">
      <h2>{t.look}</h2>
      <Form
        class="inline"
        label={t.look}
        submit={async ({ job, company_id }) =>
          setAsked({ ...(job && { job: job as Schemas["Job"] }), ...(company_id && { company_id }) })
        }
      >
        <Select name="company_id" label={t.employer} options={[["", "–"], ...choices]} />
        <Select name="job" label={t.job} options={[["", t.anyJob], ...JOBS.map((job) => [job, job] as const)]} />
        <Submit>{t.search}</Submit>
      </Form>
      <Show of={found}>
        {(people) =>
          people.length === 0 ? (
            <p class="empty" role="status">
              {t.nobody}
            </p>
          ) : (
            <ul class="cards">
              {people.map((person) => (
                <Found key={person.speaker_id} person={person} />
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

function Found({ person }: { person: Schemas["Speaker"] }) {
  const t = useTexts(visits);
  const [asking, setAsking] = useState(false);
  const more = [person.job, person.department, person.position].filter(Boolean).join(" · ");
  return (
    <li class="card">
      <div>
        <h3>{person.company}</h3>
        <p class="small">{more}</p>
      </div>
      {person.comment && <p>{person.comment}</p>}
      {asking ? (
        <Ask speaker_id={person.speaker_id} />
      ) : (
        <p>
          <button type="button" aria-label={`${t.ask}: ${person.company}`} onClick={() => setAsking(true)}>
            {t.ask}
          </button>
        </p>
      )}
    </li>
  );
}

function Ask({ speaker_id }: { speaker_id: string }) {
  const t = useTexts(visits);
  const { route } = useLocation();
  const [length, setLength] = useState(30);
  const slots = useLoad(() => {
    const now = enishi.session.now();
    const query = {
      from: new Date(now).toISOString(),
      to: new Date(now + 14 * DAY).toISOString(),
      meeting_length: length,
    };
    return ok(enishi.api.GET("/api/users/{speaker_id}/slots", { params: { path: { speaker_id }, query } }));
  }, [speaker_id, length]);
  const submit = async ({ message = "", date }: Record<string, string>) => {
    const body = { speaker_id, message, meeting_length: length, ...(date && { date }) };
    const made = await ok(enishi.api.POST("/api/matching", { body }));
    route(`/meetings/${made.id}`);
  };
  return (
    <Form submit={submit}>
      <Select
        name="meeting_length"
        label={t.length}
        value={String(length)}
        onChange={(value) => setLength(Number(value))}
        options={LENGTHS.map((minutes) => [String(minutes), t.minutes(minutes)] as const)}
      />
      <Show of={slots}>
        {({ starts }) => (
          <>
            <Select
              name="date"
              label={t.when}
              options={[
                ...starts.slice(0, 200).map((start) => [start, time(start, t.lang)] as const),
                ["", t.openTime] as const,
              ]}
            />
            {starts.length === 0 && <p class="hint">{t.noTimes}</p>}
          </>
        )}
      </Show>
      <Area name="message" label={t.message} hint={t.commentHint} maxLength={2000} />
      <Submit>{t.request}</Submit>
    </Form>
  );
}
