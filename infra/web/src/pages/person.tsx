// `/saju/people/{user_id}`: somebody's profile, before one answers them or asks.
import { type components, ok } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { enishi, useUser } from "../app";
import { useTexts } from "../i18n";
import { saju } from "../texts/saju";
import { Page, Show, useLoad } from "../ui";
import { Answers, Ask, Face, Safety, Why } from "./pair";

type Schemas = components["schemas"];

export function Person() {
  const t = useTexts(saju);
  const user = useUser();
  const user_id = useRoute().params["id"] ?? "";
  const profile = useLoad(
    async () => (user ? ok(enishi.api.GET("/api/matches/{user_id}/profile", { params: { path: { user_id } } })) : null),
    [user, user_id],
  );
  return (
    <Page title={profile.data?.name ?? t.person} lang={t.lang} mark="柱" guarded>
      <Show of={profile}>{(known) => known && <Profile key={user_id} person={known} />}</Show>
      <p>
        <a href="/saju">{t.back}</a>
      </p>
    </Page>
  );
}

function Profile({ person }: { person: Schemas["MatchProfile"] }) {
  const t = useTexts(saju);
  const matches = useLoad(() => ok(enishi.api.GET("/api/matches", { params: { query: { limit: 50 } } })));
  return (
    <div class="columns">
      <section class="card">
        <div class="row">
          <Face name={person.name} url={person.profile_img_url} />
          <div>
            <p>{[t.age(person.age), person.location, person.job].filter(Boolean).join(" · ")}</p>
            <p class="score">
              {person.compatibility_score} <span class="small">{t.points}</span>
            </p>
          </div>
        </div>
        {person.bio && <p class="said">{person.bio}</p>}
        <Show of={matches}>
          {(all) => {
            const match = all.find((one) => one.partner.user_id === person.user_id);
            return (
              <>
                <div class="row">
                  {match ? (
                    <Answers match={match} changed={matches.reload} />
                  ) : (
                    <Ask user_id={person.user_id} name={person.name} changed={matches.reload} />
                  )}
                </div>
                <Safety user_id={person.user_id} chat_id={match?.chat_id} />
              </>
            );
          }}
        </Show>
      </section>
      <section class="card">
        <h2>{t.why}</h2>
        <Why parts={person.breakdown} />
      </section>
    </div>
  );
}
