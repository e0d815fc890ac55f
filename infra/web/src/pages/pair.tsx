// Saju: what two people see of each other, and what one can do about the other.
import { type components, ok } from "@enishi/client";
import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import { enishi } from "../app";
import { useTexts } from "../i18n";
import { saju } from "../texts/saju";
import { Act, Area, Form, Select, Submit } from "../ui";

type Schemas = components["schemas"];

/** Somebody's picture, or the first letter of their name. */
export function Face({ name, url }: { name: string | null; url: string | null | undefined }) {
  return (
    <span class="face" aria-hidden="true">
      {url ? <img src={url} alt="" /> : [...(name ?? "?")][0]}
    </span>
  );
}

/** What the score is made of. */
export function Why({ parts }: { parts: Schemas["Part"][] }) {
  return (
    <ul class="parts-of" lang="ko">
      {parts.map((part) => (
        <li key={part.name}>
          <span class="row apart small">
            <strong>{part.label}</strong>
            <span>
              {part.points}/{part.max}
            </span>
          </span>
          <meter min={0} max={part.max} value={part.points} aria-label={part.label} />
          <span class="small">{part.reason}</span>
        </li>
      ))}
    </ul>
  );
}

interface AskProps {
  user_id: string;
  name: string;
  changed: () => Promise<void>;
}

export function Ask({ user_id, name, changed }: AskProps) {
  const t = useTexts(saju);
  const [asked, setAsked] = useState(false);
  if (asked) {
    return (
      <p role="status">
        <span class="chip on">{t.asked}</span>
      </p>
    );
  }
  return (
    <Act
      label={`${t.ask}: ${name}`}
      run={async () => {
        await ok(enishi.api.POST("/api/matches/request", { body: { receiver_id: user_id } }));
        setAsked(true);
        await changed();
      }}
    >
      {t.ask}
    </Act>
  );
}

/** Where a request stands, and what one can answer. */
export function Answers({ match, changed }: { match: Schemas["Match"]; changed: () => Promise<void> }) {
  const t = useTexts(saju);
  const params = { path: { match_id: match.match_id } };
  const then = (answer: Promise<unknown>) => answer.then(changed);
  if (match.status === "declined") return <span class="chip">{t.declined}</span>;
  if (match.status === "matched" && match.chat_id) {
    return (
      <>
        <span class="chip on">{t.matched}</span>
        <a class="button" href={`/saju/chats/${match.chat_id}`}>
          {t.open}
        </a>
      </>
    );
  }
  if (match.status !== "requested") return null;
  if (match.direction === "sent") {
    return (
      <>
        <span class="chip">{t.sent}</span>
        <Act class="plain" run={() => then(ok(enishi.api.POST("/api/matches/{match_id}/cancel", { params })))}>
          {t.cancel}
        </Act>
      </>
    );
  }
  return (
    <>
      <Act run={() => then(ok(enishi.api.POST("/api/matches/{match_id}/accept", { params })))}>{t.accept}</Act>
      <Act class="quiet" run={() => then(ok(enishi.api.POST("/api/matches/{match_id}/decline", { params })))}>
        {t.decline}
      </Act>
    </>
  );
}

interface SafetyProps {
  user_id: string;
  /** Where the two are matched. */
  chat_id?: string | undefined;
}

/** To part for good, to block, to report. */
export function Safety({ user_id, chat_id }: SafetyProps) {
  const t = useTexts(saju);
  const { route } = useLocation();
  const report = ({ reason = "other", details }: Record<string, string>) => {
    const body = { user_id, reason: reason as Schemas["Reason"], ...(details && { details }), ...(chat_id && { chat_id }) };
    return ok(enishi.api.POST("/api/reports", { body }));
  };
  return (
    <details>
      <summary>{t.safety}</summary>
      <div class="stack">
        {chat_id && (
          <div class="stack">
            <p class="small">{t.endLede}</p>
            <Act
              class="quiet"
              run={async () => {
                await ok(enishi.api.DELETE("/api/chats/{chat_id}", { params: { path: { chat_id } } }));
                route("/saju");
              }}
            >
              {t.end}
            </Act>
          </div>
        )}
        <p class="small">{t.blockLede}</p>
        <Act
          class="quiet"
          run={async () => {
            await ok(enishi.api.POST("/api/blocks", { body: { user_id } }));
            route("/saju");
          }}
        >
          {t.block}
        </Act>
        <Form label={t.report} submit={report} done={t.reported}>
          <Select name="reason" label={t.reportReason} options={Object.entries(t.reasons)} />
          <Area name="details" label={t.reportDetails} maxLength={2000} />
          <Submit class="quiet">{t.report}</Submit>
        </Form>
      </div>
    </details>
  );
}
