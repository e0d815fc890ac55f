import{b as y,e as g,f as b}from"./chunk-OVTIAWTB.js";import{b as m,c as p,d as f,e as d,f as u}from"./chunk-37ZH5UYS.js";import{i as e,o as h,q as l}from"./chunk-353D74CG.js";import"./chunk-RB563JAR.js";import"./chunk-4ZSZS2HH.js";var w=`## In a client

Decide by \`code\`, not by the status alone and never by \`message\`, which is for people and may change. Unknown codes count as their
status does.

\`\`\`ts
import { ApiError, createEnishi, ok } from "@enishi/client";

const enishi = createEnishi({ baseUrl: "http://localhost:3000" });
try {
  await ok(enishi.api.POST("/register/", { body: { date: "2026-11-21" } }));
} catch (thrown) {
  const error = ApiError.from(thrown);
  switch (error.code) {
    case "invalid_parameter":
      for (const { field, rule } of error.faults) console.log(field, rule);
      break;
    case "network":
      console.log("nobody answered: try again");
      break;
    default:
      console.log(error.code, error.retryAfter, error.requestId);
  }
}
\`\`\`

The client refreshes an access token once where it is refused, and tries three times what may pass (408, 429, 5xx, no answer),
as \`Retry-After\` says. \`apigw-requestid\`, its \`requestId\`, finds the request in the logs.

Over the WebSocket an error is the same body with the \`type\` \`error\`, the \`action\` and the \`client_msg_id\` of what it is about,
and \`retry_after\` in seconds: [Live messages](/docs/live#error).
`;function T(){let r=h(y);return e(m,{title:"Errors",lede:"Every error has one body and one of these codes.",children:e(l,{of:r,children:s=>e(v,{api:s})})})}function v({api:r}){u();let{Code:s,FieldCode:i,ErrorBody:a}=r.schemas,{status:t,code:o,message:n,errors:c}=a?.example??{};return e(g.Provider,{value:r.schemas,children:[e("section",{class:"group",children:[e("h2",{children:"The body"}),e(b,{schema:a??{}}),e(p,{text:JSON.stringify({status:t,code:o,message:n,errors:c},null,2),label:"An example"})]}),e(k,{title:"Codes",head:"Code",of:s?.["x-errors"]??{}}),e(k,{title:"Codes of fields",head:"In errors",of:i?.["x-errors"]??{}}),e(f,{text:w})]})}function k({title:r,head:s,of:i}){let a=Object.entries(i).sort(([,t],[,o])=>(t.status??0)-(o.status??0));return e("section",{class:"group",children:[e("h2",{children:r}),e("table",{class:"catalogue",children:[e("thead",{children:e("tr",{children:[e("th",{scope:"col",children:s}),e("th",{scope:"col",children:"What it means"}),e("th",{scope:"col",children:"What a client does"})]})}),e("tbody",{children:a.map(([t,{status:o,meaning:n,remedy:c}])=>e("tr",{id:t,children:[e("th",{scope:"row",children:[o&&e("span",{class:"chip red",children:o})," ",e("code",{children:t})]}),e("td",{children:e(d,{text:n})}),e("td",{children:e(d,{text:c})})]},t))})]})]})}export{T as Errors};
