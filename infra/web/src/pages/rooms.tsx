// Rooms: enrol for a morning, see tomorrow's room, what was.
import { ok } from "@enishi/client";
import { enishi, useUser } from "../app";
import { day, useTexts } from "../i18n";
import { rooms } from "../texts/rooms";
import { Act, Field, Form, Page, Show, Submit, useAgain, useLoad } from "../ui";

/** The date in Tokyo, so many days from now. */
function tokyo(days: number): string {
  const at = enishi.session.now() + days * 86_400_000;
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo" }).format(at);
}

export function Rooms() {
  const t = useTexts(rooms);
  return (
    <Page title={t.title} lang={t.lang} lede={t.lede} mark="朝" guarded>
      <Mornings />
    </Page>
  );
}

function Mornings() {
  const t = useTexts(rooms);
  const enrollments = useLoad(() => ok(enishi.api.GET("/register/", { params: { query: { limit: 30 } } })));
  const [today, tomorrow] = [tokyo(0), tokyo(1)];
  const enroll = async (date: string) => {
    await ok(enishi.api.POST("/register/", { body: { date } }));
    await enrollments.reload();
  };
  return (
    <>
      <Show of={enrollments}>
        {(all) => {
          const has = (date: string) => all.some((one) => one.date === date);
          return (
            <div class="columns">
              {has(today) && <Morning title={t.today} date={today} />}
              {has(tomorrow) ? (
                <Morning title={t.tomorrow} date={tomorrow} />
              ) : (
                <section class="card">
                  <h2>{t.tomorrow}</h2>
                  <p class="big">{day(tomorrow, t.lang)}</p>
                  <p>{t.not}</p>
                  <Act run={() => enroll(tomorrow)}>{t.enroll}</Act>
                </section>
              )}
              <section class="card">
                <h2>{t.mine}</h2>
                {all.length === 0 && <p class="small">{t.nothing}</p>}
                <ul class="list">
                  {all.map((one) => (
                    <li key={one.id}>
                      <span>
                        {day(one.date, t.lang)} {one.time}
                      </span>
                      <span class={one.status === "assigned" ? "chip on" : "chip"}>
                        {one.status === "assigned" ? t.assigned : t.waiting}
                      </span>
                      <Act
                        class="plain"
                        label={`${t.withdraw}: ${day(one.date, t.lang)}`}
                        run={async () => {
                          const params = { path: { date: one.date }, query: { time: one.time } };
                          await ok(enishi.api.DELETE("/register/{date}", { params }));
                          await enrollments.reload();
                        }}
                      >
                        {t.withdraw}
                      </Act>
                    </li>
                  ))}
                </ul>
                <details>
                  <summary>{t.another}</summary>
                  <Form class="inline" label={t.another} submit={({ date = "" }) => enroll(date)}>
                    <Field name="date" label={t.date} type="date" min={today} max={tokyo(30)} />
                    <Submit class="quiet">{t.enrollOn}</Submit>
                  </Form>
                </details>
              </section>
            </div>
          );
        }}
      </Show>
      <History />
    </>
  );
}

/** A morning that one is enrolled for; until its room is drawn, it is asked for again. */
function Morning({ title, date }: { title: string; date: string }) {
  const t = useTexts(rooms);
  const user_id = useUser() ?? "";
  const room = useLoad(
    () => ok(enishi.api.GET("/meeting_url/{user_id}", { params: { path: { user_id }, query: { date } } })),
    [user_id, date],
  );
  useAgain(room.reload, room.data?.status === "pending", 15_000);
  return (
    <section class="card">
      <div class="row apart">
        <h2>{title}</h2>
        <span class="chip on">{t.enrolled}</span>
      </div>
      <p class="big">{day(date, t.lang)}</p>
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

function History() {
  const t = useTexts(rooms);
  const history = useLoad(() => ok(enishi.api.GET("/me/rooms", { params: { query: { limit: 10 } } })));
  return (
    <section class="stack">
      <h2>{t.history}</h2>
      <Show of={history}>
        {({ rate, rooms: all }) => {
          // Today's is still to come, until one has come to it.
          const past = all.filter((room) => room.participate || room.date < tokyo(0));
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
                    <span>{day(room.date, t.lang)}</span>
                    <span class="small">{room.members.map((member) => member.username ?? t.gone).join(", ")}</span>
                    <span class={room.participate ? "chip on" : "chip"}>{room.participate ? t.came : t.away}</span>
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
