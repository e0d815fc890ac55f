// A chat over the WebSocket; what is missing is asked for over HTTP, by its number.
import { ApiError, type components, ok } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { useEffect, useRef, useState } from "preact/hooks";
import { enishi, useUser } from "../app";
import { useLive } from "../live";
import { time, useTexts } from "../i18n";
import { merge, unbroken } from "../numbers";
import { saju } from "../texts/saju";
import { Field, Form, Page, Submit, Trouble, useLoad } from "../ui";
import { Safety } from "./pair";

type Message = components["schemas"]["ChatMessage"] & { client_msg_id?: string };

export function Chat() {
  const t = useTexts(saju);
  const chat_id = useRoute().params["id"] ?? "";
  const user = useUser();
  const chats = useLoad(
    async () => (user ? ok(enishi.api.GET("/api/chats", { params: { query: { limit: 50 } } })) : []),
    [user],
  );
  const chat = chats.data?.find((chat) => chat.chat_id === chat_id);
  const partner = chat?.partner;
  return (
    <Page title={partner ? t.chatOf(partner.name ?? t.somebody) : t.chat} lang={t.lang} mark="柱" guarded>
      <Talk key={chat_id} chat_id={chat_id} read={chat?.partner_read_seq ?? 0} />
      {partner && (
        <section class="chat">
          {partner.name && (
            <p>
              <a href={`/saju/people/${partner.user_id}`}>{t.look(partner.name)}</a>
            </p>
          )}
          <Safety user_id={partner.user_id} chat_id={chat_id} />
        </section>
      )}
      <p>
        <a href="/saju">{t.back}</a>
      </p>
    </Page>
  );
}

/** `read`: up to which of one's own messages the other has read, when one came here; 0 where that is not told. */
function Talk({ chat_id, read }: { chat_id: string; read: number }) {
  const t = useTexts(saju);
  const me = useUser();
  const [messages, setMessages] = useState<Message[]>([]);
  const [pending, setPending] = useState<{ client_msg_id: string; content: string }[]>([]);
  const [error, setError] = useState<ApiError>();
  const held = useRef<Message[]>([]);
  const list = useRef<HTMLDivElement>(null);

  const take = (more: readonly Message[]) => {
    held.current = merge(held.current, more);
    setMessages(held.current);
  };
  const ask = async (query: { after_seq?: number; before_seq?: number }) => {
    try {
      const params = { path: { chat_id }, query: { limit: 50, ...query } };
      take(await ok(enishi.api.GET("/api/chats/{chat_id}/messages", { params })));
      setError(undefined);
    } catch (thrown) {
      setError(ApiError.from(thrown));
    }
  };
  const catchUp = () => ask(held.current.length > 0 ? { after_seq: unbroken(held.current) } : {});

  const { live, stands } = useLive({
    open: () => void catchUp(),
    message: (frame) => {
      if (frame.chat_id !== chat_id) return;
      take([frame]);
      if (unbroken(held.current) < frame.seq) void catchUp();
    },
  });
  useEffect(() => void catchUp(), []);

  const last = messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
    if (last > 0) live?.read(chat_id, last);
  }, [last, pending.length, live]);

  const send = async ({ content = "" }: Record<string, string>, form: HTMLFormElement) => {
    if (!live || content.trim() === "") return;
    form.reset();
    const client_msg_id = crypto.randomUUID();
    setPending((before) => [...before, { client_msg_id, content }]);
    try {
      const ack = await live.send(chat_id, content, client_msg_id);
      take([{ ...ack, sender_id: me ?? "", content }]);
    } catch (thrown) {
      // What was refused is not lost.
      const input = form.elements.namedItem("content");
      if (input instanceof HTMLInputElement && input.value === "") input.value = content;
      throw thrown;
    } finally {
      setPending((before) => before.filter((one) => one.client_msg_id !== client_msg_id));
    }
  };

  const first = messages[0]?.seq ?? 0;
  // What was written may come back before it is acknowledged.
  const waiting = pending.filter(({ client_msg_id }) => !messages.some((one) => one.client_msg_id === client_msg_id));
  return (
    <section class="chat">
      <p class="small" role="status">
        {stands ? t.connected : t.connecting}
      </p>
      {error && <Trouble error={error} again={() => void catchUp()} />}
      {first > 1 && (
        <p>
          <button type="button" class="plain" onClick={() => void ask({ before_seq: first })}>
            {t.earlier}
          </button>
        </p>
      )}
      <div class="messages" ref={list} role="log" aria-label={t.chat} tabIndex={0}>
        <ol>
        {messages.length === 0 && waiting.length === 0 && <li class="small">{t.empty}</li>}
        {messages.map((message) => (
          <li key={message.seq} class={message.sender_id === me ? "mine" : ""}>
            {message.sender_id === me && <span class="visually-hidden">{t.you}: </span>}
            {message.content}
            <time dateTime={message.sent_at}>
              {time(message.sent_at, t.lang, { month: undefined, day: undefined, weekday: undefined })}
              {message.sender_id === me && message.seq <= read && ` · ${t.read}`}
            </time>
          </li>
        ))}
        {waiting.map(({ client_msg_id, content }) => (
          <li key={client_msg_id} class="mine waiting">
            {content}
          </li>
        ))}
        </ol>
      </div>
      <Form class="write" submit={send}>
        <Field name="content" label={t.write} maxLength={4000} autocomplete="off" />
        <Submit>{t.send}</Submit>
      </Form>
    </section>
  );
}
