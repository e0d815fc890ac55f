import { ApiError } from "./error.ts";
import type { Access, Keeper, Tokens } from "./session.ts";

/** Does one thing at a time in all tabs of an origin. */
type Lock = <T>(work: () => Promise<T>) => Promise<T>;

const everyTab: Lock = async (work) =>
  typeof navigator !== "undefined" && navigator.locks ? await navigator.locks.request("enishi-session", work) : work();

/**
 * For browsers: the session's secret is the cookie `session_key`, which no script reads and which goes to
 * `/api/session` alone. So neither a script that should not be there nor a shared computer's disk has anything to
 * take but an access token of 15 minutes, out of memory. Page and API have to be one site, and the page's origin one
 * of `AllowedOrigins`.
 */
export function cookieKeeper(baseUrl: string, fetch: typeof globalThis.fetch = globalThis.fetch): Keeper {
  const put = (body: object) => send(fetch, `${baseUrl}/api/session`, "PUT", body, { credentials: "include" });
  return {
    // A refresh token and a session key are one thing: spent here, its successor comes as the cookie.
    adopt: async (tokens) => access(await everyTab(() => put({ session_key: tokens.refresh_token }))),
    renew: () =>
      everyTab(async () => {
        const response = await put({});
        return gone(response) ? undefined : access(response);
      }),
    end: async (accessToken) => {
      const headers = { authorization: `Bearer ${accessToken}` };
      await send(fetch, `${baseUrl}/api/session`, "DELETE", undefined, { headers, credentials: "include" });
    },
  };
}

/** Where a refresh token is put between two runs. */
export interface Place {
  read(): string | undefined | Promise<string | undefined>;
  write(token: string | undefined): void | Promise<void>;
}

/** For programs and apps: the refresh token lies where `place` says; without one, in memory. */
export function tokenKeeper(
  baseUrl: string,
  place: Place = memory(),
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Keeper {
  const keep = async (tokens: Tokens): Promise<Access> => {
    await place.write(tokens.refresh_token);
    return tokens;
  };
  return {
    adopt: keep,
    renew: async () => {
      const refresh_token = await place.read();
      if (!refresh_token) return undefined;
      const response = await send(fetch, `${baseUrl}/api/auth/refresh`, "POST", { refresh_token });
      if (gone(response)) {
        await place.write(undefined);
        return undefined;
      }
      return keep(await access<Tokens>(response));
    },
    end: async (accessToken) => {
      await place.write(undefined);
      const headers = { authorization: `Bearer ${accessToken}` };
      await send(fetch, `${baseUrl}/api/auth/logout`, "POST", undefined, { headers });
    },
  };
}

function memory(): Place {
  let held: string | undefined;
  return {
    read: () => held,
    write: (token) => {
      held = token;
    },
  };
}

/** How long an answer is awaited, in milliseconds. */
const PATIENCE = 15_000;

async function send(
  fetch: typeof globalThis.fetch,
  url: string,
  method: string,
  body?: object,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (body) headers.set("content-type", "application/json");
  const text = body ? { body: JSON.stringify(body) } : {};
  try {
    return await fetch(url, { ...init, ...text, method, headers, signal: AbortSignal.timeout(PATIENCE) });
  } catch (thrown) {
    throw ApiError.from(thrown);
  }
}

/** Whether the answer says that there is no session. Anything else may pass. */
const gone = (response: Response) => response.status === 401 || response.status === 400;

async function access<T extends Access = Access>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw ApiError.of(response, body);
  return body as T;
}
