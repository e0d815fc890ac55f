// Saju: register, the day's recommendations, requests both ways.
import { type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { useTexts } from "../i18n";
import { saju } from "../texts/saju";
import { Act, Area, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";

type Schemas = components["schemas"];

export function Saju() {
  const t = useTexts(saju);
  return (
    <Page title={t.title} lang={t.lang} lede={t.lede} mark="柱" guarded>
      <Own />
    </Page>
  );
}

function Own() {
  const user = useUser();
  const me = useLoad(() => ok(enishi.api.GET("/api/users/me")), [user]);
  // Whoever has an account has something there; a birth alone makes a profile of saju's.
  return <Show of={me}>{(profile) => (profile.birth_date ? <Day /> : <Register done={me.reload} />)}</Show>;
}

function Register({ done }: { done: () => Promise<void> }) {
  const t = useTexts(saju);
  const submit = async (values: Record<string, string>) => {
    const { name = "", birth_date = "", gender, birth_time, location, bio } = values;
    // The account is the caller's own, so the password is not looked at.
    const password = crypto.randomUUID();
    const body = { name, birth_date, gender: gender as Schemas["Gender"], email: enishi.session.email, password };
    await ok(enishi.api.POST("/api/users/register", { body }));
    const more = { ...(birth_time && { birth_time }), ...(location && { location }), ...(bio && { bio }) };
    if (Object.keys(more).length > 0) await ok(enishi.api.PUT("/api/users/me", { body: more }));
    await done();
  };
  return (
    <section class="card narrow">
      <h2>{t.register}</h2>
      <p class="small">{t.registerLede}</p>
      <Form submit={submit} label={t.register}>
        <Field name="name" label={t.name} value={enishi.session.name} autocomplete="nickname" />
        <Field name="birth_date" label={t.birthDate} type="date" autocomplete="bday" />
        <Field name="birth_time" label={t.birthTime} type="time" />
        <Select name="gender" label={t.gender} options={Object.entries(t.genders)} />
        <Field name="location" label={t.location} maxLength={255} />
        <Area name="bio" label={t.bio} maxLength={2000} />
        <Submit>{t.begin}</Submit>
      </Form>
    </section>
  );
}

function Day() {
  const t = useTexts(saju);
  const fortune = useLoad(() => ok(enishi.api.GET("/api/fortune/today")));
  const list = useLoad(() => ok(enishi.api.GET("/api/matches/recommendations")));
  const matches = useLoad(() => ok(enishi.api.GET("/api/matches", { params: { query: { limit: 50 } } })));
  return (
    <>
      <Show of={fortune}>
        {(today) => (
          <section class="card">
            <div class="row apart">
              <h2>{t.fortune}</h2>
              <span class="chip red" lang="ko">
                {today.day_pillar} · {today.ten_god.name}
              </span>
            </div>
            <p class="fortune" lang="ko">
              {today.text}
            </p>
          </section>
        )}
      </Show>
      <section class="stack">
        <h2>{t.matches}</h2>
        <Show of={matches}>
          {(all) =>
            all.length === 0 ? (
              <p class="empty">{t.matchesEmpty}</p>
            ) : (
              <ul class="list card">
                {all.map((match) => (
                  <Request key={match.match_id} match={match} changed={matches.reload} />
                ))}
              </ul>
            )
          }
        </Show>
      </section>
      <section class="stack">
        <h2>{t.today}</h2>
        <Show of={list}>
          {(people) =>
            people.length === 0 ? (
              <p class="empty">{t.todayEmpty}</p>
            ) : (
              <ul class="cards">
                {people.map((person) => (
                  <Suggested key={person.user_id} person={person} changed={matches.reload} />
                ))}
              </ul>
            )
          }
        </Show>
      </section>
    </>
  );
}

function Suggested({ person, changed }: { person: Schemas["Recommendation"]; changed: () => Promise<void> }) {
  const t = useTexts(saju);
  const [asked, setAsked] = useState(false);
  return (
    <li class="card">
      <div class="row apart">
        <div>
          <h3>{person.name}</h3>
          <p class="small">
            {t.age(person.age)}
            {person.location && ` · ${person.location}`}
          </p>
        </div>
        <p class="score">
          {person.compatibility_score} <span class="small">{t.points}</span>
        </p>
      </div>
      {person.bio && <p>{person.bio}</p>}
      <details>
        <summary>{t.why}</summary>
        <ul class="parts-of" lang="ko">
          {person.breakdown.map((part) => (
            <li key={part.name}>
              <span class="row apart small">
                <strong>{part.label}</strong>
                <span>
                  {part.points}/{part.max}
                </span>
              </span>
              <meter min={0} max={part.max} value={part.points} aria-label={part.label} />
              <span class="small">{part.reason}</span>
            </li>
          ))}
        </ul>
      </details>
      {asked ? (
        <p role="status">
          <span class="chip on">{t.asked}</span>
        </p>
      ) : (
        <Act
          label={`${t.ask}: ${person.name}`}
          run={async () => {
            await ok(enishi.api.POST("/api/matches/request", { body: { receiver_id: person.user_id } }));
            setAsked(true);
            await changed();
          }}
        >
          {t.ask}
        </Act>
      )}
    </li>
  );
}

function Request({ match, changed }: { match: Schemas["Match"]; changed: () => Promise<void> }) {
  const t = useTexts(saju);
  const name = match.partner.name ?? t.somebody;
  const params = { path: { match_id: match.match_id } };
  const then = (answer: Promise<unknown>) => answer.then(changed);
  return (
    <li>
      <span>
        <strong>{name}</strong> <span class="small">{match.compatibility_score}{t.points}</span>
      </span>
      {match.status === "requested" && match.direction === "received" && (
        <>
          <span>{t.received}</span>
          <Act run={() => then(ok(enishi.api.POST("/api/matches/{match_id}/accept", { params })))}>{t.accept}</Act>
          <Act class="quiet" run={() => then(ok(enishi.api.POST("/api/matches/{match_id}/decline", { params })))}>
            {t.decline}
          </Act>
        </>
      )}
      {match.status === "requested" && match.direction === "sent" && (
        <>
          <span class="chip">{t.sent}</span>
          <Act class="plain" run={() => then(ok(enishi.api.POST("/api/matches/{match_id}/cancel", { params })))}>
            {t.cancel}
          </Act>
        </>
      )}
      {match.status === "declined" && <span class="chip">{t.declined}</span>}
      {match.status === "matched" && match.chat_id && (
        <>
          <span class="chip on">{t.matched}</span>
          <a class="button" href={`/saju/chats/${match.chat_id}`}>
            {t.open}
          </a>
        </>
      )}
    </li>
  );
}
