// Walks through every view of the console as its developer would, in a headless Chromium:
//   node walk.mjs <browser> <what it finds, as JSON>
// Each view is looked at with axe, 1280 and 390 pixels wide, light and dark, and is not wider than the window.
// Pictures of them lie in `shots/`. Whatever goes wrong is said, and ends the walk. With SLOWER=6 pages run six times
// slower: what was merely quick enough shows.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [executablePath, told] = process.argv.slice(2);
const found = JSON.parse(told);
const [base] = found.console.split("/#");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const slower = Number(process.env.SLOWER ?? 1);
const wrong = [];
mkdirSync("shots", { recursive: true });

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

async function opened(width, colorScheme, reducedMotion = "reduce") {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 820 }, colorScheme, reducedMotion, locale: "en-GB",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  if (slower > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slower });
  page.on("pageerror", (error) => wrong.push(`${page.url()}: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error" && !page.expects?.test(line.text())) wrong.push(`${page.url()}: ${line.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${base}/`) && !request.url().startsWith("data:")) wrong.push(`asks for ${request.url()}`);
  });
  return page;
}

/** axe on what is shown now, and whether it fits. */
async function look(page, name) {
  // As a debugger does it: the page's policy lets no script in but its own.
  await page.evaluate(`${axe}; undefined`);
  const violations = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  });
  for (const violation of violations) wrong.push(`${name}: ${violation}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) wrong.push(`${name} is ${over} px too wide`);
  await page.screenshot({ path: `shots/${name}.png` });
}

const is = (condition, sentence) => condition || wrong.push(sentence);
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();
const view = async (page, name, title = name) => {
  await page.getByRole("navigation").getByRole("link", { name: new RegExp(`^${name}`) }).click();
  await heading(page, title);
};

async function walk() {
  const page = await opened(1280, "light");
  page.expects = /401/;
  await page.goto(base);
  await page.getByLabel("Address or token").waitFor();
  await look(page, "door");
  await page.getByLabel("Address or token").fill(found.console);
  await page.getByRole("button", { name: "Open" }).click();
  await heading(page, "Live");
  page.expects = undefined;
  is(!page.url().includes(found.console.split("#")[1]), "the token stays in the address");

  // By keyboard alone: the first stop leads to the content.
  await page.keyboard.press("Tab");
  is((await page.evaluate(() => document.activeElement?.className)) === "skip", "the first stop is the link to the content");
  await page.keyboard.press("Enter");
  is((await page.evaluate(() => document.activeElement?.tagName)) === "H1", "the link leads to the heading");

  // What happens now is there at once, with all that follows from it.
  const signup = { username: `walker${Date.now()}`, email: `walker${Date.now()}@example.com`, password: "asagohan-9-walks" };
  const answer = await fetch(`${found.api}/signup`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(signup) });
  // This one, not one of those before it.
  await page.getByRole("searchbox", { name: "Find" }).fill(answer.headers.get("apigw-requestid"));
  const row = page.getByRole("region", { name: "What happens, the newest first" }).getByRole("link", { name: /POST \/signup/ });
  await row.click();
  const story = page.getByRole("complementary", { name: "Story" });
  await story.getByRole("link", { name: /account\.created/ }).waitFor();
  await story.getByRole("link", { name: /^mail / }).click();
  await story.getByRole("link", { name: "read it" }).click();
  await heading(page, "Mail");
  const mail = page.getByRole("complementary", { name: "Mail" });
  await mail.getByText("To", { exact: true }).waitFor();
  await page.frameLocator("iframe[title='The mail']").getByRole("link", { name: /^http/ }).first().waitFor();
  await mail.getByRole("button", { name: "Text" }).click();
  const link = mail.getByRole("link", { name: /^http/ }).first();
  is((await link.getAttribute("href"))?.startsWith("http://localhost:"), "the mail's link leads to the front end");
  await look(page, "mail");

  await view(page, "Functions");
  const signups = page.getByRole("row", { name: /^identity-signup/ });
  is(Number(await signups.getByRole("cell").nth(1).textContent()) > 0, "identity-signup was called");
  await look(page, "functions");
  await page.getByRole("link", { name: "identity-signup", exact: true }).click();
  await heading(page, "identity-signup");
  await look(page, "function");

  await view(page, "Clock");
  const time = () => page.locator("section time").first().getAttribute("datetime");
  const before = Date.parse(await time());
  await page.getByRole("button", { name: "10 min", exact: true }).click();
  await page.getByText(/^It is /).first().waitFor();
  await page.waitForFunction((was) => Date.parse(document.querySelector("section time").dateTime) - was >= 600_000, before);
  await page.getByRole("button", { name: "Fire now rooms-assign" }).click();
  await page.getByText(/rooms-assign: \[/).waitFor();
  await look(page, "clock");

  await view(page, "Dead letters");
  await page.getByRole("button", { name: /^Redrive/ }).click();
  await page.getByText(/runs once more/).waitFor();
  await look(page, "letters");

  await view(page, "Tables");
  await look(page, "tables");
  await page.getByRole("link", { name: "IdentityTable", exact: true }).click();
  await page.getByLabel("pk is").fill(`ACCOUNT#${found.user}`);
  await page.locator("summary", { hasText: new RegExp(`ACCOUNT#${found.user}.*SESSION#`) }).first().click();
  await page.getByRole("group", { name: "Item" }).first().waitFor();
  await look(page, "items");

  await view(page, "Mornings");
  await page.getByRole("heading", { name: "Who had met whom" }).waitFor();
  is((await page.getByRole("img", { name: /^Room \d+: / }).count()) >= 2, "two rooms are drawn");
  await page.getByRole("button", { name: found.guest, exact: true }).click();
  await look(page, "morning");

  await view(page, "saju");
  await page.getByRole("heading", { name: "Exposure" }).waitFor();
  await page.getByRole("link", { name: found.saju, exact: true }).click();
  await page.getByRole("heading", { name: new RegExp(`^${found.saju}'s list`) }).waitFor();
  await look(page, "saju");

  await view(page, "Orders");
  await look(page, "orders");
  await page.getByRole("link", { name: found.order }).click();
  await page.getByText("It adds up: order, ledger and Stripe say the same.").waitFor();
  is((await page.getByRole("img", { name: /^Of .* was charged; it is: / }).count()) === 1, "the order's money is drawn");
  await look(page, "order");

  await view(page, "Payments");
  const deed = async (name) => {
    await page.getByRole("button", { name: new RegExp(`^${name} `) }).first().click();
    await page.getByText(`${name}: done.`).waitFor();
  };
  await deed("Fail");
  await deed("Pay");
  await deed("Dispute");
  await deed("Dispute is won");
  await deed("Refund");
  await look(page, "payments");

  await view(page, "Firebase users");
  await page.getByRole("button", { name: /^Disable/ }).first().click();
  await page.getByText(/is disabled\.$/).waitFor();
  await look(page, "users");

  // What was done by hand stands in the stream, with what came of it.
  await view(page, "Live");
  await page.getByRole("searchbox", { name: "Find" }).fill("payment.settled");
  await page.getByRole("link", { name: /payment\.settled/ }).first().click();
  await story.getByRole("link", { name: /^(\S+ )?by hand/ }).first().waitFor();
  await look(page, "live");
  return page.url().split("#")[1];
}

const places = (story) => [
  ["live", "/live"], ["story", story], ["functions", "/functions"], ["clock", "/clock"], ["letters", "/letters"], ["mail", "/mail"],
  ["tables", "/tables/IdentityTable"], ["morning", "/morning"], ["saju", `/saju/${found.sajuId}`], ["orders", `/orders/${found.order}`],
  ["payments", "/payments"], ["users", "/users"],
];

const story = await walk();
for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]]) {
  const page = await opened(width, scheme);
  await page.goto(found.console);
  await heading(page, "Live");
  for (const [name, at] of places(story)) {
    await page.evaluate((to) => { window.location.hash = to; }, at);
    await page.waitForTimeout(700);
    await look(page, `${name}-${width}-${scheme}`);
  }
  await page.context().close();
}
await browser.close();
console.log(JSON.stringify({ wrong }));
