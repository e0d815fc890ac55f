// Rooms: enroll for a morning, see the next one's room, what was.
import { type components, ok } from "@enishi/client";
import { enishi, useUser } from "../app";
import { day, useTexts } from "../i18n";
import { rooms } from "../texts/rooms";
import { Act, Field, Form, Page, Select, Show, Submit, useAgain, useLoad } from "../ui";

type Schemas = components["schemas"];
type Slots = Schemas["SlotTimes"];
type Enrollment = Schemas["Enrollment"];

/** The date where the slots are, so many days from now. */
export function dateIn(zone: string, days: number): string {
  const at = enishi.session.now() + days * 86_400_000;
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(at);
}

/** When people meet: it needs nobody who is logged in. */
export const useSlots = () => useLoad(() => ok(enishi.api.GET("/slots")));

export function Rooms() {
  const t = useTexts(rooms);
  const slots = useSlots();
  const lede = slots.data && t.lede(slots.data.times.join(", "), slots.data.time_zone, slots.data.room_size, slots.data.minutes);
  return (
    <Page title={t.title} lang={t.lang} lede={lede} mark="朝" guarded>
      <Show of={slots}>
        {(known) => (
          <>
            <Mornings slots={known} />
            <History slots={known} />
          </>
        )}
      </Show>
    </Page>
  );
}

/** How many days ahead one can enroll. */
const AHEAD = 30;

function Mornings({ slots }: { slots: Slots }) {
  const t = useTexts(rooms);
  const enrollments = useLoad(() => ok(enishi.api.GET("/register/", { params: { query: { limit: 100 } } })));
  const { next } = slots;
  const [today, tomorrow] = [dateIn(slots.time_zone, 0), dateIn(slots.time_zone, 1)];
  const called = (date: string) => (date === today ? t.today : date === tomorrow ? t.tomorrow : day(date, t.lang));
  const enroll = async (date: string, time?: string) => {
    await ok(enishi.api.POST("/register/", { body: { date, ...(time && { time }) } }));
    await enrollments.reload();
  };
  const withdraw = async ({ date, time }: Enrollment) => {
    await ok(enishi.api.DELETE("/register/{date}", { params: { path: { date }, query: { time } } }));
    await enrollments.reload();
  };
  return (
    <Show of={enrollments}>
      {(all) => {
        const has = (date: string, time: string) => all.some((one) => one.date === date && one.time === time);
        const near = all.filter((one) => one.date <= tomorrow && (one.status === "enrolled" || one.status === "assigned"));
        return (
          <div class="columns">
            {next && !has(next.date, next.time) && (
              <section class="card">
                <h2>{called(next.date)}</h2>
                <p class="big">
                  {day(next.date, t.lang)} {next.time}
                </p>
                <p>{t.not}</p>
                <Act label={`${t.enroll}: ${day(next.date, t.lang)}`} run={() => enroll(next.date, next.time)}>
                  {t.enroll}
                </Act>
              </section>
            )}
            {near.slice(0, 2).map((one) => (
              <Morning key={one.id} title={called(one.date)} enrollment={one} />
            ))}
            <section class="card">
              <div class="row apart">
                <h2>{t.mine}</h2>
                <a href="/rooms/week">{t.weekly}</a>
              </div>
              {all.length === 0 && <p class="small">{t.nothing}</p>}
              <ul class="list">
                {all.map((one) => (
                  <li key={one.id}>
                    <span>
                      {day(one.date, t.lang)} {one.time}
                    </span>
                    <span class={one.status === "assigned" ? "chip on" : "chip"}>{t.statuses[one.status]}</span>
                    {(one.status === "enrolled" || one.status === "assigned") && (
                      <Act class="plain" label={`${t.withdraw}: ${day(one.date, t.lang)} ${one.time}`} run={() => withdraw(one)}>
                        {t.withdraw}
                      </Act>
                    )}
                  </li>
                ))}
              </ul>
              <details>
                <summary>{t.another}</summary>
                <Form class="inline" label={t.another} submit={({ date = "", time }) => enroll(date, time)}>
                  <Field name="date" label={t.date} type="date" min={today} max={dateIn(slots.time_zone, AHEAD)} />
                  {slots.times.length > 1 && <Select name="time" label={t.time} options={slots.times.map((time) => [time, time] as const)} />}
                  <Submit class="quiet">{t.enrollOn}</Submit>
                </Form>
              </details>
            </section>
          </div>
        );
      }}
    </Show>
  );
}

/** A morning that one is enrolled for; until its room is drawn, it is asked for again. */
function Morning({ title, enrollment: { date, time } }: { title: string; enrollment: Enrollment }) {
  const t = useTexts(rooms);
  const user_id = useUser() ?? "";
  const room = useLoad(
    () => ok(enishi.api.GET("/meeting_url/{user_id}", { params: { path: { user_id }, query: { date, time } } })),
    [user_id, date, time],
  );
  useAgain(room.reload, room.data?.status === "pending", 15_000);
  return (
    <section class="card">
      <div class="row apart">
        <h2>{title}</h2>
        <span class="chip on">{t.enrolled}</span>
      </div>
      <p class="big">
        {day(date, t.lang)} {time}
      </p>
      <Show of={room}>
        {(found) => (
          <div class="stack" role="status">
            {found.status === "missed" ? (
              <p>{t.missed}</p>
            ) : found.status === "pending" ? (
              <p>{t.pending}</p>
            ) : (
              <>
                <p>
                  <strong>{t.ready}</strong> {t.with}: {found.members.filter((member) => !member.withdrawn).map((member) => member.username).join(", ")}
                </p>
                <p>
                  <a class="button" href={`/rooms/${found.room_id}`}>
                    {t.go}
                  </a>
                </p>
              </>
            )}
          </div>
        )}
      </Show>
    </section>
  );
}

function History({ slots }: { slots: Slots }) {
  const t = useTexts(rooms);
  const history = useLoad(() => ok(enishi.api.GET("/me/rooms", { params: { query: { limit: 10 } } })));
  const avoided = useLoad(() => ok(enishi.api.GET("/me/avoid")));
  return (
    <section class="stack">
      <h2>{t.history}</h2>
      <Show of={history}>
        {({ rate, rooms: all }) => {
          // Today's is still to come, until one has come to it.
          const past = all.filter((room) => room.participate || room.date < dateIn(slots.time_zone, 0));
          return past.length === 0 ? (
            <p class="empty">{t.noHistory}</p>
          ) : (
            <>
              <p>
                {t.rate}: <strong>{rate} %</strong>
              </p>
              <ul class="list">
                {past.map((room) => (
                  <li key={room.room_id}>
                    <details>
                      <summary>
                        {day(room.date, t.lang)} {room.time}{" "}
                        <span class={room.participate ? "chip on" : "chip"}>
                          {room.participate ? t.came : room.withdrawn ? t.statuses.withdrawn : t.away}
                        </span>
                      </summary>
                      <Met room={room} avoided={avoided.data ?? []} changed={avoided.reload} />
                    </details>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Show>
    </section>
  );
}

interface MetProps {
  room: Schemas["PastRoom"];
  avoided: Schemas["Avoided"][];
  changed: () => Promise<void>;
}

/** Who was in a room, and whom of them one would rather not meet again: nobody else learns of it. */
function Met({ room, avoided, changed }: MetProps) {
  const t = useTexts(rooms);
  const me = useUser();
  const others = room.members.filter((member) => member.user_id !== me);
  return (
    <ul class="list">
      {others.map(({ user_id, username, participate }, at) => {
        const path = { user_id: user_id ?? "" };
        const avoids = avoided.some((one) => one.user_id === user_id);
        return (
          <li key={user_id ?? at}>
            <span>
              {username ?? t.gone} {!participate && <span class="small">({t.away})</span>}
            </span>
            {user_id && avoids && <span class="chip">{t.avoided}</span>}
            {user_id && !avoids && (
              <Act
                class="plain"
                label={`${t.avoid}: ${username}`}
                run={async () => {
                  await ok(enishi.api.PUT("/me/avoid/{user_id}", { params: { path } }));
                  await changed();
                }}
              >
                {t.avoid}
              </Act>
            )}
          </li>
        );
      })}
    </ul>
  );
}
