// The page against a real daemon with one running machine, in Debian's Chromium.
//
//   (cd web && npm ci && npm run build)
//   VISOR_URL=http://127.0.0.1:7077 VISOR_LOGIN_URL="$(visor web --print)" VISOR_TEST_MACHINE=hello \
//     node --test tests/browser/*.test.mjs
//
// The login link works once, so one run needs one link. `npm run dev:mock` in web/ is a stand-in for the daemon:
//   VISOR_URL=http://127.0.0.1:7078 VISOR_LOGIN_URL=http://127.0.0.1:7078/login?code=mock VISOR_TEST_MACHINE=hello
// Nothing here changes the machine, save for typing Enter at its terminal.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
  Browser,
  axeFindings,
  coloursOf,
  machine,
  overflowOf,
  pages,
  phone,
  settled,
} from "./browser.mjs";

let browser;

before(async () => {
  browser = await Browser.launch();
  await browser.logIn();
});
after(() => browser?.close());

async function withPage(path, options, look) {
  const page = await browser.open(path, options);
  try {
    await look(page);
    assert.deepEqual(page.faults, [], "the browser reports no errors");
  } finally {
    await page.context().close();
  }
}

describe("sign-in", () => {
  it("asks for a login link when nobody is logged in, and says how to get one", () =>
    withPage("/", { anonymous: true, settle: false }, async (page) => {
      await page.getByRole("heading", { name: "Sign in to Visor" }).waitFor();
      await page.getByText("visor web").waitFor();
      assert.equal(
        await page.getByRole("button", { name: "Sign in" }).isDisabled(),
        true,
      );
      assert.deepEqual(await axeFindings(page), []);
    }));

  it("refuses a wrong code in words", () =>
    withPage("/", { anonymous: true, settle: false }, async (page) => {
      await page.getByLabel("Login link or code").fill("wrong-code");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("This login code is not valid any more.").waitFor();
    }));

  it("keeps the session over a reload", () =>
    withPage("/host", {}, async (page) => {
      await page.reload();
      await page.getByRole("heading", { name: "Virtualization" }).waitFor();
    }));
});

describe("overview", () => {
  it("shows the running machine as a tile with its state and size", () =>
    withPage("/", {}, async (page) => {
      const tile = page.locator(`[data-machine="${machine}"]`);
      await tile.waitFor();
      await tile.getByText("Running").waitFor();
      await tile.getByText(/vCPU/).waitFor();
      assert.equal(
        await tile.locator('svg[role="img"]').count(),
        4,
        "four sparklines",
      );
      await page.waitForFunction(() =>
        /Live/.test(document.querySelector("header")?.textContent ?? ""),
      );
    }));

  it("finds by text and keeps the filter in the address", () =>
    withPage("/?q=no-such-machine-anywhere", {}, async (page) => {
      await page.getByText("No machine found").waitFor();
      await page.getByRole("button", { name: "Show all" }).first().click();
      await page.locator(`[data-machine="${machine}"]`).waitFor();
      assert.equal(new URL(page.url()).search, "");
    }));

  it("goes anywhere by Ctrl K", () =>
    withPage("/", {}, async (page) => {
      await page.keyboard.press("Control+k");
      await page
        .getByRole("combobox", { name: "Search everything" })
        .fill(machine);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: machine }).waitFor();
    }));

  it("opens the create dialog by button and by address, and Back closes it", () =>
    withPage("/", {}, async (page) => {
      await page.getByRole("button", { name: "New machine" }).first().click();
      await page.waitForURL("**/create");
      await page.getByRole("dialog", { name: "New machine" }).waitFor();
      await page.getByRole("radio", { name: /Small/ }).waitFor();
      await page.goBack();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }));
});

describe("machine", () => {
  it("has a header card with name, state and power", () =>
    withPage(`/machines/${machine}`, {}, async (page) => {
      await page.getByRole("heading", { level: 1, name: machine }).waitFor();
      await page.locator("main header").getByText("Running").waitFor();
      await page
        .locator("main")
        .getByRole("button", { name: "Shut down" })
        .waitFor();
      await page.getByRole("heading", { name: "Processor" }).waitFor();
    }));

  it("draws the guest on the screen tab", () =>
    withPage(`/machines/${machine}/screen`, {}, async (page) => {
      await page
        .locator('[data-guest-input][data-state="connected"]')
        .waitFor();
      let colours = 0;
      for (let tries = 0; tries < 40 && colours < 2; tries += 1) {
        await page.waitForTimeout(500);
        colours = await coloursOf(page, "[data-guest-input] canvas");
      }
      assert.ok(colours >= 2, `the canvas shows ${colours} colours`);
    }));

  it("shows what the serial port said on the terminal tab", () =>
    withPage(`/machines/${machine}/terminal`, {}, async (page) => {
      await page
        .locator('[data-guest-input][data-state="connected"]')
        .waitFor();
      await page.locator(".xterm-helper-textarea").press("Enter");
      await page.waitForFunction(() =>
        /\S{3}/.test(document.querySelector(".xterm-rows")?.textContent ?? ""),
      );
    }));

  it("finds a setting and shows the command that does the same", () =>
    withPage(`/machines/${machine}/settings`, {}, async (page) => {
      await page.getByPlaceholder("Find a setting").fill("memory");
      await page
        .getByRole("textbox", { name: "Memory", exact: true })
        .waitFor();
      await page.getByRole("switch", { name: "Show commands" }).check();
      await page
        .getByText(new RegExp(`visor set ${machine} memory\\.size=`))
        .waitFor();
    }));

  it("lists what deleting removes and asks for the name", () =>
    withPage(pages.delete, {}, async (page) => {
      const dialog = page.getByRole("dialog");
      await dialog
        .getByText("This cannot be undone.", { exact: false })
        .waitFor();
      assert.equal(
        await dialog.getByRole("button", { name: "Delete" }).isDisabled(),
        true,
      );
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    }));
});

describe("looks", () => {
  it("follows the system into the dark and can be forced out of it", () =>
    withPage("/", { colorScheme: "dark" }, async (page) => {
      assert.equal(
        await page.locator("html").getAttribute("data-theme"),
        "dark",
      );
      await page.getByRole("button", { name: "Theme" }).click();
      await page.getByRole("menuitemradio", { name: "Light" }).click();
      await page
        .locator('html[data-theme="light"]')
        .waitFor({ state: "attached" });
      await page.reload();
      await page
        .locator('html[data-theme="light"]')
        .waitFor({ state: "attached" });
    }));

  it("speaks Chinese by choice and by the browser", async () => {
    await withPage("/", {}, async (page) => {
      await page.getByRole("button", { name: "Language" }).click();
      await page.getByRole("menuitemradio", { name: "中文" }).click();
      await page.getByRole("heading", { level: 1, name: "概览" }).waitFor();
      assert.equal(await page.locator("html").getAttribute("lang"), "zh");
    });
    await withPage("/host", { locale: "zh-CN" }, (page) =>
      page.getByRole("heading", { name: "虚拟化" }).waitFor(),
    );
  });
});

describe("every page", () => {
  for (const [name, path] of Object.entries(pages))
    it(`has no serious findings in light and dark, and fits a phone: ${name}`, () =>
      withPage(path, { hasTouch: true }, async (page) => {
        assert.deepEqual(await axeFindings(page), [], "light");
        await page.emulateMedia({
          colorScheme: "dark",
          reducedMotion: "reduce",
        });
        await page
          .locator('html[data-theme="dark"]')
          .waitFor({ state: "attached" });
        await settled(page);
        assert.deepEqual(await axeFindings(page), [], "dark");
        await page.setViewportSize(phone);
        await settled(page);
        assert.equal(
          await overflowOf(page),
          0,
          "nothing is wider than the phone",
        );
        assert.deepEqual(await axeFindings(page), [], "on a phone");
      }));
});
