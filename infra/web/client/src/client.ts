import createFetchClient, { type Client } from "openapi-fetch";
import { ApiError } from "./error.ts";
import { cookieKeeper } from "./keepers.ts";
import { Live } from "./live.ts";
import type { paths } from "./schema.ts";
import { type Keeper, Session } from "./session.ts";

export interface Options {
  /** Where the API is, such as `https://api.example.com`. */
  baseUrl: string;
  /** Where the session's secret is; without one, in the browser's cookie. */
  keeper?: Keeper;
  /** The language that mails to a new account are written in (`ja`, `ko`, `en`), at each request. */
  language?: () => string | undefined;
  fetch?: typeof globalThis.fetch;
  /** Waits so many milliseconds. */
  sleep?: (milliseconds: number) => Promise<void>;
}

export interface Enishi {
  /** Every operation of the API, by its path: `api.GET("/api/user")`. See {@link ok}. */
  api: Client<paths>;
  session: Session;
  /** Opens the WebSocket. */
  live(): Live;
}

/** How long an answer is awaited, in milliseconds. */
const PATIENCE = 15_000;
/** So often a request is sent at the most. */
const ATTEMPTS = 3;
/** The longest `Retry-After` that is waited for, in seconds. */
const LONGEST_WAIT = 5;

/** A client: tokens, a key for each creation, and what may pass is tried again. */
export function createEnishi(options: Options): Enishi {
  const baseUrl = options.baseUrl.replace(/\/$/, "");
  const fetch = options.fetch ?? ((...given) => globalThis.fetch(...given));
  const sleep = options.sleep ?? ((time) => new Promise((done) => setTimeout(done, time)));
  const session = new Session(options.keeper ?? cookieKeeper(baseUrl, fetch));

  const send = async (asked: Request): Promise<Response> => {
    // The same at each attempt: the server knows by it a creation, or a change that adds. Others take no notice.
    if (["POST", "PATCH"].includes(asked.method) && !asked.headers.has("idempotency-key")) {
      asked.headers.set("idempotency-key", crypto.randomUUID());
    }
    const language = options.language?.();
    if (language && !asked.headers.has("accept-language")) asked.headers.set("accept-language", language);
    const own = !asked.headers.has("authorization");
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const request = asked.clone();
      const token = own ? await session.token() : undefined;
      if (token) request.headers.set("authorization", `Bearer ${token}`);
      let response: Response | undefined;
      let failed: unknown;
      try {
        response = await fetch(request, { signal: AbortSignal.any([asked.signal, AbortSignal.timeout(PATIENCE)]) });
      } catch (thrown) {
        if (asked.signal.aborted) throw thrown;
        failed = thrown;
      }
      if (response?.status === 401 && token && !renewed && (await isOfToken(response))) {
        renewed = true;
        if (await session.renew()) continue;
      }
      const wait = response ? pause(response, attempt) : backoff(attempt);
      if (wait === undefined || attempt === ATTEMPTS) {
        if (response) return response;
        throw ApiError.from(failed);
      }
      await sleep(wait);
    }
  };

  const api = createFetchClient<paths>({ baseUrl, fetch: send });
  return { api, session, live: () => new Live(api, { sleep }) };
}

/** A wrong password is 401 too, and no other token helps. */
async function isOfToken(response: Response): Promise<boolean> {
  const body = (await response
    .clone()
    .json()
    .catch(() => undefined)) as { code?: string } | undefined;
  return body?.code === "access_token_expired" || body?.code === "access_token_invalid";
}

/** How long to wait before the next attempt; none where there should be no other. */
function pause(response: Response, attempt: number): number | undefined {
  if (![408, 429, 500, 502, 503, 504].includes(response.status)) return undefined;
  const told = Number(response.headers.get("retry-after") ?? NaN);
  if (told > LONGEST_WAIT) return undefined;
  if (response.status === 429 && Number.isNaN(told)) return undefined;
  return Number.isNaN(told) ? backoff(attempt) : told * 1000 + Math.random() * 250;
}

const backoff = (attempt: number) => (0.5 + Math.random() / 2) * 400 * 2 ** (attempt - 1);
