import type { components } from "./schema.ts";

type Body = components["schemas"]["ErrorBody"];

/** What went wrong, for programs; ours are `network`, nobody answered, and `unexpected`, what no answer was at fault for. */
export type Code = components["schemas"]["Code"] | "network" | "unexpected";

/** One field's fault. */
export type Fault = components["schemas"]["FieldError"];

/** What `fetch` throws. */
const FETCH = ["TypeError", "TimeoutError", "AbortError"];

/** Anything but success, in one form. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** The HTTP status; 0 where nobody answered. */
    readonly status: number,
    readonly code: Code,
    message: string,
    /** The fields at fault. */
    readonly faults: readonly Fault[] = [],
    /** In how many seconds it may be tried again, where the answer says so. */
    readonly retryAfter?: number,
    /** The request's id in the logs. */
    readonly requestId?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Of an answer and its body, whatever that is. */
  static of(response: Response, body: unknown): ApiError {
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    const { code, message, errors } = (typeof body === "object" && body !== null ? body : {}) as Partial<Body>;
    return new ApiError(
      response.status,
      code ?? "internal_server_error",
      message ?? response.statusText,
      errors ?? [],
      Number.isFinite(seconds) ? seconds : undefined,
      response.headers.get("apigw-requestid") ?? undefined,
    );
  }

  /** Of whatever was thrown where an answer was awaited. */
  static from(thrown: unknown): ApiError {
    if (thrown instanceof ApiError) return thrown;
    const { name = "", message = String(thrown) } = thrown instanceof Error || thrown instanceof DOMException ? thrown : {};
    const code = FETCH.includes(name) ? "network" : "unexpected";
    return new ApiError(0, code, message, [], undefined, undefined, { cause: thrown });
  }

  /** What is wrong with a field, if anything is. */
  fault(field: string): Fault | undefined {
    return this.faults.find((fault) => fault.field === field);
  }
}

/** What `openapi-fetch` answers. */
export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a success. @throws {ApiError} for anything else. */
export async function ok<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await whole(answer)).data;
}

/** The body of a success with its headers. @throws {ApiError} for anything else. */
export async function whole<T>(answer: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (thrown) {
    throw ApiError.from(thrown);
  }
  if (!got.response.ok) throw ApiError.of(got.response, got.error);
  return { data: got.data as T, response: got.response };
}

/** The cursor of the next page, from the answer's `Link`. */
export function nextCursor(response: Response): string | undefined {
  const link = response.headers.get("link")?.match(/<([^>]*)>;\s*rel="next"/);
  return (link?.[1] && new URL(link[1], response.url || "http://localhost").searchParams.get("cursor")) || undefined;
}
