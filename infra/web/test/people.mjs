// What a walk through the front end needs: windows of people's own, how a page is held to the rules, mails.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const [web, aws, pictures] = process.argv.slice(2);
assert.ok(web && aws, "node test/walk.mjs <front end> <AWS stand-ins> [folder for pictures]");
if (pictures) await mkdir(pictures, { recursive: true });
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const PASSWORD = "a quiet morning at nine";
const PATIENCE = 20_000;
const SLOWER = Number(process.env.SLOWER ?? 1);

const flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [...flags.split(" "), "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
});

export const complaints = [];
export let looked = 0;

/** A window of somebody's own, with their own cookies. */
export async function window(who, locale = "en-GB") {
  const context = await browser.newContext({ locale, timezoneId: "Asia/Tokyo", reducedMotion: "reduce", viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  if (SLOWER > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  page.on("pageerror", (error) => complaints.push(`${who}: ${error.message}`));
  page.on("console", (message) => {
    // That a request was refused is the page's to tell.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    // Chime is not there; that it may not be asked would be told otherwise.
    if (/chime\.aws.*ERR_NAME|enishi - Signaling/.test(message.text())) return;
    complaints.push(`${who} at ${page.url()}: ${message.text()}`);
  });
  return page;
}

/** Holds a page to the rules, as whoever is there sees it. */
export async function look(page, name) {
  looked += 1;
  await page.locator("main h1").waitFor();
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
      const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly }), runOnly);
      const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
      assert.deepEqual(found, [], `${name}, ${width}, ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels wider than ${width}`);
      await page.evaluate(() => globalThis.scrollTo(0, 0));
      if (pictures) await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true, animations: "disabled" });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}

export async function ask(path, body, method = body ? "POST" : "GET") {
  const init = body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {};
  const response = await fetch(`${aws}${path}`, { method, ...init });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

export const until = async (what, look) => {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${what} did not come`);
};

/** The link of the last mail to somebody that leads to `path`. */
export const link = (email, path) =>
  until(`a mail to ${email} with ${path}`, async () => {
    const mails = await ask("/_enishi/mails");
    const texts = mails.filter((mail) => mail.to.includes(email)).map((mail) => mail.text ?? "");
    return texts
      .reverse()
      .flatMap((text) => text.match(/https?:\/\/\S+/g) ?? [])
      .find((url) => url.startsWith(`${web}${path}`));
  });

export const button = (page, name) => page.getByRole("button", { name, exact: true });
export const field = (page, name) => page.getByLabel(name, { exact: true });
export const heading = (page, name) => page.getByRole("heading", { name, exact: true }).first().waitFor();

export async function signUp(page, name) {
  const email = `${name}@example.com`;
  await page.goto(`${web}/sign-up`);
  await field(page, "Name others see").fill(name);
  await field(page, "E-mail address").fill(email);
  await field(page, "Password").fill(PASSWORD);
  await button(page, "Sign up").click();
  await heading(page, "Look into your mailbox");
  await page.goto(await link(email, "/verify-email"));
  await page.getByText("Your address is confirmed.").waitFor();
  assert.ok(!page.url().includes("token"), "the token stays in the address");
  return email;
}

export async function logIn(page, email, password) {
  await page.goto(`${web}/log-in`);
  await field(page, "E-mail address").fill(email);
  await field(page, "Password").fill(password);
  await button(page, "Log in").click();
  await page.getByRole("link", { name: "Account", exact: true }).waitFor();
}
