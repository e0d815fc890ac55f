// What the pages ask of the stack. The token comes in the address's fragment, once, and is kept for this
// origin alone.

const KEPT = "enishi-console-token";

const { hash } = window.location;
if (hash.length > 1 && !hash.startsWith("#/")) {
  localStorage.setItem(KEPT, decodeURIComponent(hash.slice(1)));
  history.replaceState(null, "", "#/live");
}

export const hasToken = () => Boolean(localStorage.getItem(KEPT));

export const setToken = (text) => {
  const token = text.trim().replace(/^.*#/, "");
  localStorage.setItem(KEPT, token);
};

/** What went wrong, in the stack's own words. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(method, path, body, signal) {
  const headers = { authorization: `Bearer ${localStorage.getItem(KEPT) ?? ""}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const init = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "the stack does not answer; is it running?");
  }
  if (!response.ok) {
    if (response.status === 401) window.dispatchEvent(new Event("token-refused"));
    throw new Refused(response.status, (await response.text()) || response.statusText);
  }
  return response;
}

export const get = async (path, signal) => (await ask("GET", path, undefined, signal)).json();
export const post = async (path, body = {}) => (await ask("POST", path, body)).json();
export const put = async (path, body) => (await ask("PUT", path, body)).json();

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Server-sent events, with the token in a header, which an EventSource could not send. Connects again
 * whenever the connection ends, until `signal` aborts.
 */
export async function follow(path, signal, tell, told) {
  while (!signal.aborted) {
    try {
      const { body } = await ask("GET", path, undefined, signal);
      told(true);
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += value;
        const events = text.split("\n\n");
        text = events.pop();
        const read = events.map(parsed).filter(Boolean);
        if (read.length) tell(read);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    if (signal.aborted) return;
    told(false);
    await pause(1000);
  }
}

function parsed(event) {
  let kind = "";
  let data = "";
  for (const line of event.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    if (line.startsWith("data:")) data += line.slice(5).trim();
  }
  return data ? { kind, data: JSON.parse(data) } : null;
}
