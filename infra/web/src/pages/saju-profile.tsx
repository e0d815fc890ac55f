// `/saju/profile`: what others see of one, whom one looks for, one's picture, whom one has blocked.
import { type components, ok } from "@enishi/client";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { day, time, useTexts } from "../i18n";
import { saju } from "../texts/saju";
import { Act, Area, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";
import { chosen, declared, put } from "../upload";
import { Face } from "./pair";

type Schemas = components["schemas"];
type Me = Schemas["Me"];

export function SajuProfile() {
  const t = useTexts(saju);
  return (
    <Page title={t.profile} lang={t.lang} lede={t.profileLede} mark="柱" guarded>
      <Own />
      <p>
        <a href="/saju">{t.back}</a>
      </p>
    </Page>
  );
}

function Own() {
  const user = useUser();
  const t = useTexts(saju);
  const me = useLoad(() => ok(enishi.api.GET("/api/users/me")), [user]);
  return (
    <Show of={me}>
      {(profile) =>
        profile.birth_date ? (
          <div class="columns">
            <Profile me={profile} reload={me.reload} />
            <div class="stack">
              <Picture me={profile} reload={me.reload} />
              <Blocks />
            </div>
          </div>
        ) : (
          <p>
            <a href="/saju">{t.register}</a>
          </p>
        )
      }
    </Show>
  );
}

interface OwnProps {
  me: Me;
  reload: () => Promise<void>;
}

function Profile({ me, reload }: OwnProps) {
  const t = useTexts(saju);
  const [saved, setSaved] = useState(t.saved);
  const wanted = me.preferences;
  const submit = async (values: Record<string, string>) => {
    const { bio = null, job = null, location = null, birth_time = null } = values;
    const years = (name: string) => (values[name] ? Number(values[name]) : null);
    const preferences = {
      gender: values["preferences.gender"] as Schemas["Wanted"],
      min_age: years("preferences.min_age"),
      max_age: years("preferences.max_age"),
      location: values["preferences.location"] ?? null,
    };
    const [listed, read_receipts] = [values["listed"] === "on", values["read_receipts"] === "on"];
    const body = { bio, job, location, birth_time, listed, read_receipts, preferences };
    const { preferences_count_from } = await ok(enishi.api.PUT("/api/users/me", { body }));
    setSaved(preferences_count_from ? `${t.saved} ${t.countFrom(day(preferences_count_from, t.lang))}` : t.saved);
    await reload();
  };
  return (
    <section class="card">
      <h2>{me.name}</h2>
      <Form submit={submit} label={t.profile} done={saved}>
        <Area name="bio" label={t.bio} value={me.bio ?? ""} maxLength={2000} />
        <div class="two">
          <Field name="location" label={t.location} value={me.location ?? ""} maxLength={255} />
          <Field name="job" label={t.job} value={me.job ?? ""} maxLength={255} />
          <Field name="birth_time" label={t.birthTime} type="time" value={me.birth_time ?? ""} />
        </div>
        <h3>{t.wishes}</h3>
        <div class="two">
          <Select name="preferences.gender" label={t.wanted} value={wanted?.gender ?? "any"} options={Object.entries(t.wantedGenders)} />
          <Field name="preferences.location" label={t.theirLocation} hint={t.theirLocationHint} value={wanted?.location ?? ""} maxLength={255} />
          <Field name="preferences.min_age" label={t.minAge} type="number" min={19} max={120} value={wanted?.min_age ?? ""} />
          <Field name="preferences.max_age" label={t.maxAge} type="number" min={19} max={120} value={wanted?.max_age ?? ""} />
        </div>
        <Field class="check" name="listed" label={t.listed} hint={t.listedHint} type="checkbox" checked={me.listed ?? true} />
        <Field class="check" name="read_receipts" label={t.receipts} hint={t.receiptsHint} type="checkbox" checked={me.read_receipts ?? false} />
        <Submit>{t.save}</Submit>
      </Form>
    </section>
  );
}

function Picture({ me, reload }: OwnProps) {
  const t = useTexts(saju);
  const submit = async (_: Record<string, string>, form: HTMLFormElement) => {
    const file = chosen(form, "photo");
    if (!file) return;
    const body = await declared<Schemas["PictureType"]>(file);
    const allowed = await ok(enishi.api.POST("/api/users/me/photo", { body }));
    await put(file, allowed);
    await ok(enishi.api.PUT("/api/users/me", { body: { profile_img_url: allowed.url } }));
    form.reset();
    await reload();
  };
  const remove = async () => {
    await ok(enishi.api.PUT("/api/users/me", { body: { profile_img_url: null } }));
    await reload();
  };
  return (
    <section class="card">
      <h2>{t.photo}</h2>
      <Face name={me.name} url={me.profile_img_url} />
      <Form submit={submit} label={t.photo} done={t.photoDone}>
        <Field name="photo" label={t.photoFile} hint={t.photoHint} type="file" accept="image/jpeg,image/png,image/webp" />
        <Submit>{t.photoShow}</Submit>
      </Form>
      {me.profile_img_url && (
        <Act class="plain" run={remove}>
          {t.photoRemove}
        </Act>
      )}
    </section>
  );
}

function Blocks() {
  const t = useTexts(saju);
  const blocks = useLoad(() => ok(enishi.api.GET("/api/blocks", { params: { query: { limit: 49 } } })));
  return (
    <section class="card">
      <h2>{t.blocks}</h2>
      <Show of={blocks}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">{t.blocksNone}</p>
          ) : (
            <ul class="list">
              {all.map(({ user_id, name, blocked_at }) => (
                <li key={user_id}>
                  <span>
                    {name ?? t.somebody} <span class="small">{time(blocked_at, t.lang)}</span>
                  </span>
                  <Act
                    class="plain"
                    label={`${t.unblock}: ${name ?? t.somebody}`}
                    run={async () => {
                      await ok(enishi.api.DELETE("/api/blocks/{user_id}", { params: { path: { user_id } } }));
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
