import"./chunk-4ZSZS2HH.js";var a=`Organisations log in with Firebase, invite people and make projects together. A new one has the seats and seconds of the
parameters \`OrgFreeSeats\` and \`OrgFreeSeconds\`; for this guide a local stack is started with some:

\`\`\`
cargo run -- --parameter OrgFreeSeats=3 --parameter OrgFreeSeconds=600
\`\`\`

\`\`\`sh
API=http://localhost:3000
AWS=http://127.0.0.1:3001   # the stand-ins of a local stack: Firebase's emulator and the mailbox
FIREBASE=$AWS/identitytoolkit.googleapis.com/v1
field() { grep -o "\\"$1\\": *\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
JSON='content-type: application/json'
\`\`\`

## Log in with Firebase

A front end does this with Firebase's own SDK: \`connectAuthEmulator(auth, "http://127.0.0.1:3001")\` on a local stack,
with any API key. Without it:

\`\`\`sh 200 200
UP=$(curl -s "$FIREBASE/accounts:signUp?key=any" -H "$JSON" \\
  -d '{"email":"kai@example.com","password":"the path to the shrine"}')
KAI_UID=$(echo "$UP" | field localId)
# The emulator's owner says that the address is his; in the cloud the link of Firebase's mail does.
curl -s -o /dev/null "$FIREBASE/projects/demo-enishi/accounts:update" -H 'authorization: Bearer owner' -H "$JSON" \\
  -d "{\\"localId\\":\\"$KAI_UID\\",\\"emailVerified\\":true}"
\`\`\`

\`\`\`sh 200
KAI=$(curl -s "$FIREBASE/accounts:signInWithPassword?key=any" -H "$JSON" \\
  -d '{"email":"kai@example.com","password":"the path to the shrine","returnSecureToken":true}' | field idToken)
\`\`\`

Everything under \`/v1/service\` takes that ID token as it is. The other products want an access token: \`POST /api/session\`
exchanges it.

\`\`\`sh 200
curl -s $API/api/session -H "$JSON" -d "{\\"id_token\\":\\"$KAI\\"}"
\`\`\`

\`\`\`json
{"access_token": "\u2026", "expires_in": 900, "session_key": "\u2026"}
\`\`\`

## Make an organisation

Its first user is its admin:

\`\`\`sh 200
USER=$(curl -s $API/v1/service/users -H "authorization: Bearer $KAI" -H "$JSON" \\
  -d "{\\"uid\\":\\"$KAI_UID\\",\\"email\\":\\"kai@example.com\\",\\"role\\":\\"admin\\",\\"company_name\\":\\"\u3044\u308D\u306F\u682A\u5F0F\u4F1A\u793E\\",
       \\"postal_code\\":\\"123-4567\\",\\"address\\":\\"\u6771\u4EAC\u90FD\u6E2F\u533A\u767D\u9280\u9AD8\u8F2A1-1-1\\"}")
ORGANIZATION=$(echo "$USER" | field organization_id)
\`\`\`

\`\`\`sh 200
curl -s $API/v1/service/organizations/$ORGANIZATION -H "authorization: Bearer $KAI"
\`\`\`

\`\`\`json
{"organization": {"id": "\u2026", "company_name": "\u3044\u308D\u306F\u682A\u5F0F\u4F1A\u793E"}}
\`\`\`

## Invite somebody

The mail leads to \`/invitations/accept?token=\u2026\` of the front end, for seven days. Whoever is invited logs in with Firebase
and accepts:

\`\`\`sh 200
curl -s $API/v1/service/invitations -H "authorization: Bearer $KAI" -H "$JSON" \\
  -d "{\\"email\\":\\"nami@example.com\\",\\"role\\":\\"member\\",\\"organization_id\\":\\"$ORGANIZATION\\"}"
\`\`\`

\`\`\`sh 200 200 200 200
UP=$(curl -s "$FIREBASE/accounts:signUp?key=any" -H "$JSON" \\
  -d '{"email":"nami@example.com","password":"the path to the shrine"}')
curl -s -o /dev/null "$FIREBASE/projects/demo-enishi/accounts:update" -H 'authorization: Bearer owner' -H "$JSON" \\
  -d "{\\"localId\\":\\"$(echo "$UP" | field localId)\\",\\"emailVerified\\":true}"
NAMI=$(curl -s "$FIREBASE/accounts:signInWithPassword?key=any" -H "$JSON" \\
  -d '{"email":"nami@example.com","password":"the path to the shrine","returnSecureToken":true}' | field idToken)
INVITED=$(curl -s $AWS/_enishi/mails | grep -o 'accept?token=[A-Za-z0-9._-]*' | tail -n 1 | cut -d = -f 2)
\`\`\`

\`\`\`sh 200
curl -s $API/v1/service/invitations/accept -H "authorization: Bearer $NAMI" -H "$JSON" -d "{\\"token\\":\\"$INVITED\\"}"
\`\`\`

\`\`\`json
{"user": {"email": "nami@example.com", "role": "member", "organization_id": "\u2026"}}
\`\`\`

Who has no seat left gets 403 with \`quota_exceeded\` or 409: show \`GET /v1/service/licenses\`, where seats are bought.

## Make a project

It spends the seconds of its video:

\`\`\`sh 200
curl -s $API/v1/service/projects -H "authorization: Bearer $NAMI" -H "$JSON" \\
  -d '{"name":"my_video.mp4","video_length":120}'
\`\`\`

\`\`\`json
{"project": {"id": "\u2026", "name": "my_video.mp4", "video_length": 120, "status": "created"}}
\`\`\`

\`\`\`sh 200
curl -s $API/v1/service/usage -H "authorization: Bearer $KAI"
\`\`\`

\`\`\`json
{"usage": {"left": 480}}
\`\`\`

In TypeScript, with the ID token of Firebase's SDK in place of the session's:

\`\`\`ts
import { createEnishi, ok } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
const idToken = "\u2026"; // await user.getIdToken()
const headers = { authorization: \`Bearer \${idToken}\` };
const { projects } = await ok(enishi.api.GET("/v1/service/projects", { headers }));
console.log(projects.length);
\`\`\`

Times are \`YYYY-MM-DD HH:MM:SS\` in UTC here, and lists are in an object: \`{"projects": [\u2026]}\`.
`;export{a as default};
