// Rooms: the mornings of every week, whom one would rather not meet, the feed for one's calendar.
import { type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi } from "../app";
import { useTexts } from "../i18n";
import { rooms } from "../texts/rooms";
import { Act, Copy, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";
import { dateIn, useSlots } from "./rooms";

type Schemas = components["schemas"];

export function Week() {
  const t = useTexts(rooms);
  return (
    <Page title={t.weekly} lang={t.lang} lede={t.weeklyLede} mark="朝" guarded>
      <div class="columns">
        <Schedule />
        <div class="stack">
          <Avoided />
          <Feed />
        </div>
      </div>
      <p>
        <a href="/rooms">{t.back}</a>
      </p>
    </Page>
  );
}

function Schedule() {
  const t = useTexts(rooms);
  const slots = useSlots();
  const schedule = useLoad(() => ok(enishi.api.GET("/me/schedule")));
  return (
    <section class="card">
      <h2>{t.schedule}</h2>
      <Show of={slots}>{(known) => <Show of={schedule}>{(mine) => <Days slots={known} mine={mine} set={schedule.set} />}</Show>}</Show>
    </section>
  );
}

interface DaysProps {
  slots: Schemas["SlotTimes"];
  mine: Schemas["Schedule"];
  set: (mine: Schemas["Schedule"]) => void;
}

function Days({ slots, mine, set }: DaysProps) {
  const t = useTexts(rooms);
  const offered = slots.days as Schemas["SlotDay"][];
  const save = async ({ time, until, paused_until, ...values }: Record<string, string>) => {
    const days = offered.filter((day) => values[day] === "on");
    const body = { days, ...(time && { time }), ...(until && { until }), ...(paused_until && { paused_until }) };
    set(await ok(enishi.api.PUT("/me/schedule", { body })));
  };
  const [today, time] = [dateIn(slots.time_zone, 0), mine.time ?? slots.times[0] ?? ""];
  return (
    <Form submit={save} label={t.schedule} done={t.saved}>
      <p class="small">{t.scheduleLede(time, slots.time_zone)}</p>
      <div class="row" role="group" aria-label={t.days}>
        {offered.map((day) => (
          <Field key={day} class="check" name={day} label={t.weekdays[day]} type="checkbox" checked={mine.days.includes(day)} />
        ))}
      </div>
      {slots.times.length > 1 && (
        <Select name="time" label={t.time} value={time} options={slots.times.map((time) => [time, time] as const)} />
      )}
      <div class="two">
        <Field name="until" label={t.until} hint={t.untilHint} type="date" min={today} value={mine.until} />
        <Field name="paused_until" label={t.pause} hint={t.pauseHint} type="date" min={today} value={mine.paused_until} />
      </div>
      <Submit>{t.save}</Submit>
    </Form>
  );
}

function Avoided() {
  const t = useTexts(rooms);
  const avoided = useLoad(() => ok(enishi.api.GET("/me/avoid")));
  return (
    <section class="card">
      <h2>{t.avoidedPeople}</h2>
      <p class="small">{t.avoidedLede}</p>
      <Show of={avoided}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">{t.avoidedNobody}</p>
          ) : (
            <ul class="list">
              {all.map(({ user_id, username }) => (
                <li key={user_id}>
                  <span>{username}</span>
                  <Act
                    class="plain"
                    label={`${t.meetAgain}: ${username}`}
                    run={async () => {
                      await ok(enishi.api.DELETE("/me/avoid/{user_id}", { params: { path: { user_id } } }));
                      await avoided.reload();
                    }}
                  >
                    {t.meetAgain}
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

/** The address is told once: the API keeps none that it could tell again. */
function Feed() {
  const t = useTexts(rooms);
  const [url, setUrl] = useState("");
  const [revoked, setRevoked] = useState(false);
  return (
    <section class="card">
      <h2>{t.feed}</h2>
      <p class="small">{t.feedLede}</p>
      {url && <Copy label={t.feedAddress} text={url} hint={t.feedOnce} />}
      <p class="row">
        <Act
          class={url ? "quiet" : ""}
          run={async () => {
            setUrl((await ok(enishi.api.POST("/me/calendar"))).url);
            setRevoked(false);
          }}
        >
          {url ? t.feedNew : t.feedMake}
        </Act>
        <Act
          class="quiet"
          run={async () => {
            await ok(enishi.api.DELETE("/me/calendar"));
            setUrl("");
            setRevoked(true);
          }}
        >
          {t.feedRevoke}
        </Act>
      </p>
      <p class="done" role="status">
        {revoked ? t.feedRevoked : ""}
      </p>
      <p class="small">{t.letters}</p>
    </section>
  );
}
