// Disks in the page, against a real daemon: adding, growing, changing discs, settings and removing.
// Started as page.test.mjs is; makes a machine of its own and removes it.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

const name = "stacked";
const path = `/machines/${name}/settings/disks`;
let browser;

const disks = async (page) =>
  (await call(page, "GET", `/machines/${name}/disks`)).disks;

/** Until what the daemon has says so. */
async function until(page, what) {
  for (let turn = 0; turn < 100; ++turn) {
    if (what(await disks(page))) return;
    await page.waitForTimeout(200);
  }
  assert.fail(`${what}: ${JSON.stringify(await disks(page))}`);
}

before(async () => {
  browser = await Browser.launch();
  await browser.logIn();
  await browser.withPage("/", {}, (page) =>
    act(page, "POST", "/machines", {
      name,
      spec: {
        firmware: "bios",
        memory: { size: 2 ** 26 },
        disks: [{ id: "cd", device: "cdrom", bus: "scsi", format: "raw" }],
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

describe("disks", () => {
  it("adds a disk, makes it larger and limits it", () =>
    browser.withPage(path, { refusal: true }, async (page) => {
      await page.getByLabel("Size of the new disk").fill("8 MiB");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await until(page, (all) => all.length === 2);
      await page.getByText("disk0 · Disk").waitFor();
      await page.getByLabel("New size of disk0").fill("4 MiB");
      assert(await page.getByRole("button", { name: "Grow" }).isDisabled());
      await page.getByLabel("New size of disk0").fill("16 MiB");
      await page.getByRole("button", { name: "Grow" }).click();
      await until(page, (all) => all[1].size === 2 ** 24);
      await page.getByLabel("More settings of disk0").click();
      const limit = page.getByLabel("disk0: Read limit");
      await limit.fill("10 MiB");
      await limit.press("Enter");
      await until(page, (all) => all[1].limits.read === 10 * 2 ** 20);
      const serial = page.getByLabel("disk0: Serial number");
      await serial.fill("with spaces in it");
      await serial.press("Enter");
      await page.getByText("without spaces").waitFor();
      assert.equal((await disks(page))[1].serial, "");
    }));

  it("checks a disk, compacts it and changes its format", () =>
    browser.withPage(path, {}, async (page) => {
      await page.getByLabel("More settings of disk0").click();
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await page.getByText(/^Sound \(looked at/).waitFor();
      assert.equal(
        await page.getByRole("button", { name: "Repair" }).count(),
        0,
      );
      await page.getByRole("button", { name: "Compact" }).click();
      await page.getByText(/^Written anew at/).waitFor();
      await page.getByText(/^Written anew at/).scrollIntoViewIfNeeded();
      const folder = process.env.VISOR_PICTURES;
      if (folder)
        await page.screenshot({ path: `${folder}/disks-care.png` });
      await page.getByRole("button", { name: "Convert to raw" }).click();
      await until(page, (all) => all[1].format === "raw");
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await page.getByText("A raw disk has no tables").waitFor();
      await page.getByRole("button", { name: "Convert to qcow2" }).click();
      await until(page, (all) => all[1].format === "qcow2");
    }));

  it("puts a disc into the drive and takes it out", () =>
    browser.withPage(path, {}, async (page) => {
      await page.getByLabel("Disc for cd").fill("/etc/hostname");
      await page.getByRole("button", { name: "Insert" }).click();
      await until(page, (all) => all[0].file === "/etc/hostname");
      await page.getByRole("button", { name: "Eject" }).click();
      await until(page, (all) => all[0].file === "");
    }));

  it("writes a disc with what is in a folder, inserts and deletes it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "visor-disc-"));
    await writeFile(join(folder, "file.txt"), "text\n");
    const pictures = process.env.VISOR_PICTURES;
    await browser.withPage(path, {}, async (page) => {
      await page.getByRole("button", { name: "From a folder…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Folder").fill("no path");
      await dialog.getByText("An absolute path").waitFor();
      await dialog.getByLabel("Folder").fill(folder);
      await dialog.getByLabel("Name").fill("tools");
      if (pictures) await page.screenshot({ path: `${pictures}/iso-dialog.png` });
      await dialog.getByRole("button", { name: "Write and insert" }).click();
      await until(page, (all) => all[0].file.endsWith("/isos/tools.iso"));
    });
    for (const options of [
      { viewport: phone },
      { colorScheme: "dark", locale: "zh-CN" },
    ]) {
      await browser.withPage("/images", options, async (page) => {
        const card = page.getByRole("article", { name: "tools" });
        await card.scrollIntoViewIfNeeded();
        await card.getByText(name).waitFor();
        assert.equal(await overflowOf(page), 0);
        assert.deepEqual(await axeFindings(page), []);
        const kind = options.viewport ? "phone" : options.locale;
        if (pictures)
          await page.screenshot({ path: `${pictures}/isos-${kind}.png` });
      });
    }
    await browser.withPage(path, {}, async (page) => {
      await page.getByRole("button", { name: "Eject" }).click();
      await until(page, (all) => all[0].file === "");
    });
    await browser.withPage("/images", {}, async (page) => {
      const card = page.getByRole("article", { name: "tools" });
      await card.getByRole("button").last().click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Delete" }).click();
      await card.waitFor({ state: "detached" });
      if (pictures) await page.screenshot({ path: `${pictures}/isos-none.png` });
    });
    await rm(folder, { recursive: true });
  });

  it("removes a disk after a question", () =>
    browser.withPage(path, {}, async (page) => {
      await page.getByRole("button", { name: "Remove disk0" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("All that is on the disk is deleted").waitFor();
      await dialog.getByRole("button", { name: "Remove" }).click();
      await until(page, (all) => all.length === 1);
    }));

  it("fits a phone, reads in Chinese and has no findings", async () => {
    for (const options of [
      { viewport: phone },
      { colorScheme: "dark", locale: "zh-CN" },
      {},
    ]) {
      await browser.withPage(path, options, async (page) => {
        await page
          .locator("main button[aria-expanded=false]:not([role=combobox])")
          .last()
          .click();
        await settled(page);
        assert.equal(await overflowOf(page), 0);
        assert.deepEqual(await axeFindings(page), []);
        const folder = process.env.VISOR_PICTURES;
        const kind = options.viewport ? "phone" : (options.locale ?? "light");
        if (folder)
          await page.screenshot({
            path: `${folder}/disks-${kind}.png`,
            fullPage: true,
          });
      });
    }
  });
});
