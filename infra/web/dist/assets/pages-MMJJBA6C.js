import{a,b as n,d as h,f as c}from"./chunk-37ZH5UYS.js";import{e as d,i as e,o as l,q as m}from"./chunk-353D74CG.js";import{d as r}from"./chunk-RB563JAR.js";import"./chunk-4ZSZS2HH.js";var u=`## Five minutes

You need a running stack and a shell. On your own machine that is a Rust toolchain, a C compiler and

\`\`\`
cargo run
\`\`\`

in the repository. Its API is then at \`http://localhost:3000\`, and whatever it would send by mail lies in \`.enishi/mail\`. The
examples here go to the API that these pages belong to; paste them into one shell, from top to bottom.

\`\`\`sh
API=http://localhost:3000
# takes a text out of an answer, by its name
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
\`\`\`

Make an account. The answer has the tokens, so nobody has to log in after a sign-up:

\`\`\`sh 201
SIGNED_UP=$(curl -s $API/signup -H 'content-type: application/json' \\
  -d '{"username":"hanako","email":"hanako@example.com","password":"asagohan-at-nine"}')
TOKEN=$(echo "$SIGNED_UP" | field access_token)
USER_ID=$(echo "$SIGNED_UP" | field user_id)
\`\`\`

Ask when people meet next; this needs no token:

\`\`\`sh
curl -s $API/slots
\`\`\`

\`\`\`json
{"time_zone": "Asia/Tokyo", "times": ["09:00"], "minutes": 30, "room_size": 4, "next": {"date": "\u2026", "time": "09:00"}}
\`\`\`

Say that you come, with your token:

\`\`\`sh 200 201
DATE=$(curl -s $API/slots | field date)
curl -s $API/register/ -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d "{\\"date\\":\\"$DATE\\"}"
\`\`\`

\`\`\`json
{"date": "\u2026", "time": "09:00", "status": "enrolled", "user_id": "\u2026"}
\`\`\`

That was a first call of a product. [Rooms](/docs/guides/rooms) goes on from here. Every endpoint can be tried at
[the reference](/docs/reference): sign in there with the address and the password that you have just made.

## What holds everywhere

- **Tokens.** \`authorization: Bearer \u2026\` with an access token, which lasts 15 minutes. [Accounts and
  sessions](/docs/guides/identity) says how it is renewed.
- **Errors.** Each has the same body, and \`code\` says what went wrong: [the catalogue](/docs/errors).
- **Lists** take \`limit\` and \`cursor\`. The next page's address is in the header \`Link\`, with \`rel="next"\`; without one there
  is no more.
- **Times** are RFC 3339 in UTC, those of orgs \`YYYY-MM-DD HH:MM:SS\` in UTC.
- **Creations** take an \`Idempotency-Key\`: the same key with the same body answers the same, for 24 hours. Send one with each
  \`POST\`, and the same one when you send it again.
- **CORS.** Pages of the origins in the parameter \`AllowedOrigins\` may call the API, with cookies.

## The client

For TypeScript there is a client, \`infra/web/client\` in the repository (\`npm pack\` there makes a package of it). Every path,
body and answer has its type, out of the same documents as these pages. It keeps the session, sends an \`Idempotency-Key\`
with each \`POST\`, and tries again what may pass.

\`\`\`ts
import { ApiError, createEnishi, ok } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
const body = { email: "hanako@example.com", password: "asagohan-at-nine" };
await enishi.session.adopt(await ok(enishi.api.POST("/login", { body })));

const { next } = await ok(enishi.api.GET("/slots"));
try {
  if (next) await ok(enishi.api.POST("/register/", { body: { date: next.date } }));
} catch (error) {
  if (error instanceof ApiError) console.error(error.code, error.faults);
}
\`\`\`

\`ok\` answers the body of a success and throws an \`ApiError\` for all else. These pages are made with it: \`infra/web/src\`.
`;function S(){return c(),e(n,{title:"Documentation",lede:"From nothing to a first call in five minutes, then a guide for each product.",children:[e(h,{text:u}),e("section",{class:"group",children:[e("h2",{children:"The guides"}),e("ol",{class:"cards",children:a.map(({name:t,title:o,about:s},i)=>e("li",{class:"card guide",children:[e("h3",{children:e("a",{href:`/docs/guides/${t}`,children:[i+1,". ",o]})}),e("p",{class:"small",children:s})]},t))})]})]})}function b(){let{name:t}=d().params,o=a.find(s=>s.name===t);return o?e(n,{title:o.title,lede:o.about,children:e(f,{guide:o})},t):e(n,{title:"There is no such guide.",children:e("p",{children:e("a",{href:"/docs",children:"All guides"})})})}function f({guide:t}){let o=l(t.load),s=a[a.indexOf(t)+1];return e(m,{of:o,children:i=>e(r,{children:[e(g,{text:i}),e("p",{class:"next",children:s?e(r,{children:["Next: ",e("a",{href:`/docs/guides/${s.name}`,children:s.title})]}):e("a",{href:"/docs/reference",children:"To the reference"})})]})})}function g({text:t}){return c(),e(h,{text:t})}export{b as GuidePage,S as Start};
