// `/saju/chart`: one's own four pillars, with what stands beside them and the rules by which they are reckoned.
import { type components, ok } from "@enishi/client";
import type { ComponentChildren } from "preact";
import { enishi, useUser } from "../app";
import { useTexts } from "../i18n";
import { saju } from "../texts/saju";
import { Page, Show, useLoad } from "../ui";

type Schemas = components["schemas"];
type Pillar = Schemas["Pillar"];

/** In the order in which they are read in Korea: from the right. */
const ORDER = ["hour", "day", "month", "year"] as const;

export function Chart() {
  const t = useTexts(saju);
  return (
    <Page title={t.chart} lang={t.lang} lede={t.chartLede} mark="柱" guarded>
      <Own />
      <p>
        <a href="/saju">{t.back}</a>
      </p>
    </Page>
  );
}

function Own() {
  const t = useTexts(saju);
  const user = useUser();
  const chart = useLoad(() => ok(enishi.api.GET("/api/saju/me")), [user]);
  return (
    <Show of={chart}>
      {(own) => (
        <>
          <section class="card">
            <p>
              {t.born(own.birth_date, t.calendars[own.calendar], own.birth_time)}
              {own.leap_month && ` · ${t.leap}`}
              {own.calendar === "lunar" && ` · ${t.solarDate(own.solar_birth_date)}`}
            </p>
            <Pillars pillars={own.pillars} />
            <p>
              {t.season}: <span lang="ko">{own.season.name}</span> <span lang="zh-Hant">{own.season.hanja}</span>
            </p>
          </section>
          <div class="columns">
            <section class="card">
              <h2>{t.elements}</h2>
              <ul class="parts-of">
                {own.elements.map((element) => (
                  <li key={element.key}>
                    <span class="row apart">
                      <Term of={element} />
                      <span>{element.count}</span>
                    </span>
                    <meter class={`e-${element.key}`} min={0} max={8} value={element.count} aria-label={element.name} />
                  </li>
                ))}
              </ul>
            </section>
            <section class="card" lang="ko">
              <h2 lang={t.lang}>{t.rules}</h2>
              <p class="small">{own.rules.terms}</p>
              <p class="small">{own.rules.late_night}</p>
              <p class="small">{own.rules.solar_time}</p>
            </section>
          </div>
        </>
      )}
    </Show>
  );
}

function Term({ of }: { of: { name: string; hanja: string } }) {
  return (
    <span>
      <span lang="ko">{of.name}</span> <span lang="zh-Hant">{of.hanja}</span>
    </span>
  );
}

function Pillars({ pillars }: { pillars: Schemas["FourPillars"] }) {
  const t = useTexts(saju);
  const all = ORDER.map((name) => [name, pillars[name] ?? undefined] as const);
  const rows: [label: string, cell: (pillar: Pillar) => ComponentChildren][] = [
    [t.reading, ({ name }) => <span lang="ko">{name}</span>],
    [t.tenGod, ({ stem }) => (stem.ten_god ? <Term of={stem.ten_god} /> : <span class="small">{t.self}</span>)],
    [t.stem, ({ stem }) => <Sign of={stem} element={stem.element} />],
    [t.branch, ({ branch }) => <Sign of={branch} element={branch.element} />],
    [t.tenGod, ({ branch }) => <Term of={branch.ten_god} />],
    [t.hidden, ({ branch }) => <HiddenStems of={branch.hidden_stems} />],
  ];
  return (
    <table class="pillars">
      <caption class="visually-hidden">{t.chart}</caption>
      <thead>
        <tr>
          <td />
          {all.map(([name]) => (
            <th key={name} scope="col">
              {t.pillarNames[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, cell], at) => (
          <tr key={at}>
            <th scope="row">{label}</th>
            {all.map(([name, pillar]) =>
              pillar ? (
                <td key={name}>{cell(pillar)}</td>
              ) : (
                at === 0 && (
                  <td key={name} rowSpan={rows.length} class="small">
                    {t.unknown}
                  </td>
                )
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function HiddenStems({ of }: { of: Schemas["HiddenStem"][] }) {
  return (
    <ul class="hidden-stems">
      {of.map((stem) => (
        <li key={stem.key}>
          <Term of={stem} />
          <span class="small">
            <span lang="ko">{stem.phase.name}</span> · <Term of={stem.ten_god} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A stem or a branch: the sign, its reading, its element. */
function Sign({ of, element }: { of: { name: string; hanja: string }; element: string }) {
  const t = useTexts(saju);
  return (
    <span class={`sign e-${element}`}>
      <span class="hanja" lang="zh-Hant">
        {of.hanja}
      </span>
      <span lang="ko">{of.name}</span>
      <span class="small">{t.elementNames[element] ?? element}</span>
    </span>
  );
}
