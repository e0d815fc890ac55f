// `rooms-enroll` as one would write it for Lambda in JavaScript, for comparison: the same checks,
// the same item, the same one transaction. Below it, what Lambda's Node runtime does: the loop
// over the Runtime API.
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import http from "node:http";
import { DynamoDBClient, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";

const dynamodb = new DynamoDBClient({});
const table = process.env.ROOMS_TABLE;
const slots = JSON.parse(process.env.SLOTS);
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const keys = new Map(
  JSON.parse(process.env.TOKEN_PUBLIC_KEYS).keys.map((jwk) => [
    jwk.kid,
    createPublicKey({ key: jwk, format: "jwk" }),
  ]),
);

function answer(statusCode, body) {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}

function failure(status, code, message) {
  return answer(status, { status, code, message, errors: [] });
}

function claims(authorization) {
  const [header, payload, signature] = (authorization ?? "").replace(/^Bearer /, "").split(".");
  try {
    const { kid, alg, typ } = JSON.parse(Buffer.from(header, "base64url"));
    const key = keys.get(kid);
    const signed = Buffer.from(`${header}.${payload}`);
    if (!key || alg !== "EdDSA" || typ !== "at+jwt") return null;
    if (!verify(null, signed, key, Buffer.from(signature, "base64url"))) return null;
    const claims = JSON.parse(Buffer.from(payload, "base64url"));
    const ours = claims.iss === process.env.TOKEN_ISSUER && claims.aud === process.env.TOKEN_AUDIENCE;
    return ours && claims.exp > Date.now() / 1000 ? claims : null;
  } catch {
    return null;
  }
}

function newId() {
  const bytes = Buffer.concat([Buffer.alloc(6), randomBytes(10)]);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 15);
  bytes[8] = 0x80 | (bytes[8] & 63);
  return bytes.toString("hex").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

async function handler(event) {
  const user = claims(event.headers.authorization);
  if (!user) return failure(401, "access_token_invalid", "the access token is not valid");
  const { date, time = slots.times[0] } = JSON.parse(event.body);
  const day = new Date(`${date}T00:00:00Z`);
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: slots.time_zone }).format();
  const ahead = (day - new Date(`${today}T00:00:00Z`)) / 86_400_000;
  if (!(ahead >= 0 && ahead <= 30) || !slots.days.includes(days[day.getUTCDay()])) {
    return failure(400, "invalid_parameter", "there is no slot on this day");
  }
  const slot = `${date}T${time}`;
  const gate = Math.floor((createHash("sha256").update(user.sub).digest()[0] * 16) / 256);
  const pk = { S: `SLOT#${slot}#P${gate >> 1}` };
  const id = newId();
  const end = Math.floor(Date.parse(`${slot}:00+09:00`) / 1000) + slots.minutes * 60;
  try {
    await dynamodb.send(
      new TransactWriteItemsCommand({
        ClientRequestToken: randomBytes(16).toString("base64url"),
        TransactItems: [
          {
            ConditionCheck: {
              TableName: table,
              Key: { pk, sk: { S: `GATE#${String(gate).padStart(2, "0")}` } },
              ConditionExpression: "attribute_not_exists(pk)",
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            },
          },
          {
            Put: {
              TableName: table,
              ConditionExpression: "attribute_not_exists(pk)",
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
              Item: {
                pk,
                sk: { S: `E#${user.sub}` },
                id: { S: id },
                user_id: { S: user.sub },
                username: { S: user.name },
                date: { S: date },
                time: { S: time },
                created_at: { S: new Date().toISOString() },
                gsi_pk: { S: `USER#${user.sub}` },
                gsi_sk: { S: slot },
                ttl: { N: String(end + 400 * 86_400) },
              },
            },
          },
        ],
      }),
    );
  } catch (error) {
    if (error.name === "TransactionCanceledException") return failure(409, "conflict", "enrolled already");
    return failure(500, "internal_server_error", "something went wrong on our side");
  }
  return answer(201, { id, user_id: user.sub, date, time, status: "enrolled" });
}

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const runtime = "/2018-06-01/runtime/invocation";
for (;;) {
  const { headers, body } = await call("GET", `${runtime}/next`);
  const result = await handler(JSON.parse(body));
  const id = headers["lambda-runtime-aws-request-id"];
  await call("POST", `${runtime}/${id}/response`, JSON.stringify(result));
}
