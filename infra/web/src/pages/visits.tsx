// Visits: say who one is, be verified, then search or be found.
import { ApiError, type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { day, time, useTexts } from "../i18n";
import { JOBS } from "../jobs";
import { visits } from "../texts/visits";
import { Act, Area, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";
import { chosen, declared, put } from "../upload";
import { Search } from "./search";

type Schemas = components["schemas"];
type Me = Schemas["VisitsMe"];

export function Visits() {
  const t = useTexts(visits);
  return (
    <Page title={t.title} lang={t.lang} lede={t.lede} mark="訪" guarded>
      <Own />
    </Page>
  );
}

function Own() {
  const t = useTexts(visits);
  const user = useUser();
  const me = useLoad(async () => {
    try {
      return await ok(enishi.api.GET("/api/visits/me"));
    } catch (thrown) {
      if (ApiError.from(thrown).code === "profile_missing") return null;
      throw thrown;
    }
  }, [user]);
  return (
    <Show of={me}>
      {(profile) => {
        if (!profile) return <Register done={me.reload} />;
        if (!profile.is_authenticated) return <Documents me={profile} done={me.reload} />;
        return (
          <>
            <nav class="row" aria-label={t.title}>
              <a class="button quiet" href="/visits/notices">
                {t.notices}
                {profile.notifications > 0 && <span class="chip red">{t.unread(profile.notifications)}</span>}
              </a>
              <a class="button quiet" href="/visits/profile">
                {t.profile}
              </a>
            </nav>
            <Mine />
            {profile.type === "student" ? (
              <Search />
            ) : (
              <div class="columns">
                <Hours me={profile} set={me.set} />
                <Exceptions me={profile} set={me.set} />
              </div>
            )}
          </>
        );
      }}
    </Show>
  );
}

function Register({ done }: { done: () => Promise<void> }) {
  const t = useTexts(visits);
  const [type, setType] = useState<Schemas["VisitorType"]>("student");
  const submit = async (values: Record<string, string>) => {
    const { name = "", date_of_birth = "", phone_number = "", affiliation = "", department, job, position, comment } = values;
    const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const body = {
      name,
      date_of_birth,
      phone_number,
      affiliation,
      type,
      email: enishi.session.email,
      // The account is the caller's own, so the password is not looked at.
      password: crypto.randomUUID(),
      ...(time_zone && { time_zone }),
      ...(department && { department }),
      ...(job && { job: job as Schemas["Job"] }),
      ...(position && { position }),
      ...(comment && { comment }),
    };
    const tokens = await ok(enishi.api.POST("/api/users", { body }));
    await enishi.session.adopt(tokens);
    await done();
  };
  return (
    <section class="card">
      <h2>{t.register}</h2>
      <Form submit={submit} label={t.register}>
        <div class="two">
          <Select
            name="type"
            label={t.type}
            value={type}
            onChange={(value) => setType(value as Schemas["VisitorType"])}
            options={[
              ["student", t.student],
              ["company", t.company],
            ]}
          />
          <Field name="name" label={t.name} autocomplete="name" />
          <Field name="date_of_birth" label={t.birth} type="date" autocomplete="bday" />
          <Field name="phone_number" label={t.phone} type="tel" autocomplete="tel" />
          <Field name="affiliation" label={type === "student" ? t.university : t.employer} autocomplete="organization" />
          <Field name="department" label={t.department} />
          {type === "company" && (
            <>
              <Select name="job" label={t.job} options={JOBS.map((job) => [job, job] as const)} />
              <Field name="position" label={t.position} autocomplete="organization-title" />
            </>
          )}
        </div>
        <Area name="comment" label={t.comment} hint={t.commentHint} maxLength={2000} />
        <Submit>{t.begin}</Submit>
      </Form>
    </section>
  );
}

function Documents({ me, done }: { me: Me; done: () => Promise<void> }) {
  const t = useTexts(visits);
  const submit = async (_: Record<string, string>, form: HTMLFormElement) => {
    const [type, identity] = [chosen(form, "type_card"), chosen(form, "identity_card")];
    const missing = [!type && "type_card", !identity && "identity_card"].filter((name) => name !== false);
    if (!type || !identity) {
      throw new ApiError(400, "invalid_parameter", t.documents, missing.map((field) => ({ field, code: "missing" })));
    }
    const body = {
      type_card: await declared<Schemas["DocumentType"]>(type),
      identity_card: await declared<Schemas["DocumentType"]>(identity),
    };
    const allowed = await ok(enishi.api.POST("/api/certificates", { body }));
    await put(type, allowed.type_card);
    await put(identity, allowed.identity_card);
    await ok(enishi.api.POST("/api/certificates/submit"));
    await done();
  };
  const account = useLoad(() => ok(enishi.api.GET("/api/user")));
  return (
    <section class="card">
      <h2>{t.documents}</h2>
      {me.documents.state === "submitted" ? (
        <p role="status" class="good">
          {t.waiting}
        </p>
      ) : (
        <Show of={account}>
          {({ is_email_verified }) =>
            is_email_verified ? (
              <>
                {me.documents.state === "rejected" && (
                  <p class="trouble" role="status">
                    {t.rejected} {me.documents.reason}
                  </p>
                )}
                <p>{t.documentsLede}</p>
                <Form submit={submit} label={t.documents}>
                  <div class="two">
                    <Field name="type_card" label={t.typeCard} type="file" accept="image/jpeg,image/png,application/pdf" />
                    <Field name="identity_card" label={t.identityCard} type="file" accept="image/jpeg,image/png,application/pdf" />
                  </div>
                  <Submit>{t.handIn}</Submit>
                </Form>
              </>
            ) : (
              <p>{t.confirmFirst}</p>
            )
          }
        </Show>
      )}
    </section>
  );
}

function Mine() {
  const t = useTexts(visits);
  const mine = useLoad(() => ok(enishi.api.GET("/api/matching", { params: { query: { limit: 50 } } })));
  return (
    <section class="stack">
      <h2>{t.mine}</h2>
      <Show of={mine}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">{t.none}</p>
          ) : (
            <ul class="list card">
              {all.map((visit) => (
                <li key={visit.id}>
                  <a href={`/meetings/${visit.id}`}>
                    {visit.other.affiliation} · {visit.date ? time(visit.date, t.lang) : t.noDate}
                  </a>
                  <span>{t.minutes(visit.meeting_length)}</span>
                  <span class={["paid", "done"].includes(visit.state) ? "chip on" : "chip"}>{t.states[visit.state]}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

function Hours({ me, set }: { me: Me; set: (me: Me) => void }) {
  const t = useTexts(visits);
  const submit = async (values: Record<string, string>) => {
    const { from = "", to = "", comment } = values;
    const weekly = DAYS.filter((day) => values[day] === "on").map((day) => ({ day, from, to }));
    const body = {
      availability: { weekly },
      shown: { department: values["department"] === "on" },
      comment: comment ?? null,
    };
    set(await ok(enishi.api.PATCH("/api/visits/me", { body })));
  };
  const { weekly } = me.availability;
  return (
    <section class="card">
      <div class="row apart">
        <h2>{t.availability}</h2>
        <span class="chip on">{t.verified}</span>
      </div>
      <p class="small">
        {t.availabilityLede} ({me.time_zone})
      </p>
      <Form submit={submit} label={t.availability} done={t.saved}>
        <div class="row" role="group" aria-label={t.availability}>
          {DAYS.map((day) => (
            <Field
              key={day}
              class="check"
              name={day}
              label={t.days[day] ?? day}
              type="checkbox"
              checked={weekly.length === 0 ? DAYS.indexOf(day) < 5 : weekly.some((hours) => hours.day === day)}
            />
          ))}
        </div>
        <div class="two">
          <Field name="from" label={t.from} type="time" step={900} value={weekly[0]?.from ?? "19:00"} />
          <Field name="to" label={t.to} type="time" step={900} value={weekly[0]?.to ?? "21:00"} />
        </div>
        <Area name="comment" label={t.comment} hint={t.commentHint} value={me.comment ?? ""} maxLength={2000} />
        <Field class="check" name="department" label={t.showDepartment} type="checkbox" checked={me.shown.department} />
        <Submit>{t.save}</Submit>
      </Form>
    </section>
  );
}

/** Days that are not as their week: other hours, or none. */
function Exceptions({ me, set }: { me: Me; set: (me: Me) => void }) {
  const t = useTexts(visits);
  const { exceptions } = me.availability;
  const save = async (exceptions: Schemas["Exception"][]) =>
    set(await ok(enishi.api.PATCH("/api/visits/me", { body: { availability: { exceptions } } })));
  const add = async ({ date = "", from, to }: Record<string, string>) => {
    const available = from && to ? [{ from, to }] : [];
    await save([...exceptions.filter((one) => one.date !== date), { date, available }]);
  };
  return (
    <section class="card">
      <h2>{t.exceptions}</h2>
      <p class="small">{t.exceptionsLede}</p>
      <ul class="list">
        {exceptions.map(({ date, available }) => (
          <li key={date}>
            <span>{day(date, t.lang)}</span>
            <span>{available.map(({ from, to }) => `${from}–${to}`).join(", ") || t.noTime}</span>
            <Act class="plain" label={`${t.remove}: ${day(date, t.lang)}`} run={() => save(exceptions.filter((one) => one.date !== date))}>
              {t.remove}
            </Act>
          </li>
        ))}
      </ul>
      <Form submit={add} label={t.exceptions}>
        <Field name="date" label={t.day} type="date" />
        <div class="two">
          <Field name="from" label={t.from} type="time" step={900} />
          <Field name="to" label={t.to} type="time" step={900} />
        </div>
        <Submit class="quiet">{t.add}</Submit>
      </Form>
    </section>
  );
}
