import"./chunk-4ZSZS2HH.js";var a=`Makers list what they make by hand; others find it, put it into a cart and buy it.

\`\`\`sh
API=http://localhost:3000
AWS=http://127.0.0.1:3001   # the stand-ins of a local stack: its mailbox is there
field() { grep -o "\\"$1\\":\\"[^\\"]*\\"" | head -n 1 | cut -d '"' -f 4; }
JSON='content-type: application/json'
person() { curl -s $API/signup -H "$JSON" \\
  -d "{\\"username\\":\\"$1\\",\\"email\\":\\"$1@example.com\\",\\"password\\":\\"a quiet morning\\"}" | field access_token; }
\`\`\`

\`\`\`sh 201 201
RIKU=$(person riku)   # makes things
SORA=$(person sora)   # buys them
\`\`\`

Any account will do; one of Firebase's comes in by \`POST /api/session\`, as [Organisations](/docs/guides/orgs) shows. Both open the
link of their mail:

\`\`\`sh 200 204 204
for TOKEN in $(curl -s $AWS/_enishi/mails | grep -o 'verify-email?token=[A-Za-z0-9._-]*' | uniq | tail -n 2 | cut -d = -f 2); do
  curl -s $API/api/auth/email/verify -H "$JSON" -d "{\\"token\\":\\"$TOKEN\\",\\"password\\":\\"a quiet morning\\"}"
done
\`\`\`

## Become a maker

The notice is what the law wants to be told of who sells. Then Stripe has to know who gets the money: send the browser to
the \`url\` that \`GET /api/stripe/create\` answers. On a local stack a request does.

\`\`\`sh 201 200 303
curl -s -o /dev/null $API/api/makers -H "authorization: Bearer $RIKU" -H "$JSON" \\
  -d '{"maker_name":"\u9678\u5DE5\u623F","shipping_fee":500,"notice":{"seller":"\u9678\u5DE5\u623F","representative":"\u7530\u4E2D \u9678",
       "address":"\u77F3\u5DDD\u770C\u91D1\u6CA2\u5E02\u5E83\u57421-2-3","phone_number":"076-123-4567","delivery":"\u4E09\u65E5\u4EE5\u5185\u306B\u767A\u9001\u3057\u307E\u3059\u3002",
       "returns":"\u7834\u640D\u306E\u3068\u304D\u306F\u4E03\u65E5\u4EE5\u5185\u306B\u304A\u53D6\u308A\u66FF\u3048\u3057\u307E\u3059\u3002"}}'
URL=$(curl -s $API/api/stripe/create -H "authorization: Bearer $RIKU" | field url)
curl -s -o /dev/null -X POST $URL -d do=finish
\`\`\`

## List something

\`\`\`sh 201
curl -s $API/api/products -H "authorization: Bearer $RIKU" -H "$JSON" \\
  -d '{"item_name":"\u624B\u63CF\u304D\u306E\u30DE\u30B0\u30AB\u30C3\u30D7","color":"\u767D","price":2800,"stock":3,"description":"\u4E00\u3064\u305A\u3064\u624B\u3067\u63CF\u3044\u3066\u3044\u307E\u3059\u3002"}'
\`\`\`

\`\`\`json
{"item_id": "\u2026", "item_name": "\u624B\u63CF\u304D\u306E\u30DE\u30B0\u30AB\u30C3\u30D7", "price": 2800, "status": "on_sale", "stock": {"free": 3, "held": 0}}
\`\`\`

A picture is declared at \`POST /images/{item_id}\`, sent to the address that it answers, and shown with
\`PUT /images/{item_id}\`.

## Find it

Lists need no token, and a CDN may stand in front of them (the output \`ItemsUrl\`). Kana, case and width do not matter in a
keyword:

\`\`\`sh 200
curl -s -G $API/api/item/search --data-urlencode 'keyword=\u307E\u3050\u304B\u3063\u3077'
\`\`\`

\`\`\`json
[{"item_id": "\u2026", "item_name": "\u624B\u63CF\u304D\u306E\u30DE\u30B0\u30AB\u30C3\u30D7", "price": 2800, "available": true, "maker": {"maker_name": "\u9678\u5DE5\u623F"}}]
\`\`\`

\`\`\`ts
import { createEnishi, nextCursor, whole } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
for (let cursor: string | undefined, more = true; more; ) {
  const query = { color: "\u767D", limit: 20, ...(cursor && { cursor }) };
  const page = await whole(enishi.api.GET("/api/item", { params: { query } }));
  for (const { item_name, price } of page.data) console.log(item_name, price);
  cursor = nextCursor(page.response);
  more = cursor !== undefined;
}
\`\`\`

## The cart

Where the parcel goes is told once. The cart says what everything costs now, and what has changed since it was put there:

\`\`\`sh 200 200 200
ITEM=$(curl -s -G $API/api/item/search --data-urlencode 'keyword=\u307E\u3050\u304B\u3063\u3077' | field item_id)
curl -s -o /dev/null $API/api/address -H "authorization: Bearer $SORA" -H "$JSON" \\
  -d '{"name":"\u4F50\u85E4 \u7A7A","zip_code":"920-0001","address":"\u77F3\u5DDD\u770C\u91D1\u6CA2\u5E02\u5E83\u57421-2-3","phone_number":"076-123-4567"}'
curl -s $API/api/cart -H "authorization: Bearer $SORA" -H "$JSON" -d "{\\"item_id\\":\\"$ITEM\\",\\"quantity\\":2}"
\`\`\`

\`\`\`json
{"lines": [{"item_id": "\u2026", "quantity": 2, "state": "ok"}], "items_amount": 5600, "shipping_amount": 500, "total_amount": 6100, "cart_version": "\u2026"}
\`\`\`

## Buy it

\`cart_version\` makes sure that what is bought is what was shown; where something has changed it is 409, and the cart is to be shown again. The
stock is kept until it is paid for:

\`\`\`sh 200 201
VERSION=$(curl -s $API/api/cart -H "authorization: Bearer $SORA" | field cart_version)
BOUGHT=$(curl -s $API/api/buy -H "authorization: Bearer $SORA" -H "$JSON" -d "{\\"cart_version\\":\\"$VERSION\\"}")
TRANSACTION=$(echo "$BOUGHT" | field transaction_id)
\`\`\`

Send the browser to its \`checkout_url\`. Here, [as always](/docs/guides/payments), a request pays:

\`\`\`sh 303
curl -s -o /dev/null -X POST $(echo "$BOUGHT" | field checkout_url) -d do=pay
\`\`\`

\`\`\`sh 200
curl -s $API/api/transaction/$TRANSACTION -H "authorization: Bearer $SORA"
\`\`\`

\`\`\`json
{"transaction_id": "\u2026", "status": "Paid", "total_amount": 6100}
\`\`\`

## Send it

\`\`\`sh 200
curl -s $API/api/sales/$TRANSACTION/ship -H "authorization: Bearer $RIKU" -H "$JSON" \\
  -d '{"ship_id":"1234-5678-9012","carrier":"\u65E5\u672C\u90F5\u4FBF"}'
\`\`\`

The customer says that it has come (\`POST /api/transaction/{transaction_id}/received\`) or that something is wrong with it
(\`\u2026/report\`). Then the money goes to the maker, less the fee, or back.
`;export{a as default};
