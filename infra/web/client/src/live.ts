import type { Client } from "openapi-fetch";
import { ApiError, ok } from "./error.ts";
import type { components } from "./frames.ts";
import type { paths } from "./schema.ts";

type Frames = components["schemas"];
/** A frame from the server. */
export type Frame = Frames["MessageFrame"] | Frames["MatchingMessageFrame"] | Frames["Ack"] | Frames["HasRead"];
type Told = Frame | Frames["Pong"] | Frames["ErrorFrame"];

export interface LiveEvents {
  /** Somebody wrote into a chat; at least once, so drop a `seq` that is there. */
  message: Frames["MessageFrame"];
  /** Somebody wrote in a matching. */
  matchingMessage: Frames["MatchingMessageFrame"];
  /** The connection stands, for the first time or again: ask for what came meanwhile. */
  open: undefined;
  /** It does not. */
  closed: undefined;
}

interface Waiting {
  frame: Frames["SendMessageFrame"];
  done(ack: Frames["Ack"]): void;
  failed(error: ApiError): void;
}

/** API Gateway closes a connection that is idle for ten minutes. */
const PING = 5 * 60_000;
const LONGEST = 30_000;

/**
 * The WebSocket: it connects again by itself, and sends again what was not acknowledged, under the same id. What
 * came meanwhile is asked for over HTTP, by the last `seq` that is there.
 */
export class Live {
  #socket: WebSocket | undefined;
  #listeners = new Map<keyof LiveEvents, Set<(event: never) => void>>();
  #waiting = new Map<string, Waiting>();
  #closed = false;
  #ping: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly api: Client<paths>,
    private readonly world: { sleep(milliseconds: number): Promise<void>; WebSocket?: typeof WebSocket },
  ) {
    void this.#run();
  }

  on<K extends keyof LiveEvents>(event: K, listener: (event: LiveEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /**
   * Writes into a chat; answers when the message is stored. It may come as `message` before that: by its
   * `client_msg_id` it is told. @throws {ApiError} when it is refused.
   */
  send(chat_id: string, content: string, client_msg_id: string = crypto.randomUUID()): Promise<Frames["Ack"]> {
    const frame = { action: "sendMessage", chat_id, content, client_msg_id } as const;
    return new Promise((done, failed) => {
      this.#waiting.set(client_msg_id, { frame, done, failed });
      this.#write(frame);
    });
  }

  /** Marks a chat as read. Where the connection does not stand, it is left. */
  read(chat_id: string, seq: number): void {
    this.#write({ action: "read", chat_id, seq });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#ping);
    this.#socket?.close();
    for (const { failed } of this.#waiting.values()) failed(new ApiError(0, "network", "the connection was closed"));
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#closed; ) {
      try {
        const { url, ticket } = await ok(this.api.POST("/api/live/ticket"));
        if (this.#closed) return;
        if (await this.#connect(`${url}?ticket=${encodeURIComponent(ticket)}`)) failures = 0;
      } catch (thrown) {
        // Without a session there is nobody to connect.
        if (thrown instanceof ApiError && (thrown.status === 401 || thrown.status === 403)) return this.close();
      }
      failures += 1;
      await this.world.sleep(Math.min(LONGEST, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }

  /** Ends with the connection; whether it stood. */
  #connect(url: string): Promise<boolean> {
    return new Promise((ended) => {
      const socket = new (this.world.WebSocket ?? WebSocket)(url);
      let stood = false;
      socket.onopen = () => {
        stood = true;
        this.#socket = socket;
        this.#ping = setInterval(() => this.#write({ action: "ping" }), PING);
        for (const { frame } of this.#waiting.values()) this.#write(frame);
        this.#tell("open", undefined);
      };
      socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Told);
      socket.onclose = () => {
        clearInterval(this.#ping);
        if (this.#socket === socket) this.#socket = undefined;
        if (stood) this.#tell("closed", undefined);
        ended(stood);
      };
      if (this.#closed) socket.close();
    });
  }

  #take(frame: Told): void {
    switch (frame.type) {
      case "message":
      case "matchingMessage":
        return this.#tell(frame.type, frame as never);
      case "ack":
        return this.#answered(frame.client_msg_id)?.done(frame);
      case "error": {
        if (!frame.client_msg_id) return;
        const { status, code, message, errors, retry_after } = frame;
        const error = new ApiError(status, code, message, errors ?? [], retry_after);
        return this.#answered(frame.client_msg_id)?.failed(error);
      }
    }
  }

  #answered(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #write(frame: object): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #tell<K extends keyof LiveEvents>(event: K, told: LiveEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (event: LiveEvents[K]) => void)(told);
  }
}
