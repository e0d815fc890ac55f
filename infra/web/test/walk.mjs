// Walks through the front end of a running stack as people do, in Chromium:
//
//   node test/walk.mjs <front end> <AWS stand-ins> [folder for pictures]
//
// From the sign-up to a joined room, a chat between two windows, a visit that is paid for, a purchase, an organisation
// with seats. Each page is held to axe's rules (WCAG 2.2 AA) at 1280 and 390 pixels, light and dark; nothing may be
// wider than the window, and the browser may complain of nothing: the Content-Security-Policy is in force.
// Chromium is CHROMIUM, or where Debian puts it. With SLOWER=6 pages run six times slower: what was merely quick enough
// shows.
import assert from "node:assert/strict";
import { join } from "node:path";
import { documentation } from "./docs.mjs";
import {
  ask,
  browser,
  button,
  complaints,
  field,
  heading,
  link,
  logIn,
  look,
  looked,
  PASSWORD,
  pictures,
  signUp,
  until,
  web,
  window,
} from "./people.mjs";
import { keptPages, organizationPages, reportedParcel, sajuPages, visitsPages, weekPages } from "./more.mjs";

const steps = [];
async function step(name, work) {
  const begun = performance.now();
  await work();
  steps.push(name);
  console.log(`${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

const clock = async () => new Date((await ask("/_enishi/clock")).time);
const DAY = 86_400_000;
const tokyo = (date) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo" }).format(date);
// An evening: the next slot is tomorrow's.
await ask("/_enishi/clock", { time: `${tokyo((await clock()).getTime() + DAY)}T20:00:00+09:00` }, "PUT");
const hana = await window("hana");
const sora = await window("sora");

try {
  await step("the first page, and what is not there", async () => {
    await hana.goto(web);
    await heading(hana, "Threads between people");
    await look(hana, "home");
    await hana.goto(`${web}/nowhere`);
    await heading(hana, "There is no such page.");
  });

  await step("a form says what is wrong, and where", async () => {
    await hana.goto(`${web}/sign-up`);
    await field(hana, "Name others see").fill("hana");
    await field(hana, "E-mail address").fill("hana@example.com");
    await field(hana, "Password").fill("short");
    await hana.keyboard.press("Enter");
    await hana.getByText("Please look at the marked fields.").waitFor();
    await hana.locator("[name=password]:focus").waitFor();
    await look(hana, "sign-up-refused");
  });

  await step("sign-up and verification by the mail's link", async () => {
    await signUp(hana, "hana");
    await look(hana, "verified");
    await signUp(sora, "sora");
  });

  await step("nothing that logs in lies where scripts read", async () => {
    const stored = await hana.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.doesNotMatch(stored, /ey[A-Z]|session_key/);
    const [cookie] = await hana.context().cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite, cookie.path], ["session_key", true, "Strict", "/api/session"]);
    await hana.reload();
    await hana.getByRole("link", { name: "Account", exact: true }).waitFor();
  });

  await step("a forgotten password", async () => {
    const other = await window("other");
    await other.goto(`${web}/forgot-password`);
    await field(other, "E-mail address").fill("sora@example.com");
    await button(other, "Send the link").click();
    await other.getByText("a mail is on its way").waitFor();
    await look(other, "forgot");
    const reset = await link("sora@example.com", "/reset-password");
    await other.goto(reset);
    await field(other, "New password").fill("another quiet morning");
    await button(other, "Save the password").click();
    await other.getByText("Your new password is set.").waitFor();
    await other.goto(reset);
    await field(other, "New password").fill("yet another morning");
    await button(other, "Save the password").click();
    await other.getByText("This link has been used").waitFor();
    await logIn(sora, "sora@example.com", "another quiet morning");
    await other.context().close();
  });

  await step("both enroll for tomorrow", async () => {
    for (const page of [hana, sora]) {
      await page.goto(`${web}/rooms`);
      await page.getByRole("button", { name: /^I will come: / }).click();
      await page.getByText("The rooms are drawn ten minutes before.").waitFor();
    }
    await look(hana, "rooms-pending");
  });

  await step("they are drawn, and meet in the room", async () => {
    const morning = `${tokyo((await clock()).getTime() + DAY)}T08:50:00+09:00`;
    await ask("/_enishi/clock", { time: morning }, "PUT");
    await ask("/_enishi/fire/rooms-assign", { at: morning });
    await ask("/_enishi/clock", { time: morning.replace("08:50", "08:58") }, "PUT");
    for (const page of [hana, sora]) {
      // The page asks by itself; so long nobody waits here.
      await page.reload();
      await page.getByText("Your room is ready.").waitFor();
    }
    await look(hana, "rooms-ready");
    for (const page of [hana, sora]) {
      await page.getByRole("link", { name: "To the room" }).click();
      await heading(page, "The room");
      await page.locator("h1:focus").waitFor();
    }
    await look(hana, "room-before");
    const chime = [];
    hana.on("request", (request) => chime.push(request.url()));
    for (const page of [hana, sora]) await button(page, "Enter with the microphone").click();
    for (const page of [hana, sora]) await page.getByText("2 people are connected.").waitFor();
    await hana.getByText("This stack has no media server").waitFor();
    assert.ok(!chime.some((url) => url.includes("chime")), "without media its SDK is not loaded");
    // Chime's events say who has come.
    await until("both", async () => (await hana.locator(".tile.here").count()) === 2);
    await look(hana, "room");
    await button(sora, "Leave").click();
    await sora.getByText("You have left the room.").waitFor();
    await hana.getByText("One person is connected.").waitFor();
    await button(hana, "Leave").click();
  });

  await step("with media the meetings' SDK is loaded, and may reach Chime", async () => {
    // The same meeting, as Chime would answer it; nothing here resolves its names.
    await hana.route("**/rooms/*/join", async (route) => {
      if (route.request().method() === "OPTIONS") return route.continue();
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll(".chime.invalid", ".app.chime.aws") });
    });
    const signalling = hana.waitForEvent("websocket", (socket) => /^wss:\/\/signal\..*\.chime\.aws\//.test(socket.url()));
    await button(hana, "Enter and listen").click();
    await signalling;
    await hana.getByText("Connecting…").waitFor();
    await button(hana, "Unmute").click();
    await button(hana, "Mute").waitFor();
    await button(hana, "Camera on").click();
    await button(hana, "Camera off").waitFor();
    await look(hana, "room-media");
    await button(hana, "Leave").click();
    await hana.unroute("**/rooms/*/join");
  });

  await step("rooms: every week, whom one avoids, a calendar's feed", () => weekPages(hana));

  await step("saju: both register, one asks, the other looks at who it is and says yes", async () => {
    for (const [page, calendar, born, gender, time] of [
      [hana, "solar", "1996-02-04", "female", "07:30"],
      [sora, "lunar", "1994-06-13", "male", ""],
    ]) {
      await page.goto(`${web}/saju`);
      await field(page, "Calendar").selectOption(calendar);
      await field(page, "Date of birth").fill(born);
      await field(page, "Hour of birth (if you know it)").fill(time);
      await field(page, "You are").selectOption(gender);
      await field(page, "Where you live").fill("Seoul");
      await look(page, `saju-register-${calendar}`);
      await button(page, "Begin").click();
      await heading(page, "For you, today");
    }
    await hana.reload();
    await hana.getByText("Why").first().click();
    await look(hana, "saju");
    await button(hana, "Ask for a talk: sora").click();
    await hana.getByText("You asked").waitFor();
    await sora.reload();
    await sora.getByRole("link", { name: "hana", exact: true }).click();
    await heading(sora, "hana");
    await look(sora, "saju-person");
    await button(sora, "Say yes").click();
    await sora.getByText("You both said yes").waitFor();
    await hana.reload();
    await hana.getByText("You both said yes").waitFor();
  });

  await step("a chat between two windows", async () => {
    for (const page of [hana, sora]) {
      await page.getByRole("link", { name: "To the chat" }).click();
      await page.getByText("Connected: messages come at once.").waitFor();
    }
    const say = async (page, text) => {
      await field(page, "Your message").fill(text);
      await page.keyboard.press("Enter");
    };
    const heard = (page, text) => page.getByRole("log").getByText(text).waitFor();
    await say(hana, "안녕하세요, 반가워요.");
    await heard(sora, "안녕하세요, 반가워요.");
    await say(sora, "저도 반갑습니다!");
    await heard(hana, "저도 반갑습니다!");
    // While one is elsewhere the other goes on; nothing is lost, nothing comes twice.
    await sora.goto(web);
    await say(hana, "주말에 차 한잔 어떠세요?");
    await heard(hana, "주말에 차 한잔 어떠세요?");
    await sora.goBack();
    await heard(sora, "주말에 차 한잔 어떠세요?");
    await say(sora, "좋아요!");
    await heard(hana, "좋아요!");
    assert.equal(await sora.getByRole("log").getByRole("listitem").count(), 4);
    await look(hana, "chat");
  });

  await step("saju: one's chart and profile, a block, a report, the end of a match", () => sajuPages(hana, sora));

  const operator = await window("operator");
  const umi = await window("umi");
  const PAPER = { name: "card.png", mimeType: "image/png", buffer: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex") };
  await step("visits: a student and an employee are verified", async () => {
    await signUp(umi, "umi");
    for (const [page, name, type, place] of [[hana, "山田 花", "student", "縁大学"], [umi, "海野 海", "company", "縁製作所"]]) {
      await page.goto(`${web}/visits`);
      await field(page, "You are").selectOption(type);
      await field(page, "Name").fill(name);
      await field(page, "Date of birth").fill("2000-04-02");
      await field(page, "Telephone").fill("090-1234-5678");
      await field(page, type === "student" ? "University" : "Company").fill(place);
      if (page === umi) {
        await field(page, "Kind of work").selectOption("エンジニア");
        await look(page, "visits-register");
      }
      await button(page, "Begin").click();
      await field(page, "Student's card or business card").setInputFiles(PAPER);
      if (page === hana) {
        await button(page, "Hand in").click();
        await page.getByText("Please fill this in.").waitFor();
        await look(page, "visits-documents");
      }
      await field(page, "Proof of identity").setInputFiles(PAPER);
      await button(page, "Hand in").click();
      await page.getByText("Handed in.").waitFor();
    }
    await logIn(operator, "operator@example.com", "enishi-operator");
    await operator.goto(`${web}/visits/review`);
    await button(operator, "Show the documents").first().click();
    await operator.getByRole("link", { name: "Proof of identity" }).waitFor();
    await look(operator, "review");
    await button(operator, "Approve").first().click();
    await until("the next one", async () => (await button(operator, "Approve").count()) === 1);
    await button(operator, "Approve").click();
    // Nor did anybody wait with a report.
    await operator.getByText("Nobody waits.").nth(1).waitFor();
  });

  let date;
  await step("visits: found, asked, agreed, booked, paid", async () => {
    await umi.reload();
    await heading(umi, "When you can be visited");
    for (const day of ["Sat", "Sun"]) await field(umi, day).check();
    await field(umi, "A few words to whoever you meet").fill("五年目の開発者です。");
    await button(umi, "Save").click();
    await umi.getByText("Saved.").waitFor();
    await look(umi, "visits-hours");
    await hana.goto(`${web}/visits`);
    await button(hana, "Ask for a visit: 縁製作所").click();
    const when = field(hana, "When");
    await until("free times", async () => (await when.count()) > 0 && (await when.locator("option").count()) > 10);
    // A visit that begins within a day has no time to be paid for.
    [date] = await when.selectOption({ index: 20 });
    await field(hana, "What you would like to know").fill("仕事の一日について聞かせてください。");
    await look(hana, "visits-search");
    await button(hana, "Ask").click();
    await heading(hana, "Visit");
    await umi.goto(hana.url());
    await button(umi, "Agree").click();
    await hana.reload();
    await button(hana, "Book it").click();
    await button(hana, "Pay").waitFor();
    await field(hana, "Your message").fill("よろしくお願いします。");
    await button(hana, "Send").last().click();
    await umi.getByRole("log").getByText("よろしくお願いします。").waitFor();
    await look(hana, "visit-booked");
    await button(hana, "Pay").click();
    await hana.waitForURL(/stripe/);
    await hana.getByRole("button", { name: /Pay$/ }).first().click();
    await hana.waitForURL(`${web}/meetings/**`);
    await hana.getByRole("link", { name: "To the meeting" }).waitFor();
    await look(hana, "visit-paid");
  });

  await step("visits: both come to the meeting, and agree to its recording", async () => {
    await ask("/_enishi/clock", { time: new Date(Date.parse(date) - 4 * 60_000).toISOString() }, "PUT");
    for (const page of [hana, umi]) {
      await page.reload();
      await button(page, "I agree that the sound is recorded").click();
      await page.getByRole("link", { name: "To the meeting" }).click();
      await button(page, "Enter and listen").click();
    }
    for (const page of [hana, umi]) await page.getByText("2 people are connected.").waitFor();
    await umi.getByText("The sound is being recorded").waitFor();
    await look(umi, "visit-room");
    for (const page of [hana, umi]) await button(page, "Leave").click();
    await hana.goBack();
    await hana.getByText("Both agree.").waitFor();
  });

  await step("visits: notices, profiles, single days, a report and who decides on it", () => visitsPages(hana, umi, operator));

  const riku = await window("riku");
  await step("market: a maker is known to Stripe and lists something", async () => {
    await riku.goto(`${web}/maker`);
    await riku.getByText("Log in to see this page.").waitFor();
    await signUp(riku, "riku");
    await riku.goto(`${web}/maker`);
    const notice = { Seller: "陸工房", "Responsible person": "田中 陸", Address: "石川県金沢市広坂1-2-3", Telephone: "076-123-4567" };
    await field(riku, "Name of the workshop").fill("陸工房");
    for (const [name, text] of Object.entries(notice)) await field(riku, name).fill(text);
    await field(riku, "When it is sent").fill("三日以内に発送します。");
    await field(riku, "Returns").fill("七日以内にお取り替えします。");
    await look(riku, "maker-become");
    await button(riku, "Open the workshop").click();
    await button(riku, "Tell Stripe about yourself").click();
    await riku.getByRole("button", { name: /Finish/ }).click();
    await riku.waitForURL(`${web}/maker`);
    await field(riku, "What it is").fill("手描きのマグカップ");
    await field(riku, "Price in yen").fill("2800");
    await field(riku, "How many there are").fill("3");
    await field(riku, "Description").fill("一つずつ手で描いています。");
    await field(riku, "Picture (JPEG, PNG or WebP)").setInputFiles(join(import.meta.dirname ?? ".", "mug.png"));
    await button(riku, "List it").click();
    await riku.getByRole("link", { name: "手描きのマグカップ" }).waitFor();
    await until("Stripe's word", async () => {
      await riku.reload();
      await heading(riku, "What you sell");
      return (await riku.getByText("You are selling.").count()) > 0;
    });
    await look(riku, "maker");
  });

  await step("market: found, into the cart, bought, paid", async () => {
    await until("the thing on sale", async () => {
      await sora.goto(`${web}/market`);
      await sora.getByRole("status").first().waitFor();
      return (await sora.getByRole("link", { name: "手描きのマグカップ" }).count()) > 0;
    });
    await look(sora, "market");
    await sora.getByRole("link", { name: "手描きのマグカップ" }).click();
    await heading(sora, "手描きのマグカップ");
    await sora.locator(".picture img").evaluate((image) => image.decode());
    await look(sora, "item");
    await field(sora, "Quantity").fill("2");
    await button(sora, "Put into the cart").click();
    await field(sora, "Name").fill("佐藤 空");
    await field(sora, "Postal code").fill("9200001");
    await field(sora, "Address").fill("石川県金沢市広坂1-2-3");
    await field(sora, "Telephone").fill("076-123-4567");
    await look(sora, "cart-address");
    await button(sora, "Save").click();
    await button(sora, "Go to the payment").waitFor();
    await look(sora, "cart");
    await button(sora, "Go to the payment").click();
    await sora.waitForURL(/stripe/);
    await sora.getByRole("button", { name: /Pay$/ }).first().click();
    await sora.waitForURL(`${web}/transactions/**`);
    await sora.getByText("Thank you. The makers have been told.").waitFor();
    await look(sora, "order");
    await sora.getByRole("link", { name: "My orders" }).click();
    await heading(sora, "My orders");
    await look(sora, "orders");
  });

  await step("market: what one likes, who sells it, what its maker changes", () => keptPages(sora, riku));

  await step("market: the maker's letter leads to the sale, which is sent", async () => {
    await riku.goto(await link("riku@example.com", "/sales/"));
    await field(riku, "Carrier").fill("ヤマト運輸");
    await field(riku, "Parcel number").fill("1234-5678-9012");
    await button(riku, "It is sent").click();
    await riku.getByText("on its way").waitFor();
    await riku.getByText("Give the money back").click();
    await look(riku, "sale");
    await sora.goto(await link("sora@example.com", "/transactions/"));
    await reportedParcel(sora, operator);
    await button(sora, "It has come").click();
    await sora.getByText("has come").first().waitFor();
  });

  const kai = await window("kai");
  const nami = await window("nami");
  const atFirebase = async (page, email) => {
    await field(page, "E-mail address").fill(email);
    await field(page, "Password").fill(PASSWORD);
    await field(page, "I am here for the first time").check();
    await button(page, "Log in with Firebase").click();
    await page.getByText(`We have written to ${email}.`).waitFor();
    const { oobCodes } = await ask("/emulator/v1/projects/demo-enishi/oobCodes");
    await fetch(oobCodes.findLast((code) => code.email === email).oobLink);
    await button(page, "I have confirmed it").click();
  };
  await step("organisations: made, seats bought, a colleague invited, a project", async () => {
    await kai.goto(`${web}/orgs`);
    await look(kai, "orgs-gate");
    await atFirebase(kai, "kai@example.com");
    await field(kai, "Name of the organisation").fill("いろは株式会社");
    await field(kai, "Postal code").fill("123-4567");
    await field(kai, "Address").fill("東京都港区白銀高輪1-1-1");
    await button(kai, "Make it").click();
    await heading(kai, "いろは株式会社");
    await kai.getByRole("link", { name: "Seats and licence" }).click();
    await field(kai, "Seats").fill("3");
    await button(kai, "Buy seats").click();
    await kai.waitForURL(/stripe/);
    await kai.getByRole("button", { name: /Pay$/ }).first().click();
    await kai.waitForURL(`${web}/licenses`);
    await kai.getByText("active", { exact: true }).waitFor();
    await look(kai, "licenses");
    await kai.getByRole("link", { name: "To the organisation" }).click();
    await field(kai, "E-mail address").fill("nami@example.com");
    await button(kai, "Send the invitation").click();
    await kai.getByText("The invitation is on its way.").waitFor();
    await field(kai, "Name of the project").fill("my_video.mp4");
    await button(kai, "Make a project").click();
    await kai.getByText("my_video.mp4").waitFor();
    await look(kai, "orgs");
    await nami.goto(await link("nami@example.com", "/invitations/accept"));
    await atFirebase(nami, "nami@example.com");
    await button(nami, "Accept the invitation").click();
    await heading(nami, "いろは株式会社");
    await organizationPages(kai);
  });

  await documentation(step, "hana@example.com");

  await step("in Japanese and Korean", async () => {
    for (const [locale, path, title] of [["ja-JP", "/rooms", "朝の部屋"], ["ko-KR", "/saju", "사주"], ["ja-JP", "/market", "手しごと市"], ["ko-KR", "/", "인연은 여기서 시작됩니다"]]) {
      const page = await window(locale, locale);
      await page.goto(`${web}${path}`);
      await heading(page, title);
      assert.equal(await page.locator("main").getAttribute("lang"), locale.slice(0, 2));
      await look(page, `${locale}${path.replaceAll("/", "-")}`);
      await page.context().close();
    }
  });

  await step("out again, and the session is gone", async () => {
    await hana.goto(`${web}/account`);
    await hana.getByText("hana@example.com").waitFor();
    await look(hana, "account");
    await button(hana, "Log out").click();
    await hana.getByRole("link", { name: "Log in", exact: true }).waitFor();
    await hana.goto(`${web}/rooms`);
    await hana.getByText("Log in to see this page.").waitFor();
    assert.equal((await hana.context().cookies()).length, 0);
  });

  assert.deepEqual(complaints, []);
  console.log(`${steps.length} steps; ${looked} pages held to axe's rules, each in four ways; no complaint of the browser's`);
} catch (error) {
  for (const [index, context] of browser.contexts().entries()) {
    const [page] = context.pages();
    if (pictures && page) await page.screenshot({ path: join(pictures, `failed-${index}.png`) }).catch(() => undefined);
  }
  console.error([...complaints, ""].join("\n"));
  throw error;
} finally {
  await browser.close();
}
