import"./chunk-4ZSZS2HH.js";var t=`Saju introduces people by the four pillars of their births: five a day, with the reasons. Who asks is answered, and a yes opens a
chat.

\`\`\`sh
API=http://localhost:3000
AWS=http://127.0.0.1:3001   # the stand-ins of a local stack: its mailbox is there
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
login() { curl -s $API/api/users/login -H 'content-type: application/json' \\
  -d "{\\"email\\":\\"$1@example.com\\",\\"password\\":\\"under the old pine tree\\"}" | field access_token; }
\`\`\`

## Register

The birth date makes the chart. It may be of the solar or of the lunar calendar (\`"calendar": "lunar"\`); one has to be 19 or
older.

\`\`\`sh 201 201
curl -s -o /dev/null $API/api/users/register -H 'content-type: application/json' \\
  -d '{"name":"\uC11C\uC5F0","email":"seoyeon@example.com","password":"under the old pine tree",
       "birth_date":"1996-02-04","gender":"female"}'
curl -s $API/api/users/register -H 'content-type: application/json' \\
  -d '{"name":"\uBBFC\uC900","email":"minjun@example.com","password":"under the old pine tree",
       "birth_date":"1994-07-21","gender":"male"}'
\`\`\`

\`\`\`json
{"user_id": "\u2026", "name": "\uBBFC\uC900", "email": "minjun@example.com"}
\`\`\`

Who has an account already sends its \`Authorization\`; then the profile is added to it.

Nobody is recommended before their address is theirs, so both open the link of their mail (and say the password, where they are not logged in):

\`\`\`sh 200 204 204
for TOKEN in $(curl -s $AWS/_enishi/mails | grep -o 'verify-email?token=[A-Za-z0-9._-]*' | uniq | tail -n 2 | cut -d = -f 2); do
  curl -s $API/api/auth/email/verify -H 'content-type: application/json' \\
    -d "{\\"token\\":\\"$TOKEN\\",\\"password\\":\\"under the old pine tree\\"}"
done
\`\`\`

\`\`\`sh 200 200
SEOYEON=$(login seoyeon)
MINJUN=$(login minjun)
\`\`\`

## Her chart, and today

The hour may be told later; the fourth pillar waits for it.

\`\`\`sh 200
curl -s -X PUT $API/api/users/me -H "authorization: Bearer $SEOYEON" -H 'content-type: application/json' \\
  -d '{"birth_time":"07:40","location":"\uC11C\uC6B8","bio":"\uBE44 \uC624\uB294 \uB0A0 \uCC45\uBC29\uC744 \uC88B\uC544\uD574\uC694."}'
\`\`\`

\`\`\`sh 200
curl -s $API/api/saju/me -H "authorization: Bearer $SEOYEON"
\`\`\`

\`\`\`json
{"birth_date": "1996-02-04", "calendar": "solar", "birth_time": "07:40"}
\`\`\`

\`\`\`sh 200
curl -s $API/api/fortune/today -H "authorization: Bearer $SEOYEON"
\`\`\`

\`\`\`json
{"text": "\u2026"}
\`\`\`

## Who goes with her

The list is drawn with the first request of a day in Korea and stays until midnight there. Whoever has asked within thirty days is on
others' lists: so he asks first.

\`\`\`sh 200 200
curl -s -o /dev/null $API/api/matches/recommendations -H "authorization: Bearer $MINJUN"
curl -s $API/api/matches/recommendations -H "authorization: Bearer $SEOYEON"
\`\`\`

\`\`\`json
[{"user_id": "\u2026", "name": "\uBBFC\uC900", "breakdown": [{"reason": "\u2026"}]}]
\`\`\`

\`breakdown\` gives the reasons with their points, to show as they are.

## Ask, and say yes

\`\`\`sh 200 201
MINJUN_ID=$(curl -s $API/api/matches/recommendations -H "authorization: Bearer $SEOYEON" | field user_id)
curl -s $API/api/matches/request -H "authorization: Bearer $SEOYEON" -H 'content-type: application/json' \\
  -d "{\\"receiver_id\\":\\"$MINJUN_ID\\"}"
\`\`\`

\`\`\`json
{"match_id": "\u2026", "status": "requested"}
\`\`\`

He is told at once over [the WebSocket](/docs/guides/live) (\`matchRequest\`), and finds it in his list. Accepting answers the
chat:

\`\`\`sh 200 200
MATCH_ID=$(curl -s $API/api/matches -H "authorization: Bearer $MINJUN" | field match_id)
ACCEPTED=$(curl -s -X POST $API/api/matches/$MATCH_ID/accept -H "authorization: Bearer $MINJUN")
CHAT_ID=$(echo "$ACCEPTED" | field chat_id)
\`\`\`

## The chat

\`client_msg_id\` is the client's own id: sent again, the message is stored once. \`seq\` numbers the chat's messages.

\`\`\`sh 201
curl -s $API/api/chats/$CHAT_ID/messages -H "authorization: Bearer $SEOYEON" -H 'content-type: application/json' \\
  -d '{"content":"\uC548\uB155\uD558\uC138\uC694, \uBC18\uAC00\uC6CC\uC694.","client_msg_id":"1"}'
\`\`\`

\`\`\`json
{"message_id": "\u2026", "seq": 1, "client_msg_id": "1"}
\`\`\`

What one does not have yet, and how far one has read:

\`\`\`sh 200
curl -s "$API/api/chats/$CHAT_ID/messages?after_seq=0" -H "authorization: Bearer $MINJUN"
\`\`\`

\`\`\`json
[{"seq": 1, "content": "\uC548\uB155\uD558\uC138\uC694, \uBC18\uAC00\uC6CC\uC694."}]
\`\`\`

\`\`\`sh 200
curl -s $API/api/chats/$CHAT_ID/read -H "authorization: Bearer $MINJUN" -H 'content-type: application/json' -d '{"seq":1}'
\`\`\`

A front end loads a chat so and then listens:

\`\`\`ts
import { createEnishi, ok } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
const chat_id = "\u2026";
let last = 0;
const ask = async () => {
  const missing = await ok(
    enishi.api.GET("/api/chats/{chat_id}/messages", { params: { path: { chat_id }, query: { after_seq: last } } }),
  );
  for (const { seq } of missing) last = Math.max(last, seq);
};
const live = enishi.live();
live.on("open", () => void ask());
live.on("message", ({ seq }) => (seq === last + 1 ? (last = seq) : void ask()));
await live.send(chat_id, "\uB610 \uB9CC\uB098\uC694!");
\`\`\`

\`DELETE /api/chats/{chat_id}\` ends a match for both; \`POST /api/blocks\` and \`POST /api/reports\` are for whom one does not want to
hear from.
`;export{t as default};
