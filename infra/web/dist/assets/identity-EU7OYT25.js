import"./chunk-4ZSZS2HH.js";var s=`One account is for all products. This is how somebody gets one, and stays logged in.

\`\`\`sh
API=http://localhost:3000
AWS=http://127.0.0.1:3001   # the stand-ins of a local stack: its mailbox is there
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
\`\`\`

## Sign up

\`\`\`sh 201
SIGNED_UP=$(curl -s $API/signup -H 'content-type: application/json' -H 'idempotency-key: sign-up-of-mio' \\
  -H 'accept-language: en' \\
  -d '{"username":"mio","email":"mio@example.com","password":"a quiet morning"}')
TOKEN=$(echo "$SIGNED_UP" | field access_token)
REFRESH_TOKEN=$(echo "$SIGNED_UP" | field refresh_token)
\`\`\`

The answer has an access token for 15 minutes and a refresh token for the next ones. \`Accept-Language\` is the language
of the letters. A name or an address that somebody has is refused, and \`errors\` names the field:

\`\`\`sh 409
curl -s $API/signup -H 'content-type: application/json' \\
  -d '{"username":"mio2","email":"mio@example.com","password":"a quiet morning"}'
\`\`\`

\`\`\`json
{"status": 409, "code": "conflict", "errors": [{"field": "email", "code": "already_exists"}]}
\`\`\`

## Verify the address

A mail leads to \`/verify-email?token=\u2026\` of the front end. That sends the token on, with the access token of whoever has opened
it; who is not logged in is asked for the \`password\`. So nobody verifies an address for a stranger who typed it. On your machine
the mail lies in \`.enishi/mail\`, or:

\`\`\`sh 200 204
VERIFY=$(curl -s $AWS/_enishi/mails | grep -o 'verify-email?token=[A-Za-z0-9._-]*' | tail -n 1 | cut -d = -f 2)
curl -s $API/api/auth/email/verify -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d "{\\"token\\":\\"$VERIFY\\"}"
\`\`\`

Some things wait for it: nobody is recommended in saju, or found in visits, before their address is theirs.

## Log in

By address or by name:

\`\`\`sh 200
curl -s $API/login -H 'content-type: application/json' -d '{"email":"mio@example.com","password":"a quiet morning"}'
\`\`\`

\`\`\`json
{"access_token": "\u2026", "refresh_token": "\u2026", "expires_in": 900, "token_type": "Bearer", "user_id": "\u2026"}
\`\`\`

A wrong password is 401 with a code of its own: refreshing a token does not help there.

\`\`\`sh 401
curl -s $API/login -H 'content-type: application/json' -d '{"username":"mio","password":"a loud morning"}'
\`\`\`

\`\`\`json
{"status": 401, "code": "invalid_credentials"}
\`\`\`

## Stay logged in

**A program** keeps the refresh token and spends it for the next pair. Each is good once:

\`\`\`sh
REFRESHED=$(curl -s $API/api/auth/refresh -H 'content-type: application/json' -d "{\\"refresh_token\\":\\"$REFRESH_TOKEN\\"}")
TOKEN=$(echo "$REFRESHED" | field access_token)
REFRESH_TOKEN=$(echo "$REFRESHED" | field refresh_token)
\`\`\`

For 30 seconds the token just spent answers the same pair again, so a lost answer does no harm. After that, a spent one
ends the session: somebody else may hold a copy.

**A page** does not keep it where scripts read. It hands it over once, to \`PUT /api/session\`, and has it as a cookie from then
on (\`HttpOnly\`, \`SameSite=Strict\`); each further \`PUT /api/session\`, with cookies and an empty body, answers an access token:

\`\`\`sh 200 200
SESSION=$(curl -s -X PUT $API/api/session -c cookies.txt -H 'content-type: application/json' \\
  -d "{\\"session_key\\":\\"$REFRESH_TOKEN\\"}")
KEY=$(echo "$SESSION" | field session_key)
curl -s -X PUT $API/api/session -H "cookie: session_key=$KEY" -H 'content-type: application/json' -d '{}'
\`\`\`

\`\`\`json
{"access_token": "\u2026", "expires_in": 900}
\`\`\`

Page and API have to be one site for that: \`http://localhost:5173\` and \`http://localhost:3000\`, or \`www.example.com\` and
\`api.example.com\`.

With the client both are the same line; what keeps the secret is its \`keeper\`:

\`\`\`ts
import { createEnishi, ok, tokenKeeper } from "@enishi/client";

// In a browser: the cookie.
const page = createEnishi({ baseUrl: "http://localhost:3000" });
const body = { email: "mio@example.com", password: "a quiet morning" };
await page.session.adopt(await ok(page.api.POST("/login", { body })));
// After a reload: whoever has the cookie is logged in.
const isLoggedIn: boolean = await page.session.restore();
\`\`\`

## Forget the password

\`\`\`sh 202
curl -s -X POST $API/api/auth/password/forgot -H 'content-type: application/json' -d '{"email":"mio@example.com"}'
\`\`\`

The answer is the same whether there is such an account or not. The mail leads to \`/reset-password?token=\u2026\`:

\`\`\`sh 200 204
RESET=$(curl -s $AWS/_enishi/mails | grep -o 'reset-password?token=[A-Za-z0-9._-]*' | tail -n 1 | cut -d = -f 2)
curl -s $API/api/auth/password/reset -H 'content-type: application/json' \\
  -d "{\\"token\\":\\"$RESET\\",\\"password\\":\\"another quiet morning\\"}"
\`\`\`

A new password ends all sessions.

## Log out, and leave

\`\`\`sh 200 204
TOKEN=$(curl -s $API/login -H 'content-type: application/json' \\
  -d '{"username":"mio","password":"another quiet morning"}' | field access_token)
curl -s -X POST $API/api/auth/logout -H "authorization: Bearer $TOKEN"
\`\`\`

\`DELETE /api/users/me\` closes an account for good, in every product.
`;export{s as default};
