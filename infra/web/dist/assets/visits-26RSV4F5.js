import"./chunk-4ZSZS2HH.js";var t=`Students find somebody who works where they would like to, agree on a time, and talk. It is booked and paid for; both have shown
who they are.

\`\`\`sh
API=http://localhost:3000
AWS=http://127.0.0.1:3001   # the stand-ins of a local stack: its mailbox is there
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
JSON='content-type: application/json'
login() { curl -s $API/login -H "$JSON" -d "{\\"email\\":\\"$1@example.com\\",\\"password\\":\\"the path to the shrine\\"}" |
  field access_token; }
\`\`\`

## Sign up

\`\`\`sh 201 201
curl -s -o /dev/null $API/api/users -H "$JSON" \\
  -d '{"type":"company","name":"\u590F\u76EE \u590F","email":"natsu@example.com","password":"the path to the shrine",
       "date_of_birth":"1995-04-02","phone_number":"090-1234-5678","affiliation":"\u7E01\u88FD\u4F5C\u6240","job":"\u30A8\u30F3\u30B8\u30CB\u30A2"}'
curl -s $API/api/users -H "$JSON" \\
  -d '{"type":"student","name":"\u6625\u65E5 \u967D","email":"haru@example.com","password":"the path to the shrine",
       "date_of_birth":"2004-04-02","phone_number":"090-1234-5678","affiliation":"\u7E01\u5927\u5B66"}'
\`\`\`

\`\`\`json
{"user_id": "\u2026", "name": "\u6625\u65E5 \u967D", "is_authenticated": false, "access_token": "\u2026", "refresh_token": "\u2026"}
\`\`\`

\`GET /api/companies\`, \`/api/universities\`, \`/api/departments\` and \`/api/jobs\` have what others wrote, to choose from. Both open the
link of their mail:

\`\`\`sh 200 204 204 200 200
for TOKEN in $(curl -s $AWS/_enishi/mails | grep -o 'verify-email?token=[A-Za-z0-9._-]*' | uniq | tail -n 2 | cut -d = -f 2); do
  curl -s $API/api/auth/email/verify -H "$JSON" -d "{\\"token\\":\\"$TOKEN\\",\\"password\\":\\"the path to the shrine\\"}"
done
NATSU=$(login natsu)
HARU=$(login haru)
\`\`\`

## Show who one is

Two pictures each: of a student's or business card, and of a proof of identity. A file is declared first, by type, size and
digest; the answer says where to \`PUT\` it, with which headers.

\`\`\`sh 200 200 200 200 200 200 200 200
printf '\\377\\330\\377\\340\\000\\020JFIF\\000\\001\\001\\000\\000\\001\\000\\001\\000\\000\\377\\331' > card.jpg
CARD="{\\"content_type\\":\\"image/jpeg\\",\\"size\\":$(wc -c < card.jpg),\\"sha256\\":\\"$(sha256sum card.jpg | cut -c 1-64)\\"}"
for TOKEN in $NATSU $HARU; do
  UPLOADS=$(curl -s $API/api/certificates -H "authorization: Bearer $TOKEN" -H "$JSON" \\
    -d "{\\"type_card\\":$CARD,\\"identity_card\\":$CARD}")
  # Of both the same, for it is the same file.
  echo "$UPLOADS" | grep -o '"headers":{[^}]*}' | head -n 1 |
    grep -o '"[^"]*":"[^"]*"' | sed -E 's/"(.*)":"(.*)"/\\1: \\2/' > headers.txt
  for URL in $(echo "$UPLOADS" | grep -o '"upload_url":"[^"]*"' | cut -d '"' -f 4); do
    curl -s -X PUT "$URL" -H @headers.txt --data-binary @card.jpg
  done
  curl -s -o /dev/null -X POST $API/api/certificates/submit -H "authorization: Bearer $TOKEN"
done
\`\`\`

An operator looks at them. A local stack has one:

\`\`\`sh 200 200 200 200 200
OPERATOR=$(curl -s $API/login -H "$JSON" -d '{"email":"operator@example.com","password":"enishi-operator"}' | field access_token)
for TOKEN in $NATSU $HARU; do
  WHO=$(curl -s $API/api/visits/me -H "authorization: Bearer $TOKEN" | field user_id)
  curl -s -o /dev/null -X PUT $API/api/operator/certificates/$WHO -H "authorization: Bearer $OPERATOR" -H "$JSON" \\
    -d '{"decision":"approve"}'
done
\`\`\`

## Say when one can be visited

\`\`\`sh 200
HOURS=$(for DAY in monday tuesday wednesday thursday friday saturday sunday; do
  printf '{"day":"%s","from":"09:00","to":"18:00"},' $DAY; done)
curl -s -X PATCH $API/api/visits/me -H "authorization: Bearer $NATSU" -H "$JSON" \\
  -d "{\\"comment\\":\\"\u4E94\u5E74\u76EE\u306E\u958B\u767A\u8005\u3067\u3059\u3002\\",\\"availability\\":{\\"weekly\\":[\${HOURS%,}],\\"exceptions\\":[]}}"
\`\`\`

\`\`\`json
{"name": "\u590F\u76EE \u590F", "type": "company", "is_authenticated": true, "comment": "\u4E94\u5E74\u76EE\u306E\u958B\u767A\u8005\u3067\u3059\u3002"}
\`\`\`

The hours are in the person's \`time_zone\`.

## Find somebody, and a time

\`\`\`sh 200
curl -s "$API/api/users?limit=5" -H "authorization: Bearer $HARU"
\`\`\`

\`\`\`json
[{"speaker_id": "\u2026", "company": "\u7E01\u88FD\u4F5C\u6240", "job": "\u30A8\u30F3\u30B8\u30CB\u30A2", "comment": "\u4E94\u5E74\u76EE\u306E\u958B\u767A\u8005\u3067\u3059\u3002"}]
\`\`\`

No name: who somebody is, is told once the visit is paid for. When they are free, between two moments:

\`\`\`sh 200 200 200
SPEAKER=$(curl -s "$API/api/users?limit=5" -H "authorization: Bearer $HARU" | field speaker_id)
DATE=$(curl -s $API/slots | field date)   # tomorrow, by the stack's clock
STARTS=$(curl -s -G $API/api/users/$SPEAKER/slots -H "authorization: Bearer $HARU" \\
  -d from=\${DATE}T00:00:00Z -d to=\${DATE}T12:00:00Z -d meeting_length=30)
START=$(echo "$STARTS" | grep -o '20[0-9TZ:-]*' | tail -n 1)
\`\`\`

## Ask, agree, book

\`\`\`sh 201
ASKED=$(curl -s $API/api/matching -H "authorization: Bearer $HARU" -H "$JSON" \\
  -d "{\\"speaker_id\\":\\"$SPEAKER\\",\\"message\\":\\"\u4ED5\u4E8B\u306E\u4E00\u65E5\u306B\u3064\u3044\u3066\u805E\u304B\u305B\u3066\u304F\u3060\u3055\u3044\u3002\\",\\"date\\":\\"$START\\",\\"meeting_length\\":30}")
MATCHING=$(echo "$ASKED" | field id)
\`\`\`

The other accepts, declines, or proposes another time (\`"action": "propose"\` with a \`date\`). What each may do is
what the matching's \`state\` allows:

\`\`\`sh 200
curl -s -X PUT $API/api/matching/$MATCHING -H "authorization: Bearer $NATSU" -H "$JSON" -d '{"action":"accept"}'
\`\`\`

\`\`\`json
{"id": "\u2026", "state": "accepted"}
\`\`\`

\`\`\`sh 200
curl -s $API/api/meeting -H "authorization: Bearer $HARU" -H "$JSON" \\
  -d "{\\"matching_id\\":\\"$MATCHING\\",\\"date\\":\\"$START\\",\\"meeting_length\\":30}"
\`\`\`

\`\`\`json
{"date": "\u2026", "meeting_length": 30, "url": "\u2026"}
\`\`\`

They can write to each other meanwhile (\`POST /api/messages\`); a text that tells how to be reached is refused until the visit is
paid for.

## Pay

The answer is a page of Stripe's, to send the browser to. On a local stack one pays with a request, too:

\`\`\`sh 200 303
CHECKOUT_URL=$(curl -s $API/api/payment -H "authorization: Bearer $HARU" -H "$JSON" -d "{\\"matching_id\\":\\"$MATCHING\\"}" |
  field checkout_url)
curl -s -o /dev/null -X POST $CHECKOUT_URL -d do=pay
\`\`\`

It is paid for once Stripe has said so, which takes a moment: ask again, or show \`GET /api/notifications\`.

\`\`\`sh 200
curl -s $API/api/matching/$MATCHING -H "authorization: Bearer $HARU"
\`\`\`

\`\`\`json
{"id": "\u2026", "state": "paid", "is_done_payment": true, "partner": {"name": "\u590F\u76EE \u590F"}}
\`\`\`

From five minutes before it begins \`GET /api/meeting/{matching_id}/join\` answers what Amazon Chime's SDK wants, as for
[a room](/docs/guides/rooms). In TypeScript, from the search to the request:

\`\`\`ts
import { createEnishi, ok } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
const [card] = await ok(enishi.api.GET("/api/users", { params: { query: { limit: 20 } } }));
if (card) {
  const { speaker_id } = card;
  const query = { from: "2026-11-23T00:00:00Z", to: "2026-11-30T00:00:00Z", meeting_length: 30 };
  const { starts } = await ok(enishi.api.GET("/api/users/{speaker_id}/slots", { params: { path: { speaker_id }, query } }));
  const body = { speaker_id, message: "\u304A\u8A71\u3092\u805E\u304B\u305B\u3066\u304F\u3060\u3055\u3044\u3002", date: starts[0], meeting_length: 30 };
  if (body.date) await ok(enishi.api.POST("/api/matching", { body: { ...body, date: body.date } }));
}
\`\`\`
`;export{t as default};
