import { ok } from "@enishi/client";
import { useLocation } from "preact-iso/router";
import { enishi } from "../app";
import { useTexts } from "../i18n";
import { next } from "../next";
import { account } from "../texts/account";
import { common } from "../texts/common";
import { Field, Form, Page, Submit } from "../ui";

/** The log-in, wherever a page needs somebody; the page itself goes on when they are there. */
export function LogIn() {
  const t = useTexts(account);
  const frame = useTexts(common);
  const { url } = useLocation();
  return (
    <section class="card narrow" lang={t.lang}>
      <p>{frame.needed}</p>
      <LogInForm />
      <Others here={url} />
    </section>
  );
}

export function LogInForm({ done }: { done?: () => void }) {
  const t = useTexts(account);
  const submit = async ({ email = "", password = "" }: Record<string, string>) => {
    const tokens = await ok(enishi.api.POST("/login", { body: { email, password } }));
    await enishi.session.adopt(tokens);
    done?.();
  };
  return (
    <Form submit={submit} label={t.logIn}>
      <Field name="email" label={t.email} type="email" autocomplete="username" inputMode="email" />
      <Field name="password" label={t.password} type="password" autocomplete="current-password" />
      <Submit>{t.logIn}</Submit>
    </Form>
  );
}

function Others({ here }: { here: string }) {
  const t = useTexts(account);
  const query = here === "/log-in" ? "" : `?next=${encodeURIComponent(here)}`;
  return (
    <p class="small">
      <a href="/forgot-password">{t.forgot}</a>
      <br />
      {t.none} <a href={`/sign-up${query}`}>{t.signUp}</a>
    </p>
  );
}

export function LogInPage() {
  const t = useTexts(account);
  const { query, route } = useLocation();
  const to = next(query, "/");
  return (
    <Page title={t.logIn} lang={t.lang} lede={t.logInLede}>
      <section class="card narrow">
        <LogInForm done={() => route(to)} />
        <Others here={to === "/" ? "/log-in" : to} />
      </section>
    </Page>
  );
}
