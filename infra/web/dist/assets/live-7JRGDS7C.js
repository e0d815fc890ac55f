import"./chunk-4ZSZS2HH.js";var o=`One WebSocket tells people at once what they would otherwise ask for: messages, requests, rooms. Everything can be had over
HTTP too, so a client that is not connected misses nothing for good. Every message with its fields is at
[Live messages](/docs/live).

\`\`\`sh 201
API=http://localhost:3000
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
TOKEN=$(curl -s $API/signup -H 'content-type: application/json' \\
  -d '{"username":"kei","email":"kei@example.com","password":"a quiet morning"}' | field access_token)
\`\`\`

## Get a ticket, and connect

A browser cannot give a WebSocket an \`Authorization\` header, so a ticket opens it. It is good once, for a minute:

\`\`\`sh 201
curl -s -X POST $API/api/live/ticket -H "authorization: Bearer $TOKEN"
\`\`\`

\`\`\`json
{"ticket": "\u2026", "url": "\u2026", "expires_in": 60}
\`\`\`

Connect to \`<url>?ticket=<ticket>\`, in a browser's console or with any client:

\`\`\`js
const { url, ticket } = await (await fetch("http://localhost:3000/api/live/ticket", {
  method: "POST",
  headers: { authorization: \`Bearer \${TOKEN}\` },
})).json();
const socket = new WebSocket(\`\${url}?ticket=\${ticket}\`);
socket.onmessage = ({ data }) => console.log(JSON.parse(data));
socket.onopen = () => socket.send(JSON.stringify({ action: "ping" })); // {"type": "pong"}
\`\`\`

What a client sends has an \`action\`, what it gets a \`type\`. Ignore types and fields that you do not know.

## Do not lose anything

1. **First connect, then ask** over HTTP for what has happened since the last connection. The other way round something
   falls between the two.
2. **Ping** every five minutes; take the connection for dead when no pong comes within ten seconds. It ends after an hour in any
   case.
3. **Connect again** with a new ticket, after a random pause of at most a second, twice as long after each failure up to a
   minute. Where the ticket is refused with 401, refresh the access token.
4. **Messages of a chat have a \`seq\`.** Drop one that you have. Where one is missing, ask \`GET
   /api/chats/{chat_id}/messages?after_seq=\u2026\`.
5. **What you send has a \`client_msg_id\`** of your own. Until its \`ack\` comes it may be lost: send it again with the same
   id, and it is stored once.

The client does all of it but the asking:

\`\`\`ts
import { createEnishi } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
const live = enishi.live();
live.on("open", () => console.log("ask for what came meanwhile"));
live.on("message", ({ chat_id, seq, content }) => console.log(chat_id, seq, content));
const ack = await live.send("the chat's id", "\uC548\uB155\uD558\uC138\uC694");
console.log(ack.seq);
\`\`\`

A connection does not outlive its session: a log-out, a new password or the end of the account closes it.
`;export{o as default};
