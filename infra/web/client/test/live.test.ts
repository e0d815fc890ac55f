import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, createEnishi, Live, tokenKeeper } from "../src/index.ts";

/** A WebSocket whose other end is the test. */
class Socket {
  static all: Socket[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: string }) => void;

  constructor(readonly url: string) {
    Socket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  tell(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const tick = () => new Promise((done) => setTimeout(done, 1));

async function connected() {
  Socket.all = [];
  const fetch = async () =>
    new Response(JSON.stringify({ url: "wss://live.test/live", ticket: "t&1", expires_in: 60 }), { status: 201 });
  const baseUrl = "https://api.test";
  const { api } = createEnishi({ baseUrl, fetch, keeper: tokenKeeper(baseUrl, undefined, fetch) });
  const live = new Live(api, { sleep: tick as () => Promise<void>, WebSocket: Socket as unknown as typeof WebSocket });
  const socket = async (index: number) => {
    while (!Socket.all[index]) await tick();
    return Socket.all[index];
  };
  return { live, socket };
}

test("a ticket opens it, and an acknowledgement answers", async () => {
  const { live, socket } = await connected();
  const first = await socket(0);
  assert.equal(first.url, "wss://live.test/live?ticket=t%261");
  first.open();
  const client_msg_id = "7d4f2c1a";
  const sending = live.send("c1", "안녕하세요", client_msg_id);
  assert.deepEqual(first.sent, [{ action: "sendMessage", chat_id: "c1", content: "안녕하세요", client_msg_id }]);
  first.tell({ type: "ack", chat_id: "c1", client_msg_id, message_id: "m", seq: 4, sent_at: "2026-11-20T12:00:00Z" });
  assert.equal((await sending).seq, 4);
  live.close();
});

test("what was not acknowledged is sent again under the same id", async () => {
  const { live, socket } = await connected();
  const first = await socket(0);
  first.open();
  const sending = live.send("c1", "again");
  first.close();
  const second = await socket(1);
  second.open();
  assert.deepEqual(second.sent, first.sent);
  second.tell({ type: "ack", ...second.sent[0], seq: 1 });
  await sending;
  live.close();
});

test("a refusal is an error, and others' messages are heard", async () => {
  const { live, socket } = await connected();
  const first = await socket(0);
  const heard: number[] = [];
  live.on("message", (frame) => heard.push(frame.seq));
  first.open();
  const sending = live.send("c1", "no");
  const { client_msg_id } = first.sent[0] ?? {};
  first.tell({ type: "error", status: 403, code: "forbidden", message: "blocked", client_msg_id });
  await assert.rejects(sending, (error) => error instanceof ApiError && error.code === "forbidden");
  first.tell({ type: "message", chat_id: "c1", seq: 9 });
  assert.deepEqual(heard, [9]);
  live.close();
});

test("what waits when it is closed is refused", async () => {
  const { live, socket } = await connected();
  (await socket(0)).open();
  const sending = live.send("c1", "late");
  live.close();
  await assert.rejects(sending, { code: "network" });
});
