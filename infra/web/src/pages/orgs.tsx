// Organisations: make one, invite, projects. Seats are bought on the next page.
import { ApiError, type components, ok } from "@enishi/client";
import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import type { User } from "../firebase";
import { time, useTexts } from "../i18n";
import { orgs } from "../texts/orgs";
import { Act, Field, Form, Page, Select, Show, Submit, useLoad } from "../ui";
import { useToken } from "./account";
import { atFirebase, firebase, Gate } from "./gate";

type Schemas = components["schemas"];
/** Whoever is asked here has an organisation. */
export type Member = Schemas["User"];

/** The caller as a member; null without an organisation. */
export async function member(): Promise<Member | null> {
  try {
    const { users } = await ok(enishi.api.GET("/v1/service/users", { params: { query: { limit: 100 } } }));
    return users.find((user) => user.id === enishi.session.userId) ?? null;
  } catch (thrown) {
    if (ApiError.from(thrown).code === "profile_missing") return null;
    throw thrown;
  }
}

/** Times of organisations come as `YYYY-MM-DD HH:MM:SS` in UTC. */
export const instant = (text: string) => `${text.replace(" ", "T")}Z`;

export function Orgs() {
  const t = useTexts(orgs);
  const user = useUser();
  return (
    <Page title={t.title} lang={t.lang} lede={t.lede} mark="組">
      {user ? <Own key={user} /> : <Gate session done={() => undefined} />}
    </Page>
  );
}

function Own() {
  const me = useLoad(member);
  return <Show of={me}>{(found) => (found ? <Organization me={found} /> : <Make done={me.reload} />)}</Show>;
}

function Make({ done }: { done: () => Promise<void> }) {
  const t = useTexts(orgs);
  const [user, setUser] = useState(atFirebase());
  if (!user) return <Gate done={setUser} />;
  const submit = async ({ company_name = "", postal_code = "", address = "" }: Record<string, string>) => {
    const { bearer, begin } = await firebase();
    const body = { uid: user.uid, email: user.email ?? "", role: "admin" as const, company_name, postal_code, address };
    await ok(enishi.api.POST("/v1/service/users", { body, headers: await bearer(user) }));
    await begin(user);
    await done();
  };
  return (
    <section class="card narrow">
      <h2>{t.create}</h2>
      <Form submit={submit} label={t.create}>
        <Field name="company_name" label={t.company} autocomplete="organization" />
        <Field name="postal_code" label={t.postal} autocomplete="postal-code" />
        <Field name="address" label={t.address} autocomplete="street-address" />
        <Submit>{t.found}</Submit>
      </Form>
    </section>
  );
}

function Organization({ me }: { me: Member }) {
  return (
    <>
      <section class="card">
        <h2>{me.company_name}</h2>
        {me.role === "admin" && <About organization_id={me.organization_id} />}
      </section>
      <div class="columns">
        <People me={me} />
        <Projects me={me} />
      </div>
    </>
  );
}

/** What admins know of the organisation, and change. */
function About({ organization_id }: { organization_id: string }) {
  const t = useTexts(orgs);
  const { route } = useLocation();
  const params = { path: { organization_id } };
  const about = useLoad(() => ok(enishi.api.GET("/v1/service/organizations/{organization_id}", { params })));
  return (
    <Show of={about}>
      {({ organization }) => (
        <>
          <p class="row">
            {t.seats(organization.members, organization.seats)}
            <a class="button quiet" href="/licenses">
              {t.licences}
            </a>
          </p>
          <details>
            <summary>{t.edit}</summary>
            <div class="stack">
              <Form
                label={t.edit}
                done={t.saved}
                submit={async ({ company_name = "", postal_code = "", address = "" }) => {
                  const body = { company_name, postal_code, address };
                  await ok(enishi.api.PUT("/v1/service/organizations/{organization_id}", { params, body, parseAs: "text" }));
                  await about.reload();
                }}
              >
                <div class="two">
                  <Field name="company_name" label={t.company} value={organization.company_name} maxLength={200} />
                  <Field name="postal_code" label={t.postal} value={organization.postal_code} />
                  <Field name="address" label={t.address} value={organization.address} maxLength={300} />
                </div>
                <Submit>{t.save}</Submit>
              </Form>
              {organization.members === 1 && (
                <>
                  <p class="small">{t.closeLede}</p>
                  <Act
                    class="quiet"
                    run={async () => {
                      await ok(enishi.api.DELETE("/v1/service/organizations/{organization_id}", { params, parseAs: "text" }));
                      route("/");
                    }}
                  >
                    {t.close}
                  </Act>
                </>
              )}
            </div>
          </details>
        </>
      )}
    </Show>
  );
}

function People({ me }: { me: Member }) {
  const t = useTexts(orgs);
  const isAdmin = me.role === "admin";
  const people = useLoad(() => ok(enishi.api.GET("/v1/service/users", { params: { query: { limit: 100 } } })));
  const open = useLoad(async () =>
    isAdmin ? (await ok(enishi.api.GET("/v1/service/invitations", { params: { query: { limit: 100 } } }))).invitations : [],
  );
  const submit = async ({ email = "", role }: Record<string, string>, form: HTMLFormElement) => {
    const body = { email, role: role as Schemas["Role"], organization_id: me.organization_id };
    await ok(enishi.api.POST("/v1/service/invitations", { body, parseAs: "text" }));
    form.reset();
    await open.reload();
  };
  return (
    <section class="card">
      <h2>{t.members}</h2>
      <Show of={people}>
        {({ users }) => (
          <ul class="list">
            {users.map((user) => (
              <li key={user.id}>
                <span>
                  {user.email} {user.id === me.id && <span class="small">({t.you})</span>}
                </span>
                <span class="chip">{t[user.role]}</span>
                {(isAdmin || user.id === me.id) && <Membership user={user} me={me} changed={people.reload} />}
              </li>
            ))}
          </ul>
        )}
      </Show>
      {isAdmin && (
        <>
          <Show of={open}>
            {(all) =>
              all.length > 0 && (
                <>
                  <h3>{t.invited}</h3>
                  <ul class="list">
                    {all.map((invitation) => (
                      <li key={invitation.id}>
                        <span>
                          {invitation.email}{" "}
                          <span class="small">{t.until(time(instant(invitation.expires_at), t.lang))}</span>
                        </span>
                        <Act
                          class="plain"
                          label={`${t.takeBack}: ${invitation.email}`}
                          run={async () => {
                            const params = { path: { invitation_id: invitation.id } };
                            await ok(enishi.api.DELETE("/v1/service/invitations/{invitation_id}", { params, parseAs: "text" }));
                            await open.reload();
                          }}
                        >
                          {t.takeBack}
                        </Act>
                      </li>
                    ))}
                  </ul>
                </>
              )
            }
          </Show>
          <h3>{t.invite}</h3>
          <Form submit={submit} label={t.invite} done={t.sent}>
            <Field name="email" label={t.email} type="email" inputMode="email" autocomplete="off" />
            <Select
              name="role"
              label={t.role}
              options={[
                ["member", t.member],
                ["admin", t.admin],
              ]}
            />
            <Submit>{t.send}</Submit>
          </Form>
        </>
      )}
    </section>
  );
}

/** To give a member the other role, to remove them, or to leave. */
function Membership({ user, me, changed }: { user: Member; me: Member; changed: () => Promise<void> }) {
  const t = useTexts(orgs);
  const { route } = useLocation();
  const params = { path: { user_id: user.id } };
  const other = user.role === "admin" ? "member" : "admin";
  const isMe = user.id === me.id;
  const remove = async () => {
    await ok(enishi.api.DELETE("/v1/service/organization_members/{user_id}", { params, parseAs: "text" }));
    if (isMe) return route("/");
    await changed();
  };
  if (isMe) {
    return (
      <details class="whole">
        <summary>{t.leave}</summary>
        <Act class="quiet" run={remove}>
          {t.leaveSure}
        </Act>
      </details>
    );
  }
  return (
    <span class="row">
      {me.role === "admin" && (
        <Act
          class="plain"
          label={`${t.makeRole(t[other])}: ${user.email}`}
          run={async () => {
            await ok(enishi.api.PUT("/v1/service/organization_members/{user_id}", { params, body: { role: other }, parseAs: "text" }));
            await changed();
          }}
        >
          {t.makeRole(t[other])}
        </Act>
      )}
      <Act class="plain" label={`${t.remove}: ${user.email}`} run={remove}>
        {t.remove}
      </Act>
    </span>
  );
}

function Projects({ me }: { me: Member }) {
  const t = useTexts(orgs);
  const projects = useLoad(() => ok(enishi.api.GET("/v1/service/projects", { params: { query: { limit: 50 } } })));
  const usage = useLoad(() => ok(enishi.api.GET("/v1/service/usage", { params: { query: { limit: 1 } } })));
  const submit = async ({ name = "", video_length = "" }: Record<string, string>, form: HTMLFormElement) => {
    await ok(enishi.api.POST("/v1/service/projects", { body: { name, video_length: Number(video_length) } }));
    form.reset();
    await Promise.all([projects.reload(), usage.reload()]);
  };
  return (
    <section class="card">
      <h2>{t.projects}</h2>
      <Show of={usage}>{({ usage }) => <p class="small">{t.seconds(usage.left, usage.used)}</p>}</Show>
      <Show of={projects}>
        {({ projects: all }) =>
          all.length === 0 ? (
            <p class="small">{t.noProjects}</p>
          ) : (
            <ul class="list">
              {all.map((project) => (
                <li key={project.id}>
                  <span>{project.name}</span>
                  <span class="small">{project.video_length} s</span>
                  <span class="chip">{project.status}</span>
                  {(me.role === "admin" || project.user_id === me.id) && (
                    <Act
                      class="plain"
                      label={`${t.deleteProject}: ${project.name}`}
                      run={async () => {
                        const params = { path: { project_id: project.id } };
                        await ok(enishi.api.DELETE("/v1/service/projects/{project_id}", { params }));
                        await projects.reload();
                      }}
                    >
                      {t.deleteProject}
                    </Act>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      <Form submit={submit} label={t.make}>
        <Field name="name" label={t.project} maxLength={255} autocomplete="off" />
        <Field name="video_length" label={t.length} type="number" min={1} value={60} />
        <Submit>{t.make}</Submit>
      </Form>
    </section>
  );
}

/** `/invitations/accept?token=…` */
export function Accept() {
  const t = useTexts(orgs);
  const token = useToken();
  const [user, setUser] = useState<User>();
  const { route } = useLocation();
  const accept = async () => {
    if (!user) return;
    const { bearer, begin } = await firebase();
    await ok(enishi.api.POST("/v1/service/invitations/accept", { body: { token }, headers: await bearer(user) }));
    await begin(user);
    route("/orgs");
  };
  return (
    <Page title={t.accept} lang={t.lang} lede={t.acceptLede} mark="組">
      {!token ? <p>{t.noToken}</p> : user ? <Act run={accept}>{t.acceptButton}</Act> : <Gate done={setUser} />}
    </Page>
  );
}
