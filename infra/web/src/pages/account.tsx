// Sign-up, and where the links of identity's mails lead.
import { ApiError, ok } from "@enishi/client";
import { useLocation } from "preact-iso/router";
import { useEffect, useState } from "preact/hooks";
import { config, enishi } from "../app";
import { useTexts } from "../i18n";
import { next } from "../next";
import { account } from "../texts/account";
import { Field, Form, Page, Submit } from "../ui";

export function SignUp() {
  const t = useTexts(account);
  const { query } = useLocation();
  const [written, setWritten] = useState("");
  const to = next(query, "/");
  const submit = async ({ username = "", email = "", password = "" }: Record<string, string>) => {
    const made = await ok(enishi.api.POST("/signup", { body: { username, email, password } }));
    await enishi.session.adopt(made);
    setWritten(made.email);
  };
  if (written) {
    return (
      <Page key="check" title={t.check} lang={t.lang} lede={t.checkLede(written)}>
        {config.local && <p class="small">{t.checkLocal}</p>}
        <p>
          <a class="button" href={to}>
            {t.goOn}
          </a>
        </p>
      </Page>
    );
  }
  return (
    <Page title={t.signUp} lang={t.lang} lede={t.signUpLede}>
      <section class="card narrow">
        <Form submit={submit} label={t.signUp}>
          <Field name="username" label={t.name} autocomplete="nickname" maxLength={150} />
          <Field name="email" label={t.email} type="email" autocomplete="username" inputMode="email" />
          <Field name="password" label={t.password} hint={t.passwordHint} type="password" autocomplete="new-password" />
          <Submit>{t.create}</Submit>
        </Form>
        <p class="small">
          {t.have} <a href={`/log-in?next=${encodeURIComponent(to)}`}>{t.logIn}</a>
        </p>
      </section>
    </Page>
  );
}

/** The token of the mail's link; it leaves the address bar, and so the history. */
export function useToken(): string {
  const { query } = useLocation();
  const [token] = useState(query["token"] ?? "");
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  return token;
}

/** Whether the link was used before, or is too old: then nothing that is entered would help. */
const isSpent = (thrown: unknown) => ApiError.from(thrown).fault("token") !== undefined;

/** `/verify-email?token=…` */
export function Verify() {
  const t = useTexts(account);
  const token = useToken();
  const [state, setState] = useState<"asking" | "password" | "spent" | "done">("asking");
  const verify = (password?: string) =>
    ok(enishi.api.POST("/api/auth/email/verify", { body: password ? { token, password } : { token } }));
  useEffect(() => {
    if (!token) return;
    // Whoever is logged in to the account has proved it; all others enter its password.
    if (!enishi.session.userId) return setState("password");
    verify().then(
      () => setState("done"),
      (thrown) => setState(isSpent(thrown) ? "spent" : "password"),
    );
  }, []);
  const submit = async ({ password = "" }: Record<string, string>) => {
    try {
      await verify(password);
      setState("done");
    } catch (thrown) {
      if (!isSpent(thrown)) throw thrown;
      setState("spent");
    }
  };
  return (
    <Page title={t.verify} lang={t.lang}>
      {!token && <p>{t.noToken}</p>}
      {token && state === "asking" && <p role="status">{t.verifying}</p>}
      {token && state === "password" && (
        <section class="card narrow">
          <p>{t.verifyPassword}</p>
          <Form submit={submit} label={t.verify}>
            <Field name="password" label={t.password} type="password" autocomplete="current-password" />
            <Submit>{t.verifyButton}</Submit>
          </Form>
          <p class="small">
            {t.notYou} <a href="/forgot-password">{t.reset}</a>
          </p>
        </section>
      )}
      {state === "spent" && <p role="alert">{t.spent}</p>}
      {state === "done" && (
        <>
          <p role="status" class="good">
            {t.verified}
          </p>
          <p>
            <a class="button" href="/">
              {t.goOn}
            </a>
          </p>
        </>
      )}
    </Page>
  );
}

export function Forgot() {
  const t = useTexts(account);
  const submit = ({ email = "" }: Record<string, string>) =>
    ok(enishi.api.POST("/api/auth/password/forgot", { body: { email } }));
  return (
    <Page title={t.reset} lang={t.lang} lede={t.forgotLede}>
      <section class="card narrow">
        <Form submit={submit} label={t.reset} done={t.sent}>
          <Field name="email" label={t.email} type="email" autocomplete="username" inputMode="email" />
          <Submit>{t.send}</Submit>
        </Form>
        {config.local && <p class="small">{t.checkLocal}</p>}
      </section>
    </Page>
  );
}

/** `/reset-password?token=…` */
export function Reset() {
  const t = useTexts(account);
  const token = useToken();
  const [spent, setSpent] = useState(false);
  const [done, setDone] = useState(false);
  const submit = async ({ password = "" }: Record<string, string>) => {
    try {
      await ok(enishi.api.POST("/api/auth/password/reset", { body: { token, password } }));
    } catch (thrown) {
      if (!isSpent(thrown)) throw thrown;
      return setSpent(true);
    }
    enishi.session.forget();
    setDone(true);
  };
  return (
    <Page title={t.reset} lang={t.lang}>
      {!token && <p>{t.noToken}</p>}
      {spent && (
        <>
          <p role="alert">{t.spent}</p>
          <p>
            <a href="/forgot-password">{t.send}</a>
          </p>
        </>
      )}
      {token && !done && !spent && (
        <section class="card narrow">
          <Form submit={submit} label={t.reset}>
            <Field name="password" label={t.newPassword} hint={t.passwordHint} type="password" autocomplete="new-password" />
            <Submit>{t.save}</Submit>
          </Form>
        </section>
      )}
      {done && (
        <>
          <p role="status" class="good">
            {t.resetDone}
          </p>
          <p>
            <a class="button" href="/log-in">
              {t.logIn}
            </a>
          </p>
        </>
      )}
    </Page>
  );
}
