import { useTexts } from "../i18n";
import { common } from "../texts/common";
import { home } from "../texts/home";
import { Page } from "../ui";

const WAYS = [
  ["rooms", "/rooms", "朝"],
  ["visits", "/visits", "訪"],
  ["saju", "/saju", "柱"],
  ["market", "/market", "市"],
  ["orgs", "/orgs", "組"],
] as const;

export function Home() {
  const t = useTexts(home);
  const frame = useTexts(common);
  return (
    <Page title={t.title} lang={t.lang} lede={t.lede}>
      <svg class="thread" viewBox="0 0 1000 90" preserveAspectRatio="none" aria-hidden="true">
        <path d="M-10 60 C 120 -20 180 100 300 48 S 470 -8 560 46 S 760 104 840 40 S 950 10 1010 44" />
      </svg>
      <ul class="ways">
        {WAYS.map(([name, address, mark]) => (
          <li key={name} class="way">
            <span class="way-mark" aria-hidden="true" lang="ja">
              {mark}
            </span>
            <p class="way-name">{frame.products[name]}</p>
            <h2>
              <a href={address}>{t[name][0]}</a>
            </h2>
            <p class="small">{t[name][1]}</p>
          </li>
        ))}
      </ul>
      <p class="small">
        <a href="/docs">{t.reference}</a>
      </p>
    </Page>
  );
}
