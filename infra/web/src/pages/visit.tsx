// `/meetings/{matching_id}`: where a visit stands, what one may do next, what the two write.
import { ApiError, type components, ok } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { useEffect, useRef, useState } from "preact/hooks";
import { enishi } from "../app";
import { time, useTexts } from "../i18n";
import { useLive } from "../live";
import { merge, unbroken } from "../numbers";
import { visits } from "../texts/visits";
import { Act, Area, Field, Form, leave, Page, Show, Submit, useAgain, useLoad } from "../ui";

type Schemas = components["schemas"];
type Matching = Schemas["ShownMatching"];
type Action = Schemas["MatchingAction"];

export function Visit() {
  const t = useTexts(visits);
  return (
    <Page title={t.visit} lang={t.lang} mark="訪" guarded>
      <One />
      <p>
        <a href="/visits">{t.back}</a>
      </p>
    </Page>
  );
}

function One() {
  const matching_id = useRoute().params["id"] ?? "";
  const params = { path: { matching_id } };
  const matching = useLoad(() => ok(enishi.api.GET("/api/matching/{matching_id}", { params })), [matching_id]);
  // The other acts too, and Stripe tells of a payment moments after it has led back here.
  useAgain(matching.reload, !["declined", "cancelled", "refunded"].includes(matching.data?.state ?? ""), 5_000);
  return (
    <Show of={matching}>
      {(found) => (
        <div class="columns">
          <div class="stack">
            <State visit={found} set={matching.set} reload={matching.reload} />
            <Safety matching_id={matching_id} />
          </div>
          <Messages visit={found} />
        </div>
      )}
    </Show>
  );
}

interface StateProps {
  visit: Matching;
  set: (visit: Matching) => void;
  reload: () => Promise<void>;
}

const ORDER = ["requested", "accepted", "scheduled", "paid", "done"] as const;

function State({ visit, set, reload }: StateProps) {
  const t = useTexts(visits);
  const matching_id = visit.id;
  const params = { path: { matching_id } };
  const update = async (action: Action, more: { date?: string } = {}) =>
    set(await ok(enishi.api.PUT("/api/matching/{matching_id}", { params, body: { action, ...more } })));
  const book = async () => {
    const { date, meeting_length } = visit;
    await ok(enishi.api.POST("/api/meeting", { body: { matching_id, date: date ?? "", meeting_length } }));
    await reload();
  };
  const pay = async () => leave((await ok(enishi.api.POST("/api/payment", { body: { matching_id } }))).checkout_url);
  const consent = async (given: boolean) => {
    await ok(enishi.api.PUT("/api/meeting/{matching_id}/recording", { params, body: { consent: given } }));
    await reload();
  };
  const isSpeaker = visit.role === "speaker";
  const isOpen = ["requested", "accepted", "scheduled", "paid"].includes(visit.state);
  const others = visit.proposal && visit.proposal.by !== visit.role;
  const mayAccept = visit.proposal ? others : visit.state === "requested" && isSpeaker && visit.date !== null;
  const way: readonly string[] = ORDER;
  return (
    <section class="card">
      <ol class="steps">
        {(way.includes(visit.state) ? way : [visit.state]).map((state) => (
          <li key={state} aria-current={state === visit.state ? "step" : undefined}>
            {t.states[state]}
          </li>
        ))}
      </ol>
      <p role="status" class="visually-hidden">
        {t.states[visit.state]}
      </p>
      <p class="big">{visit.date ? time(visit.date, t.lang) : t.noDate}</p>
      <dl class="pairs">
        <dt>{t.with}</dt>
        <dd>
          {visit.partner?.name && <strong>{visit.partner.name} · </strong>}
          {[visit.other.affiliation, visit.other.job, visit.other.department, visit.other.position].filter(Boolean).join(" · ")}
        </dd>
        <dt>{t.length}</dt>
        <dd>{t.minutes(visit.meeting_length)}</dd>
      </dl>
      {visit.message && <blockquote class="said">{visit.message}</blockquote>}
      {visit.proposal && (
        <p class="good">
          {t.proposal(
            t.proposed[visit.proposal.by],
            `${visit.proposal.date ? time(visit.proposal.date, t.lang) : t.noDate}, ${t.minutes(visit.proposal.meeting_length)}`,
          )}
        </p>
      )}
      <p class="row">
        {mayAccept && <Act run={() => update("accept")}>{t.accept}</Act>}
        {visit.state === "accepted" && visit.date && !visit.proposal && <Act run={book}>{t.book}</Act>}
        {visit.state === "scheduled" && !isSpeaker && <Act run={pay}>{t.pay}</Act>}
        {visit.state === "paid" && (
          <a class="button" href={`/meetings/${visit.id}/room`}>
            {t.enter}
          </a>
        )}
        {visit.state === "requested" && isSpeaker && (
          <Act class="quiet" run={() => update("decline")}>
            {t.decline}
          </Act>
        )}
        {isOpen && !(visit.state === "requested" && isSpeaker) && (
          <Act class="quiet" run={() => update("cancel")}>
            {t.cancel}
          </Act>
        )}
      </p>
      {visit.state === "scheduled" && !isSpeaker && <p class="small">{t.payHint}</p>}
      {visit.state === "paid" && <p class="small">{t.enterHint}</p>}
      {isOpen && (
        <details>
          <summary>{t.propose}</summary>
          <Form
            class="inline"
            label={t.propose}
            submit={({ date = "" }) => update("propose", date ? { date: new Date(date).toISOString() } : {})}
          >
            <Field name="date" label={t.date} type="datetime-local" step={900} />
            <Submit class="quiet">{t.send}</Submit>
          </Form>
        </details>
      )}
      {visit.state === "paid" && <Consent visit={visit} consent={consent} />}
      {visit.audio_url && (
        <div class="stack">
          <h2>{t.listen}</h2>
          <audio controls src={visit.audio_url} />
        </div>
      )}
    </section>
  );
}

function Consent({ visit, consent }: { visit: Matching; consent: (given: boolean) => Promise<void> }) {
  const t = useTexts(visits);
  const both = visit.consent.speaker && visit.consent.listener;
  return (
    <div class="stack">
      <h2>{t.recording}</h2>
      {visit.consent[visit.role] ? (
        <>
          <p>{both ? t.consentGiven : t.consentMine}</p>
          <Act class="quiet" run={() => consent(false)}>
            {t.withdraw}
          </Act>
        </>
      ) : (
        <Act class="quiet" run={() => consent(true)}>
          {t.consent}
        </Act>
      )}
    </div>
  );
}

/** To report the other, or to block them. */
function Safety({ matching_id }: { matching_id: string }) {
  const t = useTexts(visits);
  const [blocked, setBlocked] = useState(false);
  return (
    <details>
      <summary>{t.safety}</summary>
      <div class="stack">
        <p class="small">{t.blockLede}</p>
        {blocked ? (
          <p role="status" class="good">
            {t.blocked}
          </p>
        ) : (
          <Act
            class="quiet"
            run={async () => {
              await ok(enishi.api.POST("/api/visits/blocks", { body: { matching_id } }));
              setBlocked(true);
            }}
          >
            {t.block}
          </Act>
        )}
        <Form
          label={t.report}
          done={t.reported}
          submit={({ reason = "" }) => ok(enishi.api.POST("/api/visits/reports", { body: { matching_id, reason } }))}
        >
          <Area name="reason" label={t.happened} maxLength={1000} />
          <Submit class="quiet">{t.report}</Submit>
        </Form>
      </div>
    </details>
  );
}

function Messages({ visit }: { visit: Matching }) {
  const t = useTexts(visits);
  const [messages, setMessages] = useState<Schemas["MatchingMessage"][]>([]);
  const held = useRef(messages);
  const [gone, setGone] = useState(false);
  const matching_id = visit.id;
  const take = (more: readonly Schemas["MatchingMessage"][]) => {
    held.current = merge(held.current, more);
    setMessages(held.current);
  };
  const catchUp = async () => {
    const after = held.current.length > 0 ? { after_seq: unbroken(held.current) } : {};
    try {
      take(await ok(enishi.api.GET("/api/messages", { params: { query: { matching_id, limit: 100, ...after } } })));
    } catch (thrown) {
      if (ApiError.from(thrown).status === 404) setGone(true);
    }
  };
  useEffect(() => void catchUp(), [matching_id]);
  useLive({
    open: () => void catchUp(),
    matchingMessage: (frame) => {
      if (frame.matching_id !== matching_id) return;
      take([frame]);
      if (unbroken(held.current) < frame.seq) void catchUp();
    },
  });
  const send = async ({ text = "" }: Record<string, string>, form: HTMLFormElement) => {
    const client_msg_id = crypto.randomUUID();
    take([await ok(enishi.api.POST("/api/messages", { body: { matching_id, text, client_msg_id } }))]);
    form.reset();
  };
  if (gone) return null;
  return (
    <section class="stack">
      <h2>{t.messages}</h2>
      <div class="messages" role="log" aria-label={t.messages} tabIndex={0}>
        <ol>
          {messages.map((message) => (
            <li key={message.seq} class={message.sender === visit.role ? "mine" : ""}>
              <span class="visually-hidden">{message.sender === visit.role ? t.you : t.other}: </span>
              {message.text}
              <time dateTime={message.sent_at}>{time(message.sent_at, t.lang)}</time>
            </li>
          ))}
        </ol>
      </div>
      <Form class="write" submit={send}>
        <Field name="text" label={t.write} maxLength={2000} autocomplete="off" />
        <Submit>{t.send}</Submit>
      </Form>
    </section>
  );
}
