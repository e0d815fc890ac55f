// `/visits/profile`: what one has said of oneself, and whom one has blocked.
import { type components, ok } from "@enishi/client";
import { enishi, useUser } from "../app";
import { useTexts } from "../i18n";
import { JOBS } from "../jobs";
import { visits } from "../texts/visits";
import { Act, Area, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";

type Schemas = components["schemas"];
type Me = Schemas["VisitsMe"];

export function VisitsProfile() {
  const t = useTexts(visits);
  return (
    <Page title={t.profile} lang={t.lang} mark="訪" guarded>
      <Own />
      <p>
        <a href="/visits">{t.back}</a>
      </p>
    </Page>
  );
}

function Own() {
  const user = useUser();
  const me = useLoad(() => ok(enishi.api.GET("/api/visits/me")), [user]);
  return (
    <Show of={me}>
      {(profile) => (
        <>
          <Profile me={profile} set={me.set} />
          <Blocks />
        </>
      )}
    </Show>
  );
}

function Profile({ me, set }: { me: Me; set: (me: Me) => void }) {
  const t = useTexts(visits);
  const isEmployee = me.type === "company";
  const submit = async (values: Record<string, string>) => {
    const { name, date_of_birth, phone_number, affiliation, department, position, job, comment, time_zone } = values;
    // Another name, birth date or affiliation is to be verified anew: only what was changed is sent.
    const changed = (value: string | undefined, before: string | null | undefined) => value !== (before ?? undefined);
    const body = {
      ...(name && changed(name, me.name) && { name }),
      ...(date_of_birth && changed(date_of_birth, me.date_of_birth) && { date_of_birth }),
      ...(affiliation && changed(affiliation, me.affiliation.name) && { affiliation }),
      ...(phone_number && changed(phone_number, me.phone_number) && { phone_number }),
      ...(time_zone && changed(time_zone, me.time_zone) && { time_zone }),
      ...(changed(department, me.department?.name) && { department: department ?? null }),
      ...(changed(comment, me.comment) && { comment: comment ?? null }),
      ...(isEmployee && changed(position, me.position) && { position: position ?? null }),
      ...(isEmployee && job && { job: job as Schemas["Job"] }),
      ...(isEmployee && {
        listed: values["listed"] === "on",
        shown: { department: values["shown.department"] === "on", position: values["shown.position"] === "on" },
      }),
    };
    set(await ok(enishi.api.PATCH("/api/visits/me", { body })));
  };
  return (
    <section class="card">
      <div class="row apart">
        <h2>{isEmployee ? t.company : t.student}</h2>
        {me.is_authenticated && <span class="chip on">{t.verified}</span>}
      </div>
      <p class="small">{t.anew}</p>
      <Form submit={submit} label={t.profile} done={t.saved}>
        <div class="two">
          <Field name="name" label={t.name} value={me.name} autocomplete="name" maxLength={100} />
          <Field name="date_of_birth" label={t.birth} type="date" value={me.date_of_birth} autocomplete="bday" />
          <Field name="affiliation" label={isEmployee ? t.employer : t.university} value={me.affiliation.name} maxLength={120} />
          <Field name="department" label={t.department} value={me.department?.name ?? ""} maxLength={120} />
          {isEmployee && (
            <>
              <Select name="job" label={t.job} value={me.job ?? ""} options={JOBS.map((job) => [job, job] as const)} />
              <Field name="position" label={t.position} value={me.position ?? ""} maxLength={100} />
            </>
          )}
          <Field name="phone_number" label={t.phone} type="tel" value={me.phone_number} autocomplete="tel" />
          <Field name="time_zone" label={t.zone} value={me.time_zone} />
        </div>
        <Area name="comment" label={t.comment} hint={t.commentHint} value={me.comment ?? ""} maxLength={2000} />
        {isEmployee && (
          <>
            <Field class="check" name="listed" label={t.listed} type="checkbox" checked={me.listed} />
            <Field class="check" name="shown.department" label={t.showDepartment} type="checkbox" checked={me.shown.department} />
            <Field class="check" name="shown.position" label={t.showPosition} type="checkbox" checked={me.shown.position} />
          </>
        )}
        <Submit>{t.save}</Submit>
      </Form>
    </section>
  );
}

/** They are anonymous: of those who are blocked there is nothing but what they are known by. */
function Blocks() {
  const t = useTexts(visits);
  const blocks = useLoad(() => ok(enishi.api.GET("/api/visits/blocks")));
  return (
    <section class="card">
      <h2>{t.blocks}</h2>
      <Show of={blocks}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">{t.blocksNone}</p>
          ) : (
            <ul class="list">
              {all.map(({ speaker_id }) => (
                <li key={speaker_id}>
                  <span>{t.anonymous(speaker_id.slice(0, 8))}</span>
                  <Act
                    class="plain"
                    label={`${t.unblock}: ${speaker_id.slice(0, 8)}`}
                    run={async () => {
                      await ok(enishi.api.DELETE("/api/visits/blocks/{speaker_id}", { params: { path: { speaker_id } } }));
                      await blocks.reload();
                    }}
                  >
                    {t.unblock}
                  </Act>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}
