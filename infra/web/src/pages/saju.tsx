// Saju: register, the day's recommendations, requests both ways.
import { type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { useTexts } from "../i18n";
import { saju } from "../texts/saju";
import { Area, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";
import { Answers, Ask, Face, Why } from "./pair";

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
  return <Show of={me}>{(profile) => (profile.birth_date ? <Day me={profile} /> : <Register done={me.reload} />)}</Show>;
}

function Register({ done }: { done: () => Promise<void> }) {
  const t = useTexts(saju);
  const [calendar, setCalendar] = useState<Schemas["Calendar"]>("solar");
  const submit = async (values: Record<string, string>) => {
    const { name = "", birth_date = "", gender, leap_month, birth_time, location, bio } = values;
    const body = {
      name,
      birth_date,
      gender: gender as Schemas["Gender"],
      ...(calendar === "lunar" && { calendar, leap_month: leap_month === "on" }),
      email: enishi.session.email,
      // The account is the caller's own, so the password is not looked at.
      password: crypto.randomUUID(),
    };
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
        <Select
          name="calendar"
          label={t.calendar}
          value={calendar}
          onChange={(value) => setCalendar(value as Schemas["Calendar"])}
          options={Object.entries(t.calendars)}
        />
        {calendar === "solar" ? (
          <Field key="solar" name="birth_date" label={t.birthDate} type="date" autocomplete="bday" />
        ) : (
          <>
            {/* A lunar 30 February is a date. */}
            <Field key="lunar" name="birth_date" label={t.birthDate} hint={t.lunarHint} maxLength={10} />
            <Field class="check" name="leap_month" label={t.leapMonth} type="checkbox" />
          </>
        )}
        <Field name="birth_time" label={t.birthTime} type="time" />
        <Select name="gender" label={t.gender} options={Object.entries(t.genders)} />
        <Field name="location" label={t.location} maxLength={255} />
        <Area name="bio" label={t.bio} maxLength={2000} />
        <Submit>{t.begin}</Submit>
      </Form>
    </section>
  );
}

function Day({ me }: { me: Schemas["Me"] }) {
  const t = useTexts(saju);
  const fortune = useLoad(() => ok(enishi.api.GET("/api/fortune/today")));
  const list = useLoad(() => ok(enishi.api.GET("/api/matches/recommendations")));
  const matches = useLoad(() => ok(enishi.api.GET("/api/matches", { params: { query: { limit: 50 } } })));
  return (
    <>
      <nav class="row" aria-label={t.title}>
        <a class="button quiet" href="/saju/chart">
          {t.chart}
        </a>
        <a class="button quiet" href="/saju/profile">
          {t.profile}
        </a>
      </nav>
      {me.listed === false && <p class="good">{t.paused}</p>}
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
  return (
    <li class="card">
      <div class="row apart">
        <div class="row">
          <Face name={person.name} url={person.profile_img_url} />
          <div>
            <h3>
              <a href={`/saju/people/${person.user_id}`}>{person.name}</a>
            </h3>
            <p class="small">
              {t.age(person.age)}
              {person.location && ` · ${person.location}`}
            </p>
          </div>
        </div>
        <p class="score">
          {person.compatibility_score} <span class="small">{t.points}</span>
        </p>
      </div>
      {person.bio && <p>{person.bio}</p>}
      <details>
        <summary>{t.why}</summary>
        <Why parts={person.breakdown} />
      </details>
      <Ask user_id={person.user_id} name={person.name} changed={changed} />
    </li>
  );
}

function Request({ match, changed }: { match: Schemas["Match"]; changed: () => Promise<void> }) {
  const t = useTexts(saju);
  const { partner } = match;
  const received = match.status === "requested" && match.direction === "received";
  return (
    <li>
      <span>
        {partner.name && (received || match.status === "matched") ? (
          <a href={`/saju/people/${partner.user_id}`}>{partner.name}</a>
        ) : (
          <strong>{partner.name ?? t.somebody}</strong>
        )}{" "}
        <span class="small">
          {match.compatibility_score} {t.points}
        </span>
      </span>
      {received && <span>{t.received}</span>}
      <Answers match={match} changed={changed} />
    </li>
  );
}
