// What pages are made of: a page with its title and focus, forms that say what is wrong, lists that load.
import { ApiError } from "@enishi/client";
import { type ComponentChildren, createContext, type JSX } from "preact";
import { useCallback, useContext, useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useUser } from "./app";
import { type Language, useTexts } from "./i18n";
import { LogIn } from "./pages/login";
import { common } from "./texts/common";

let arrived = false;

interface PageProps {
  title: string;
  lang: Language;
  lede?: ComponentChildren;
  /** The product's sign. */
  mark?: string;
  /** Whether only somebody who is logged in may see it. */
  guarded?: boolean;
  children?: ComponentChildren;
}

/** A page. Its heading has the focus as soon as one has come here from another one, so that it is read out. */
export function Page({ title, lang, lede, mark, guarded = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const user = useUser();
  useEffect(() => {
    document.title = `${title} · Enishi`;
  }, [title]);
  useLayoutEffect(() => {
    if (arrived) heading.current?.focus();
    arrived = true;
  }, []);
  return (
    <main id="content" lang={lang} class="page">
      <header class="page-head">
        {mark && (
          <span class="seal" aria-hidden="true">
            {mark}
          </span>
        )}
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lede && <p class="lede">{lede}</p>}
        </div>
      </header>
      {guarded && !user ? <LogIn /> : children}
    </main>
  );
}

/** What was thrown, as an error of the API's; what is nobody's answer is told to whoever looks after the pages. */
function failure(thrown: unknown): ApiError {
  const error = ApiError.from(thrown);
  if (error.code === "unexpected") reportError(thrown);
  return error;
}

/** What went wrong, in the reader's language where we have it; else in the API's words. */
export function useExplain(): (error: ApiError) => string {
  const t = useTexts(common);
  return (error) => t.errors[error.code] ?? error.message;
}

export function Trouble({ error, again }: { error: ApiError; again?: () => void }) {
  const explain = useExplain();
  const t = useTexts(common);
  return (
    <div class="trouble" role="alert" lang={t.lang}>
      <p>{explain(error)}</p>
      {(error.code === "forbidden" || error.code === "not_found") && (
        <p class="small" lang="en">
          {error.message}
        </p>
      )}
      {again && (
        <button type="button" class="quiet" onClick={again}>
          {t.again}
        </button>
      )}
    </div>
  );
}

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  reload(): Promise<void>;
  set(data: T): void;
}

/** Loads when it is first drawn and when `on` changes; what comes too late is dropped. */
export function useLoad<T>(load: () => Promise<T>, on: readonly unknown[] = []): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: ApiError }>({});
  const latest = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++latest.current;
    try {
      const data = await load();
      if (mine === latest.current) setState({ data });
    } catch (thrown) {
      // What is shown stays; only where there is nothing yet is the error all there is.
      if (mine === latest.current) setState((before) => ({ ...before, error: failure(thrown) }));
    }
  }, on);
  useEffect(() => {
    void reload();
    return () => void latest.current++;
  }, [reload]);
  const set = useCallback((data: T) => setState({ data }), []);
  return { data: state.data, error: state.error, reload, set };
}

/**
 * Asks again, as long as `when` holds and somebody looks, at most `most` times: what others do, and what Stripe and the
 * schedules tell, comes by itself.
 */
export function useAgain(ask: () => unknown, when: boolean, every: number, most = 240): void {
  useEffect(() => {
    if (!when) return;
    let left = most;
    const asking = setInterval(() => {
      if (document.hidden) return;
      if (--left === 0) clearInterval(asking);
      ask();
    }, every);
    return () => clearInterval(asking);
  }, [ask, when, every, most]);
}

export function Show<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  const t = useTexts(common);
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Trouble error={of.error} again={() => void of.reload()} />;
  return (
    <p class="waiting" role="status" lang={t.lang}>
      {t.loading}
    </p>
  );
}

interface FormState {
  error: ApiError | undefined;
  pending: boolean;
}
/** A form's state, and the names of the fields that it has. */
const FormContext = createContext<FormState & { names: Set<string> }>({ error: undefined, pending: false, names: new Set() });

/** Whether a fault is a field's, or of something inside it. */
const isOf = (name: string, field: string) => field === name || field.startsWith(`${name}.`);

interface FormProps {
  /** What the fields hold, by their names; empty ones are left out. */
  submit: (values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>;
  children: ComponentChildren;
  label?: string;
  class?: string;
  /** Said when it is done. */
  done?: string;
}

/** A form. What is wrong is said beside the field, and the first such field has the focus. */
export function Form({ submit, children, label, done, class: kind = "" }: FormProps) {
  const [state, setState] = useState<FormState & { done?: boolean }>({ error: undefined, pending: false });
  const form = useRef<HTMLFormElement>(null);
  const [names] = useState(() => new Set<string>());
  const explain = useExplain();
  const frame = useTexts(common);
  // What no field shows is said above all of them.
  const others = state.error?.faults.filter(({ field }) => ![...names].some((name) => isOf(name, field))) ?? [];
  useEffect(() => {
    if (!state.error) return;
    const marked = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    (marked ?? form.current?.querySelector<HTMLElement>(".form-error"))?.focus();
  }, [state.error]);
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    const element = form.current;
    if (!element || state.pending) return;
    const values: Record<string, string> = {};
    for (const [name, value] of new FormData(element)) {
      if (typeof value === "string" && value.trim() !== "") values[name] = value;
    }
    setState({ error: undefined, pending: true });
    try {
      await submit(values, element);
      setState({ error: undefined, pending: false, done: true });
    } catch (thrown) {
      setState({ error: failure(thrown), pending: false });
    }
  };
  return (
    <FormContext.Provider value={{ ...state, names }}>
      <form ref={form} class={`form ${kind}`} aria-label={label} aria-busy={state.pending} onSubmit={onSubmit} noValidate>
        {state.error && (
          <p class="form-error" role="alert" tabIndex={-1}>
            {state.error.faults.length > 0 ? frame.wrong : explain(state.error)}
            {others.map(({ field, rule, code }) => (
              <span key={field} lang="en">
                {" "}
                {field}: {rule ?? code}
              </span>
            ))}
          </p>
        )}
        {children}
        <p class="done" role="status">
          {state.done && !state.pending ? done : ""}
        </p>
      </form>
    </FormContext.Provider>
  );
}

function useFault(name: string): string | undefined {
  const { error, names } = useContext(FormContext);
  const t = useTexts(common);
  names.add(name);
  const fault = error?.faults.find(({ field }) => isOf(name, field));
  if (!fault) return undefined;
  if (fault.code === "already_exists") return t.taken;
  if (fault.code === "missing" || fault.code === "missing_field") return t.missing;
  return fault.rule ? `${t.invalid} (${fault.rule})` : t.invalid;
}

interface InputProps {
  name: string;
  label: string;
  hint?: string | undefined;
  class?: string;
  type?: "text" | "email" | "password" | "date" | "time" | "datetime-local" | "number" | "file" | "checkbox" | "tel" | "search";
  autocomplete?: string;
  inputMode?: "email" | "numeric" | "tel";
  /** What it holds at first. */
  value?: string | number | undefined;
  checked?: boolean;
  min?: string | number;
  max?: string | number;
  step?: number;
  maxLength?: number;
  accept?: string;
}

export function Field({ name, label, hint, class: kind = "", value, checked, ...input }: InputProps) {
  const id = useId();
  const fault = useFault(name);
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class={`field ${kind}`}>
      <label for={id}>{label}</label>
      <input
        {...(input as JSX.IntrinsicElements["input"])}
        id={id}
        name={name}
        defaultValue={value}
        defaultChecked={checked}
        aria-invalid={fault ? "true" : undefined}
        aria-describedby={described || undefined}
      />
      <Beside id={id} hint={hint} fault={fault} />
    </div>
  );
}

interface AreaProps {
  name: string;
  label: string;
  hint?: string;
  rows?: number;
  value?: string | undefined;
  maxLength?: number;
}

export function Area({ name, label, hint, rows = 3, value, maxLength }: AreaProps) {
  const id = useId();
  const fault = useFault(name);
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        name={name}
        rows={rows}
        defaultValue={value ?? ""}
        maxLength={maxLength}
        aria-invalid={fault ? "true" : undefined}
        aria-describedby={described || undefined}
      />
      <Beside id={id} hint={hint} fault={fault} />
    </div>
  );
}

interface SelectProps {
  name: string;
  label: string;
  options: readonly (readonly [value: string, label: string])[];
  value?: string;
  onChange?: (value: string) => void;
}

export function Select({ name, label, options, value, onChange }: SelectProps) {
  const id = useId();
  const fault = useFault(name);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        aria-invalid={fault ? "true" : undefined}
        aria-describedby={fault ? `${id}-fault` : undefined}
        onChange={(event) => onChange?.(event.currentTarget.value)}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
      <Beside id={id} fault={fault} />
    </div>
  );
}

function Beside({ id, hint, fault }: { id: string; hint?: string | undefined; fault?: string | undefined }) {
  return (
    <>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </>
  );
}

export function Submit({ children, class: kind = "" }: { children: ComponentChildren; class?: string }) {
  const { pending } = useContext(FormContext);
  return (
    <button type="submit" class={kind} aria-disabled={pending}>
      {children}
    </button>
  );
}

interface ActProps {
  run: () => Promise<unknown>;
  children: ComponentChildren;
  class?: string;
  label?: string | undefined;
}

/** A button that does something; where it fails, it says why. */
export function Act({ run, children, class: kind = "", label }: ActProps) {
  const [state, setState] = useState<FormState>({ error: undefined, pending: false });
  const explain = useExplain();
  const press = async () => {
    if (state.pending) return;
    setState({ error: undefined, pending: true });
    try {
      await run();
      setState({ error: undefined, pending: false });
    } catch (thrown) {
      setState({ error: failure(thrown), pending: false });
    }
  };
  return (
    <span class="act">
      <button type="button" class={kind} aria-disabled={state.pending} aria-label={label} onClick={press}>
        {children}
      </button>
      {state.error && (
        <span class="fault" role="alert">
          {explain(state.error)}
        </span>
      )}
    </span>
  );
}

/** A text to take along, such as an address that is told once. */
export function Copy({ label, text, hint }: { label: string; text: string; hint?: string }) {
  const t = useTexts(common);
  const id = useId();
  const [copied, setCopied] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const copy = async () => {
    input.current?.select();
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="copy">
        <input ref={input} id={id} readOnly value={text} aria-describedby={hint ? `${id}-hint` : undefined} />
        <Act run={copy}>{t.copy}</Act>
      </div>
      <p class="hint" role="status">
        {copied ? t.copied : ""}
      </p>
      <Beside id={id} hint={hint} />
    </div>
  );
}

/** Leaves for a page that is not ours, such as Stripe's. */
export function leave(url: string): Promise<never> {
  location.assign(url);
  // The button stays pressed until the page is gone.
  return new Promise(() => undefined);
}
