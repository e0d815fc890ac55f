// Firebase's users.

import { post } from "./api.js";
import { Empty, Failure, Head, html, link, Scroll, Time, useAsked, useDeed } from "./ui.js";

export function Users() {
  const { value, error, refresh } = useAsked("/api/users", 0, 5000);
  const deed = useDeed();
  const act = async (user, action, done) => {
    await deed.run(() => post(`/api/users/${encodeURIComponent(user.localId)}/${action}`), `${user.email ?? user.localId} is ${done}.`);
    refresh();
  };
  return html`
    <${Head} title="Firebase users" />
    <${Failure} error=${error} />
    ${deed.shown}
    ${value?.users.length === 0 && html`<${Empty}>Nobody has signed up at the Auth emulator yet; it is on the port of the AWS stand-ins.<//>`}
    ${value?.users.length > 0 && html`<${Scroll} label="Users"><table class="grid">
      <thead><tr><th scope="col">E-mail</th><th scope="col">Name</th><th scope="col">uid</th><th scope="col">Verified</th><th scope="col" class="number">Last log-in</th><th scope="col"><span class="visually-hidden">Deeds</span></th></tr></thead>
      <tbody>${value.users.map((user) => html`<tr key=${user.localId}>
        <th scope="row">${user.email ?? "–"}${user.disabled ? html` <span class="pill expired">disabled</span>` : ""}</th>
        <td>${user.displayName ?? ""}</td>
        <td class="mono">${user.localId}</td>
        <td>${user.emailVerified ? "yes" : "no"}</td>
        <td class="number"><${Time} at=${new Date(Number(user.lastLoginAt)).toISOString()} day /></td>
        <td class="number buttons">
          ${!user.emailVerified && html`<button disabled=${deed.busy} onClick=${() => act(user, "verify", "verified")}>Verify<span class="visually-hidden"> ${user.email}</span></button>`}
          ${user.disabled
            ? html`<button disabled=${deed.busy} onClick=${() => act(user, "enable", "enabled")}>Enable<span class="visually-hidden"> ${user.email}</span></button>`
            : html`<button disabled=${deed.busy} onClick=${() => act(user, "disable", "disabled")}>Disable<span class="visually-hidden"> ${user.email}</span></button>`}
        </td>
      </tr>`)}</tbody>
    </table><//>`}
    ${value?.codes?.length > 0 && html`<h2>Mails that went nowhere</h2><ul class="calls">${value.codes.map((code) => html`<li><span>${code.email}: ${code.requestType}</span><span class="mono">${code.oobCode}</span></li>`)}</ul>`}`;
}
