import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, createEnishi, nextCursor, ok, tokenKeeper } from "../src/index.ts";

const NOW = Math.floor(Date.now() / 1000);
let issued = 0;

/** An access token as a client sees it. */
function token(claims: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const all = { sub: "u1", name: "花", email: "hana@example.jp", iat: NOW, exp: NOW + 900, jti: ++issued, ...claims };
  return `${part({ alg: "EdDSA" })}.${part(all)}.signature`;
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

const expired = () => json(401, { status: 401, code: "access_token_expired", message: "expired" });

/** A client whose server answers what `answer` says; what was asked is kept. */
function world(answer: (request: Request, count: number) => Response | Promise<Response>) {
  const asked: { request: Request; body: string }[] = [];
  const waited: number[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push({ request, body: await request.clone().text() });
    return answer(request, asked.length);
  };
  const sleep = async (milliseconds: number) => void waited.push(milliseconds);
  const baseUrl = "https://api.test";
  const enishi = createEnishi({ baseUrl, fetch, sleep, keeper: tokenKeeper(baseUrl, undefined, fetch) });
  return { ...enishi, asked, waited };
}

const tokens = (claims?: object) => ({ access_token: token(claims), refresh_token: "r1", expires_in: 900 });

test("a request carries the session's token", async () => {
  const { api, session, asked } = world(() => json(200, []));
  await session.adopt(tokens());
  await ok(api.GET("/register/"));
  assert.match(asked[0]?.request.headers.get("authorization") ?? "", /^Bearer ey/);
  assert.equal(session.userId, "u1");
  assert.equal(session.name, "花");
});

test("an expired token is renewed once, and the request sent again with its body", async () => {
  const { api, session, asked } = world((request) => {
    if (request.url.endsWith("/api/auth/refresh")) return json(200, tokens());
    return asked.length === 1 ? expired() : json(201, {});
  });
  await session.adopt(tokens());
  await ok(api.POST("/register/", { body: { date: "2026-11-23" } }));
  assert.deepEqual(
    asked.map(({ request }) => new URL(request.url).pathname),
    ["/register/", "/api/auth/refresh", "/register/"],
  );
  assert.equal(asked[2]?.body, '{"date":"2026-11-23"}');
  assert.notEqual(asked[0]?.request.headers.get("authorization"), asked[2]?.request.headers.get("authorization"));
});

test("a client does not loop where the new token is refused as well", async () => {
  const { api, session, asked } = world((request) =>
    request.url.endsWith("/api/auth/refresh") ? json(200, tokens()) : expired(),
  );
  await session.adopt(tokens());
  await assert.rejects(ok(api.GET("/register/")), { status: 401 });
  assert.equal(asked.length, 3);
});

test("a wrong password renews nothing", async () => {
  const { api, session, asked } = world(() => json(401, { status: 401, code: "invalid_credentials", message: "no" }));
  await session.adopt(tokens());
  await assert.rejects(ok(api.POST("/login", { body: { email: "a@b.c", password: "x" } })), { code: "invalid_credentials" });
  assert.equal(asked.length, 1);
});

test("however many need a token, the session is renewed once", async () => {
  const { api, session, asked } = world((request) =>
    request.url.endsWith("/api/auth/refresh") ? json(200, tokens()) : json(200, []),
  );
  await session.adopt({ ...tokens(), expires_in: 10 });
  await Promise.all([ok(api.GET("/register/")), ok(api.GET("/register/")), ok(api.GET("/register/"))]);
  assert.equal(asked.filter(({ request }) => request.url.endsWith("/api/auth/refresh")).length, 1);
});

test("a session that has ended is forgotten, and whoever listens hears of it", async () => {
  const { api, session } = world((request) =>
    request.url.endsWith("/api/auth/refresh") ? json(401, { status: 401, code: "access_token_invalid", message: "" }) : expired(),
  );
  await session.adopt(tokens());
  let told = 0;
  session.subscribe(() => told++);
  await assert.rejects(ok(api.GET("/register/")), { status: 401 });
  assert.equal(session.userId, undefined);
  assert.equal(told, 1);
});

test("what may pass is tried again, with the same key", async () => {
  const { api, asked, waited } = world((_, count) => {
    if (count === 1) throw new TypeError("fetch failed");
    if (count === 2) return json(503, { status: 503, code: "service_unavailable", message: "later" }, { "retry-after": "2" });
    return json(201, {});
  });
  await ok(api.POST("/register/", { body: { date: "2026-11-23" } }));
  const keys = new Set(asked.map(({ request }) => request.headers.get("idempotency-key")));
  assert.equal(asked.length, 3);
  assert.equal(keys.size, 1);
  assert.ok([...keys][0]);
  assert.ok((waited[1] ?? 0) >= 2000);
});

test("a change that adds has a key too, another one each time it is asked for", async () => {
  const { api, asked } = world(() => json(200, {}));
  const params = { path: { item_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50" } };
  for (const stock_delta of [1, 1]) await ok(api.PATCH("/api/products/{item_id}", { params, body: { stock_delta } }));
  const keys = new Set(asked.map(({ request }) => request.headers.get("idempotency-key")));
  assert.ok(!keys.has(null));
  assert.equal(keys.size, 2);
});

test("what would take too long is told instead of waited for", async () => {
  const { api, waited } = world(() =>
    json(429, { status: 429, code: "too_many_requests", message: "often" }, { "retry-after": "600", "apigw-requestid": "q" }),
  );
  const failed = await ok(api.GET("/register/")).catch((error: ApiError) => error);
  assert.ok(failed instanceof ApiError);
  assert.deepEqual([failed.code, failed.retryAfter, failed.requestId], ["too_many_requests", 600, "q"]);
  assert.deepEqual(waited, []);
});

test("an error names the fields at fault", async () => {
  const errors = [{ field: "email", code: "already_exists" }];
  const { api } = world(() => json(409, { status: 409, code: "conflict", message: "taken", errors }));
  const failed = await ok(api.POST("/signup", { body: { username: "a", email: "a@b.c", password: "12345678" } })).catch(ApiError.from);
  assert.ok(failed instanceof ApiError);
  assert.equal(failed.fault("email")?.code, "already_exists");
  assert.equal(failed.fault("password"), undefined);
});

test("nobody who answers is an error of its own", async () => {
  const { api } = world(() => {
    throw new TypeError("fetch failed");
  });
  await assert.rejects(ok(api.GET("/register/")), { code: "network", status: 0 });
});

test("the server's time goes before this machine's", async () => {
  const { session } = world(() => json(200, {}));
  await session.adopt(tokens({ iat: NOW + 86_400 }));
  assert.ok(Math.abs(session.now() - (Date.now() + 86_400_000)) < 2_000);
});

test("the next page's cursor is in the link", () => {
  const link = '</api/item?limit=24&cursor=QUFB>; rel="next"';
  assert.equal(nextCursor(json(200, [], { link })), "QUFB");
  assert.equal(nextCursor(json(200, [])), undefined);
});
