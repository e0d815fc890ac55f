// `/visits/notices`: what one was told of one's visits; whoever has seen it marks it as read.
import { ok } from "@enishi/client";
import { enishi, useUser } from "../app";
import { time, useTexts } from "../i18n";
import { visits } from "../texts/visits";
import { Act, Page, Show, useLoad } from "../ui";

export function Notices() {
  const t = useTexts(visits);
  return (
    <Page title={t.notices} lang={t.lang} mark="訪" guarded>
      <List />
      <p>
        <a href="/visits">{t.back}</a>
      </p>
    </Page>
  );
}

function List() {
  const t = useTexts(visits);
  const user = useUser();
  const notices = useLoad(() => ok(enishi.api.GET("/api/notifications", { params: { query: { limit: 50 } } })), [user]);
  return (
    <Show of={notices}>
      {({ items, count }) => {
        const unread = items.filter((notice) => !notice.is_read).map((notice) => notice.notice_id);
        return items.length === 0 ? (
          <p class="empty">{t.noNotices}</p>
        ) : (
          <>
            <div class="row apart">
              <p role="status">{t.unread(count)}</p>
              {unread.length > 0 && (
                <Act
                  class="quiet"
                  run={async () => {
                    await ok(enishi.api.PUT("/api/notifications", { body: { notice_ids: unread } }));
                    await notices.reload();
                  }}
                >
                  {t.allRead}
                </Act>
              )}
            </div>
            <ul class="list card">
              {items.map((notice) => (
                <li key={notice.notice_id}>
                  <a href={`/meetings/${notice.matching_id}`}>{t.topics[notice.topic]}</a>
                  <span class="small">{time(notice.at, t.lang)}</span>
                  {!notice.is_read && <span class="chip red">{t.isNew}</span>}
                </li>
              ))}
            </ul>
          </>
        );
      }}
    </Show>
  );
}
