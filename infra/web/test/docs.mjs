// A walk through the documentation: from the API's /docs to a guide, a call that is tried, messages, errors.
import assert from "node:assert/strict";
import { button, complaints, field, heading, look, PASSWORD, web, window } from "./people.mjs";

/** Nothing of a page is beyond its right edge, but for what scrolls in itself. */
async function fits(page, name) {
  await page.setViewportSize({ width: 390, height: 844 });
  const beyond = await page.evaluate(() =>
    [...document.querySelectorAll(".docs *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("pre, .table"))
      .map((element) => element.outerHTML.slice(0, 100)),
  );
  assert.deepEqual(beyond, [], name);
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** `email` is somebody's who has an account. */
export async function documentation(step, email) {
  const page = await window("developer");
  const shown = async (name) => {
    await fits(page, name);
    await look(page, name);
  };

  await step("documentation: its start, and a guide", async () => {
    const { api } = await (await fetch(`${web}/config.json`)).json();
    await page.goto(`${api}/docs`);
    assert.equal(page.url(), `${web}/docs`);
    await heading(page, "Documentation");
    await heading(page, "The client");
    await shown("docs");
    await page.getByRole("navigation", { name: "Documentation" }).getByRole("link", { name: "Rooms" }).click();
    await heading(page, "Wait for the draw");
    assert.ok((await page.locator("pre").first().innerText()).includes(api), "the examples are for another API");
    await shown("docs-guide");
  });

  await step("documentation: an endpoint is found, read and tried", async () => {
    // What a guide names leads to where it can be tried.
    await page.getByRole("link", { name: "GET /slots" }).first().click();
    await page.locator("#getSlots[open]").waitFor();
    await field(page, "E-mail address").fill(email);
    await field(page, "Password").fill(PASSWORD);
    await page.locator("main").getByRole("button", { name: "Log in" }).click();
    await page.getByText("Calls are sent as").waitFor();
    await field(page, "Find an endpoint").fill("get enrollments");
    const card = page.locator("#listMyEnrollments");
    await card.locator("summary").first().click();
    await button(card, "Send").click();
    await card.getByText(/^200 after/).waitFor();
    await shown("docs-reference");
    await field(page, "Find an endpoint").fill("");
    const refused = page.locator("#enrollForSlot");
    await page.goto(`${web}/docs/reference#enrollForSlot`);
    await field(refused, "Body of enrollForSlot").fill('{"date": "yesterday"}');
    await button(refused, "TypeScript").click();
    await refused.getByText("await ok(enishi.api.POST").waitFor();
    await button(refused, "Send").click();
    await refused.getByText(/^400 after/).waitFor();
    await refused.getByRole("link", { name: "invalid_parameter" }).click();
    await page.locator("#invalid_parameter").waitFor();
  });

  await step("documentation: errors and live messages", async () => {
    await heading(page, "Errors");
    assert.ok((await page.locator(".catalogue tbody tr").count()) >= 20);
    await shown("docs-errors");
    await page.goto(`${web}/docs/live#roomReady`);
    await page.locator("#roomReady pre").waitFor();
    await shown("docs-live");
  });
  assert.deepEqual(complaints, []);
  await page.context().close();
}
