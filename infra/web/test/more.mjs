// What people find beside the main paths: each leads through pages that `walk.mjs` has not been at.
import assert from "node:assert/strict";
import { join } from "node:path";
import { ask, button, field, heading, look, until, web } from "./people.mjs";

const PICTURE = join(import.meta.dirname ?? ".", "mug.png");

/** Chooses the language of the pages. */
const speak = (page, tag) => page.locator(".own select").selectOption(tag);

/** After the morning: whom she would rather not meet again, the weeks to come, the feed. */
export async function weekPages(hana) {
  const { time } = await ask("/_enishi/clock");
  await ask("/_enishi/clock", { time: new Date(Date.parse(time) + 45 * 60_000).toISOString() }, "PUT");
  await hana.goto(`${web}/rooms`);
  await hana.locator("summary").filter({ hasText: "came" }).click();
  await button(hana, "Rather not again: sora").click();
  await hana.getByText("you rather do not meet").waitFor();
  await look(hana, "rooms-met");

  await hana.getByRole("link", { name: "Week by week" }).click();
  await heading(hana, "Week by week");
  for (const day of ["Mon", "Wed"]) await field(hana, day).check();
  await button(hana, "Save").click();
  await hana.getByText("Saved.").waitFor();
  await hana.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(hana, "Make an address").click();
  const feed = await field(hana, "Address of the feed").inputValue();
  assert.match(await (await fetch(feed)).text(), /^BEGIN:VCALENDAR/);
  await button(hana, "Copy").click();
  await hana.getByText("Copied.").waitFor();
  assert.equal(await hana.evaluate(() => navigator.clipboard.readText()), feed);
  await look(hana, "rooms-week");
  await speak(hana, "ja");
  await heading(hana, "毎週の予定");
  await look(hana, "rooms-week-ja");
  await speak(hana, "en");
  await button(hana, "Revoke the address").click();
  await hana.getByText("Nothing is found there any more.").waitFor();
  assert.equal((await fetch(feed)).status, 404);
  await button(hana, "Meet again: sora").click();
  await hana.getByText("Nobody.").waitFor();
  await hana.reload();
  assert.ok(await field(hana, "Wed").isChecked(), "the schedule is kept");
}

/** The two are matched, and have talked. */
export async function sajuPages(hana, sora) {
  await hana.goto(`${web}/saju`);
  await hana.getByRole("link", { name: "My chart" }).click();
  await hana.locator(".pillars").waitFor();
  assert.equal(await hana.locator(".pillars .hanja").count(), 8);
  await look(hana, "saju-chart");
  await speak(hana, "ko");
  await heading(hana, "내 사주");
  await look(hana, "saju-chart-ko");
  await speak(hana, "en");

  await hana.goto(`${web}/saju/profile`);
  await field(hana, "A few words about you").fill("천천히 걷는 사람입니다.");
  await field(hana, "From (years)").fill("25");
  await field(hana, "Show me to others").uncheck();
  await field(hana, "Tell how far I have read").check();
  await button(hana, "Save").click();
  await hana.getByText("Saved.").waitFor();
  await field(hana, "JPEG, PNG or WebP").setInputFiles(PICTURE);
  await button(hana, "Show it").click();
  await hana.getByText("Others see it now.").waitFor();
  await hana.locator(".face img").evaluate((image) => image.decode());
  await look(hana, "saju-profile");
  await hana.goto(`${web}/saju`);
  await hana.getByText("Your profile is paused").waitFor();

  const chat = sora.url();
  await sora.getByText("Part, block or report").click();
  await look(sora, "chat-safety");
  await field(sora, "What for").selectOption("spam");
  await button(sora, "Report").click();
  await sora.getByText("We will look at it.").waitFor();
  await button(sora, "Block").click();
  await heading(sora, "Saju");
  await sora.goto(`${web}/saju/profile`);
  await button(sora, "Lift the block: hana").click();
  await sora.getByText("You block nobody.").waitFor();
  await sora.goto(chat);
  await sora.getByText("Part, block or report").click();
  await button(sora, "End the match").click();
  await sora.getByText("Nobody has asked yet.").waitFor();
}

/** The student and the employee have met. */
export async function visitsPages(hana, umi, operator) {
  const meeting = hana.url();
  await hana.goto(`${web}/visits`);
  await hana.getByRole("link", { name: /^Notices/ }).click();
  await hana.getByRole("link", { name: "The visit is paid for" }).first().waitFor();
  await look(hana, "visits-notices");
  await button(hana, "Mark as read").click();
  await hana.getByText("0 new").waitFor();

  await umi.goto(`${web}/visits/profile`);
  await field(umi, "Telephone").fill("090-8765-4321");
  await field(umi, "Show my position").check();
  await button(umi, "Save").click();
  await umi.getByText("Saved.").waitFor();
  await look(umi, "visits-profile");
  await umi.goto(`${web}/visits`);
  await heading(umi, "Single days");
  await field(umi, "Day").fill("2027-12-24");
  await button(umi, "Add").click();
  await umi.getByText("no time", { exact: true }).waitFor();
  await look(umi, "visits-days");

  await umi.goto(meeting);
  await umi.getByText("Report or block").click();
  await field(umi, "What happened").fill("面談と関係のない勧誘をされました。");
  await button(umi, "Report").click();
  await umi.getByText("An operator will look at it.").waitFor();
  await button(umi, "Block").click();
  await umi.getByText("Blocked.").waitFor();
  await look(umi, "visit-safety");
  await umi.goto(`${web}/visits/profile`);
  await umi.getByRole("button", { name: /^Lift the block/ }).click();
  await umi.getByText("You block nobody.").waitFor();

  await operator.reload();
  await operator.getByText("面談と関係のない勧誘をされました。").waitFor();
  await look(operator, "review-reports");
  await field(operator, "Reason").fill("どちらの言い分も確かめました。");
  await button(operator, "Decide").click();
  await until("an empty queue", async () => (await operator.getByText("Nobody waits.").count()) === 2);
}

/** A customer who has bought something, and who made it. */
export async function keptPages(sora, riku) {
  await sora.goto(`${web}/market`);
  await sora.getByRole("link", { name: "手描きのマグカップ" }).click();
  await button(sora, "Remember it").click();
  await button(sora, "Forget it").waitFor();
  await sora.getByRole("link", { name: "陸工房" }).click();
  await sora.getByText("田中 陸").waitFor();
  await look(sora, "market-maker");
  await sora.goto(`${web}/market/favourites`);
  await sora.getByRole("link", { name: "手描きのマグカップ" }).waitFor();
  await look(sora, "market-liked");

  await riku.goto(`${web}/maker`);
  await riku.getByText("Change: 手描きのマグカップ").click();
  const form = riku.getByRole("form", { name: "Change: 手描きのマグカップ" });
  await form.getByLabel("Price in yen").fill("3200");
  await form.getByLabel("How many more, or fewer").fill("4");
  await look(riku, "maker-change");
  await form.getByRole("button", { name: "Save" }).click();
  await riku.getByText("5 left").waitFor();
  await riku.getByText("Change the workshop").click();
  await field(riku, "Sending, in yen").fill("600");
  await look(riku, "maker-about");
  await riku.getByRole("form", { name: "Change the workshop" }).getByRole("button", { name: "Save" }).click();
  await riku.getByText("Saved.").first().waitFor();
}

/** A customer finds fault with what has come, and an operator does not. */
export async function reportedParcel(sora, operator) {
  await sora.getByText("Something is wrong with it").click();
  await field(sora, "What is wrong").fill("色が写真と違います。");
  await look(sora, "order-sent");
  await button(sora, "Tell the operators").click();
  await sora.getByText("You have told the operators.").waitFor();
  await operator.goto(`${web}/account`);
  await operator.getByRole("link", { name: "What is the matter with orders" }).click();
  await operator.getByText("色が写真と違います。").waitFor();
  await look(operator, "market-review");
  await field(operator, "Why, for other operators").fill("写真のとおりでした。");
  await button(operator, "Decide").click();
  await operator.getByText("Nothing waits.").waitFor();
  await sora.reload();
}

/** An admin, once somebody has accepted. */
export async function organizationPages(kai) {
  await kai.reload();
  await button(kai, "Make admin: nami@example.com").click();
  await button(kai, "Make member: nami@example.com").waitFor();
  await look(kai, "orgs-members");
  await button(kai, "Remove: nami@example.com").click();
  await until("one member", async () => (await kai.getByText("nami@example.com").count()) === 0);
  await button(kai, "Delete: my_video.mp4").click();
  await kai.getByText("No projects yet.").waitFor();
  await kai.reload();
  await kai.getByText("Change the organisation").click();
  await kai.getByText("You are its only member.").waitFor();
  await field(kai, "Address").fill("東京都港区白銀高輪2-2-2");
  await button(kai, "Save").click();
  await kai.getByText("Saved.").waitFor();
  await look(kai, "orgs-edit");
}
