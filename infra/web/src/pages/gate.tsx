// The log-in with Firebase, until the address is known to be theirs.
import { useState } from "preact/hooks";
import { config } from "../app";
import type { User } from "../firebase";
import { useTexts } from "../i18n";
import { orgs } from "../texts/orgs";
import { Act, Field, Form, Submit } from "../ui";

/** Firebase's SDK is asked for when somebody logs in with it, and not before. */
export const firebase = () => import("../firebase");

let known: User | undefined;

/** Whoever has logged in there, as long as this page lives. */
export const atFirebase = () => known;

/** Where the emulator of a developer's machine lists the links of its mails, which go nowhere. */
function mails(): string | undefined {
  const { emulator, projectId } = config.firebase ?? {};
  return emulator && `${emulator}/emulator/v1/projects/${projectId}/oobCodes`;
}

/** Asks who it is; `done` gets them with a confirmed address. With `session`, a session of ours begins. */
export function Gate({ done, session = false }: { done: (user: User) => void; session?: boolean }) {
  const t = useTexts(orgs);
  const [user, setUser] = useState<User>();
  const [waits, setWaits] = useState(false);
  const go = async (user: User) => {
    if (!user.emailVerified) return setUser(user);
    known = user;
    if (session) await (await firebase()).begin(user);
    done(user);
  };
  const submit = async ({ email = "", password = "", first }: Record<string, string>) => {
    const { signUp, logIn } = await firebase();
    await go(await (first ? signUp(email, password) : logIn(email, password)));
  };
  if (user) {
    const links = mails();
    return (
      <section class="card narrow" role="status">
        <p>{t.confirm(user.email ?? "")}</p>
        {links && (
          <p class="small">
            {t.local}{" "}
            <a href={links} target="_blank" rel="noreferrer">
              {t.here}
            </a>
          </p>
        )}
        <Act
          run={async () => {
            setWaits(!(await (await firebase()).look(user)));
            if (user.emailVerified) await go(user);
          }}
        >
          {t.confirmed}
        </Act>
        {waits && <p class="fault">{t.notConfirmed}</p>}
      </section>
    );
  }
  return (
    <section class="card narrow">
      <h2>{t.who}</h2>
      <p class="small">{t.whoLede}</p>
      <Form submit={submit} label={t.enter}>
        <Field name="email" label={t.email} type="email" autocomplete="username" inputMode="email" />
        <Field name="password" label={t.password} type="password" autocomplete="current-password" />
        <Field class="check" name="first" label={t.first} type="checkbox" />
        <Submit>{t.enter}</Submit>
      </Form>
    </section>
  );
}
