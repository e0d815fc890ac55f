// What all pages share: where the API is, the client, who is logged in.
import { createEnishi, type Enishi } from "@enishi/client";
import { useEffect, useState } from "preact/hooks";
import { language } from "./i18n";

/** `/config.json`: written by the local stack, and by whoever deploys. */
export interface Config {
  /** The API's address. */
  api: string;
  /** The Firebase project that organisations log in with. */
  firebase?: { apiKey: string; projectId: string; authDomain?: string; emulator?: string };
  /** On a developer's machine alone: meetings have no media there, and who is connected is asked here. */
  local?: { meetings: string };
}

export let config: Config;
export let enishi: Enishi;

/** That somebody has logged in with this browser: no secret, but whoever never has need not ask for a session. */
const KNOWN = "enishi.known";

/** Asks for the configuration, and goes on with the session that the browser may have. */
export async function start(): Promise<void> {
  const response = await fetch("/config.json");
  config = (await response.json()) as Config;
  enishi = createEnishi({ baseUrl: config.api, language });
  const { session } = enishi;
  session.subscribe(() => (session.userId ? localStorage.setItem(KNOWN, "1") : localStorage.removeItem(KNOWN)));
  if (!localStorage.getItem(KNOWN)) return;
  // Without a network the pages say so themselves.
  const open = await session.restore().catch(() => true);
  if (!open) localStorage.removeItem(KNOWN);
}

/** Who is logged in; the component is drawn again when that changes. */
export function useUser(): string | undefined {
  const [user, setUser] = useState(enishi.session.userId);
  useEffect(() => enishi.session.subscribe(() => setUser(enishi.session.userId)), []);
  return user;
}
