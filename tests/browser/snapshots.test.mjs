// Snapshots in the page, against a real daemon: making, renaming, going back and deleting, and how the tree is drawn.
// Started as page.test.mjs is; makes a machine of its own and removes it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
  Browser,
  act,
  axeFindings,
  call,
  overflowOf,
  phone,
  settled,
} from "./browser.mjs";

const name = "pictured";
const path = `/machines/${name}/snapshots`;
let browser;

before(async () => {
  browser = await Browser.launch();
  await browser.logIn();
  await browser.withPage("/", {}, (page) =>
    act(page, "POST", "/machines", {
      name,
      spec: {
        firmware: "bios",
        memory: { size: 2 ** 26 },
        disks: [{ id: "disk0", size: 2 ** 23 }],
      },
    }),
  );
});
after(async () => {
  await browser.withPage("/", {}, (page) =>
    act(page, "DELETE", `/machines/${name}?force=true`),
  );
  await browser.close();
});

const rows = (page) => page.locator("main section li");
const dialog = (page) => page.getByRole("dialog");

describe("snapshots", () => {
  it("says what a snapshot is for when there is none, and makes the first one", () =>
    browser.withPage(path, {}, async (page) => {
      await page.getByText("No snapshot yet").waitFor();
      await page.getByRole("button", { name: "New snapshot" }).click();
      await dialog(page).getByLabel("Name").fill("clean");
      await dialog(page).getByLabel("Note").fill("nothing is on it");
      await dialog(page).getByRole("button", { name: "Make snapshot" }).click();
      await rows(page).filter({ hasText: "nothing is on it" }).waitFor();
      assert.match(await rows(page).nth(0).innerText(), /clean/);
      assert.match(await rows(page).nth(1).innerText(), /You are here/);
      assert.match(await rows(page).nth(1).innerText(), /Nothing has changed/);
    }));

  it("draws branches, renames, goes back and deletes with what is needed kept", () =>
    browser.withPage(path, {}, async (page) => {
      await act(page, "POST", path, { name: "second" });
      await act(page, "POST", `${path}/clean/actions/restore`, {});
      await act(page, "POST", path, { name: "branch" });
      await rows(page).filter({ hasText: "branch" }).waitFor();
      const depths = () =>
        rows(page).evaluateAll((all) =>
          all.map((row) => row.getAttribute("aria-level")),
        );
      assert.deepEqual(await depths(), ["1", "2", "2", "3"]);
      await page.getByRole("button", { name: "Rename second" }).click();
      await dialog(page).getByLabel("Name").fill("other");
      await dialog(page).getByRole("button", { name: "Save" }).click();
      await rows(page)
        .filter({ hasText: "other" })
        .getByRole("button", { name: "Go to" })
        .click();
      await dialog(page).getByText("The disks become what they were").waitFor();
      await dialog(page).getByRole("button", { name: "Go to" }).click();
      await page.waitForFunction(() =>
        document
          .querySelectorAll("main section li")[2]
          ?.textContent.includes("You are here"),
      );
      await page.getByRole("button", { name: "Delete clean" }).click();
      await dialog(page).getByText("is merged into them").waitFor();
      await dialog(page).getByRole("button", { name: "Delete" }).click();
      await page.waitForFunction(
        () => document.querySelectorAll("main section li").length === 3,
      );
      assert.deepEqual(await depths(), ["1", "2", "1"]);
    }));

  it("fits a phone, the dark and Chinese, and has no faults for those who cannot see it", async () => {
    for (const options of [
      {},
      { viewport: phone },
      { colorScheme: "dark" },
      { viewport: phone, locale: "zh-CN" },
    ]) {
      await browser.withPage(path, options, async (page) => {
        await settled(page);
        await rows(page).first().waitFor();
        assert.equal(await overflowOf(page), 0, JSON.stringify(options));
        assert.deepEqual(await axeFindings(page), [], JSON.stringify(options));
        if (options.locale) await page.getByText("当前位置").waitFor();
      });
    }
  });
});
