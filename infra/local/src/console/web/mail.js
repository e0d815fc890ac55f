// The mailbox.

import { Empty, Failure, Head, html, link, Time, useAsked, useEffect, useState } from "./ui.js";

/** A text with its addresses as links. */
const linked = (text) =>
  text.split(/(https?:\/\/[^\s<>"）」]+)/g).map((part, at) =>
    at % 2 ? html`<a href=${part} target="_blank" rel="noreferrer">${part}</a>` : part,
  );

export function Mail({ rest, overview }) {
  const { value, error } = useAsked("/api/mails", overview.value?.mails);
  const [text, type] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = (value ?? []).filter((mail) => !wanted || `${mail.subject} ${mail.to.join(" ")}`.toLowerCase().includes(wanted));
  return html`
    <${Head} title="Mail"><div class="tools"><input type="search" aria-label="Find" placeholder="recipient, subject" value=${text} onInput=${(event) => type(event.target.value)} /></div><//>
    <${Failure} error=${error} />
    ${value?.length === 0 && html`<${Empty}>No mail was sent yet. Nothing leaves this machine; what functions send with SES lies here.<//>`}
    <div class=${`split ${rest[0] ? "open" : ""}`}>
      <section class="list" aria-label="Mails, the newest first"><ol>
        ${shown.map((mail) => html`<li key=${mail.message_id}><a class="row mailrow" href=${link("mail", mail.message_id)} aria-current=${rest[0] === mail.message_id ? "true" : undefined}>
          <span class="when"><${Time} at=${mail.sent_at} day /></span>
          <span class="what"><span class="title">${mail.subject}</span></span>
          <span class="to muted">${mail.to.join(", ")}${mail.attachments ? `, ${mail.attachments} file` : ""}</span>
        </a></li>`)}
      </ol></section>
      ${rest[0] && html`<${One} id=${rest[0]} />`}
    </div>`;
}

function One({ id }) {
  const { value: mail, error } = useAsked(`/api/mails/${encodeURIComponent(id)}`);
  const [html_, show] = useState(true);
  useEffect(() => show(true), [id]);
  if (!mail) return html`<aside class="story" aria-label="Mail"><${Failure} error=${error} /></aside>`;
  const both = mail.html && mail.text;
  return html`<aside class="story" aria-label="Mail">
    <div class="storyhead"><h2>${mail.subject}</h2><a class="close" href="#/mail">Close</a></div>
    <dl class="facts">
      <div><dt>To</dt><dd>${mail.to.join(", ")}</dd></div>
      <div><dt>From</dt><dd>${mail.from}</dd></div>
      <div><dt>Sent</dt><dd><${Time} at=${mail.sent_at} day /></dd></div>
    </dl>
    ${both && html`<div class="buttons" role="group" aria-label="Shown as">
      <button aria-pressed=${html_} onClick=${() => show(true)}>HTML</button>
      <button aria-pressed=${!html_} onClick=${() => show(false)}>Text</button>
    </div>`}
    ${mail.html && html_
      ? html`<iframe class="letter" title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" src=${mail.html}></iframe>`
      : html`<div class="letter text">${linked(mail.text ?? "")}</div>`}
    ${mail.attachments.length > 0 && html`<h3>Files</h3><ul>${mail.attachments.map((file) => html`<li><a href=${file.url} download=${file.file_name}>${file.file_name}</a> <span class="muted">${file.content_type}</span></li>`)}</ul>`}
  </aside>`;
}
