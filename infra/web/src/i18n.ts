// Texts in the language of who reads them: a dictionary a page, in the languages of its people.
import { useEffect, useState } from "preact/hooks";

export const LANGUAGES = { en: "English", ja: "日本語", ko: "한국어" } as const;
export type Language = keyof typeof LANGUAGES;

/** A page's texts; English always. */
export type Texts<T> = { en: T } & Partial<Record<Language, T>>;

const PLACE = "enishi.language";
const listeners = new Set<() => void>();

function isLanguage(text: string | null | undefined): text is Language {
  return text != null && Object.hasOwn(LANGUAGES, text);
}

function stored(): Language | undefined {
  try {
    const text = localStorage.getItem(PLACE);
    return isLanguage(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

let chosen = stored();

/** In the order in which they are liked. */
function liked(): Language[] {
  const browsers = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).filter(isLanguage);
  return [...(chosen ? [chosen] : []), ...browsers, "en"];
}

/** The language of the pages' frame, and of mails to a new account. */
export function language(): Language {
  return liked()[0] ?? "en";
}

export function choose(language: Language): void {
  chosen = language;
  try {
    localStorage.setItem(PLACE, language);
  } catch {
    // Then it is chosen for this page's life.
  }
  for (const listener of listeners) listener();
}

/** A page's texts in the best language that it has, with that language. */
export function useTexts<T extends object>(texts: Texts<T>): T & { lang: Language } {
  const [, again] = useState({});
  useEffect(() => {
    const listener = () => again({});
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  const lang = liked().find((one) => texts[one]) ?? "en";
  return { ...(texts[lang] ?? texts.en), lang };
}

/** Where the browser says which of a language's lands it is in, that one's way of writing. */
const land = (lang: Language) => navigator.languages.find((tag) => tag.toLowerCase().startsWith(`${lang}-`)) ?? lang;

/** A time as people write it. */
export function time(of: string | number | Date, lang: Language, options: Intl.DateTimeFormatOptions = {}): string {
  const style: Intl.DateTimeFormatOptions = { month: "long", day: "numeric", weekday: "short", hour: "numeric", minute: "2-digit" };
  return new Intl.DateTimeFormat(land(lang), { ...style, ...options }).format(new Date(of));
}

/** A date without a time, such as `2026-11-21`. */
export function day(of: string, lang: Language): string {
  const style: Intl.DateTimeFormatOptions = { month: "long", day: "numeric", weekday: "long", timeZone: "UTC" };
  return new Intl.DateTimeFormat(land(lang), style).format(new Date(`${of}T00:00:00Z`));
}

export function yen(amount: number, lang: Language): string {
  return new Intl.NumberFormat(land(lang), { style: "currency", currency: "JPY", currencyDisplay: "narrowSymbol" }).format(amount);
}
