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
  control,
  machine,
  overflowOf,
  pages,
  phone,
  settled,
  tellDaemon,
} from "./browser.mjs";

let browser;

before(async () => {
  browser = await Browser.launch();
  await browser.logIn();
});
after(() => browser?.close());

describe("sign-in", () => {
  it("asks for a login link when nobody is logged in, and says how to get one", () =>
    browser.withPage("/", { anonymous: true, settle: false }, async (page) => {
      await page.getByRole("heading", { name: "Sign in to Visor" }).waitFor();
      await page.getByText("visor web").waitFor();
      assert.equal(
        await page.getByRole("button", { name: "Sign in" }).isDisabled(),
        true,
      );
      assert.deepEqual(await axeFindings(page), []);
    }));

  it("refuses a wrong code in words", () =>
    browser.withPage("/", { anonymous: true, settle: false }, async (page) => {
      await page.getByLabel("Login link or code").fill("wrong-code");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("This login code is not valid any more.").waitFor();
    }));

  it("keeps the session over a reload", () =>
    browser.withPage("/host", {}, async (page) => {
      await page.reload();
      await page.getByRole("heading", { name: "Virtualization" }).waitFor();
    }));
});

describe("overview", () => {
  it("shows the running machine as a tile with its state and size", () =>
    browser.withPage("/", {}, async (page) => {
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
    browser.withPage("/?q=no-such-machine-anywhere", {}, async (page) => {
      await page.getByText("No machine found").waitFor();
      await page.getByRole("button", { name: "Show all" }).first().click();
      await page.locator(`[data-machine="${machine}"]`).waitFor();
      assert.equal(new URL(page.url()).search, "");
    }));

  it("groups by state, and a closed group stays closed over a reload", () =>
    browser.withPage("/", {}, async (page) => {
      const tile = page.locator(`[data-machine="${machine}"]`);
      await page.getByRole("combobox", { name: "Group by" }).click();
      await page.getByRole("option", { name: "By state" }).click();
      const head = page.getByRole("button", { name: /^Running/ });
      await head.and(page.locator('[aria-expanded="true"]')).click();
      await tile.waitFor({ state: "detached" });
      await page.reload();
      await head.and(page.locator('[aria-expanded="false"]')).waitFor();
      assert.equal(await tile.count(), 0);
      await head.click();
      await tile.waitFor();
      assert.equal(new URL(page.url()).search, "?group=state");
    }));

  it("goes anywhere by Ctrl K", () =>
    browser.withPage("/", {}, async (page) => {
      await page.keyboard.press("Control+k");
      await page
        .getByRole("combobox", { name: "Search everything" })
        .fill(machine);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: machine }).waitFor();
    }));

  it("opens the create dialog by button and by address, and Back closes it", () =>
    browser.withPage("/", {}, async (page) => {
      await page.getByRole("button", { name: "New machine" }).first().click();
      await page.waitForURL("**/create");
      await page.getByRole("dialog", { name: "New machine" }).waitFor();
      await page.getByRole("radio", { name: /Small/ }).waitFor();
      await page.goBack();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }));
});

describe("list of machines", () => {
  it("shows the columns that were chosen, also after a reload", () =>
    browser.withPage("/machines", {}, async (page) => {
      const head = (name) => page.getByRole("columnheader", { name, exact: true });
      await head("Address").waitFor();
      assert.equal(await head("Tags").count(), 0);
      await page.getByRole("button", { name: "Columns" }).click();
      await page.getByRole("menuitemcheckbox", { name: "Tags" }).click();
      await page.getByRole("menuitemcheckbox", { name: "Address" }).click();
      await page.keyboard.press("Escape");
      await head("Tags").waitFor();
      await head("Address").waitFor({ state: "detached" });
      await page.reload();
      await head("Tags").waitFor();
      assert.equal(await head("Address").count(), 0);
      const row = page.locator(`[data-machine="${machine}"]`);
      assert.match(
        await row.locator('[data-column="memory"]').innerText(),
        /^\d+ [MG]iB$/,
      );
    }));

  it("sorts by a click on a head and acts on what is ticked", () =>
    browser.withPage("/machines", {}, async (page) => {
      await page
        .getByRole("columnheader", { name: "Memory" })
        .getByRole("button")
        .click();
      assert.equal(new URL(page.url()).searchParams.get("sort"), "memory");
      await page.getByRole("checkbox", { name: `Select ${machine}` }).check();
      const bar = page.getByRole("toolbar");
      await bar.getByText("1 machine selected").waitFor();
      assert.equal(
        await bar.getByRole("button", { name: "Shut down" }).isEnabled(),
        true,
      );
    }));
});

describe("machine", () => {
  it("has a header card with name, state and power", () =>
    browser.withPage(`/machines/${machine}`, {}, async (page) => {
      await page.getByRole("heading", { level: 1, name: machine }).waitFor();
      await page.locator("main header").getByText("Running").waitFor();
      await page
        .locator("main")
        .getByRole("button", { name: "Shut down" })
        .waitFor();
      await page.getByRole("heading", { name: "Processor" }).waitFor();
    }));

  it("looks back an hour, a day and thirty days, and the address says so", () =>
    browser.withPage(`/machines/${machine}`, {}, async (page) => {
      await page.locator(".uplot").nth(3).waitFor();
      for (const [name, range] of [
        ["1 h", "hour"],
        ["24 h", "day"],
        ["30 d", "month"],
      ]) {
        const [answer] = await Promise.all([
          page.waitForResponse((one) =>
            one.url().endsWith(`/metrics?range=${range}`),
          ),
          page.getByRole("button", { name, exact: true }).click(),
        ]);
        assert.ok((await answer.json()).samples.length > 0, `samples of a ${range}`);
        await page.locator(".uplot").nth(3).waitFor();
        assert.equal(new URL(page.url()).searchParams.get("span"), range);
      }
      await page.reload();
      await page
        .getByRole("button", { name: "30 d", pressed: true })
        .waitFor();
      await page.locator(".uplot").nth(3).waitFor();
    }));

  it("keeps the name on one line beside the screen", () =>
    browser.withPage(`/machines/${machine}/screen`, {}, async (page) => {
      const box = await page
        .getByRole("heading", { level: 1, name: machine })
        .boundingBox();
      assert.ok(box.height < 40, `the heading is ${box.height} pixels high`);
    }));

  it("draws the guest on the screen tab", () =>
    browser.withPage(`/machines/${machine}/screen`, {}, async (page) => {
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
    browser.withPage(`/machines/${machine}/terminal`, {}, async (page) => {
      await page
        .locator('[data-guest-input][data-state="connected"]')
        .waitFor();
      await page.locator(".xterm-helper-textarea").press("Enter");
      await page.waitForFunction(() =>
        /\S{3}/.test(document.querySelector(".xterm-rows")?.textContent ?? ""),
      );
    }));

  it("finds a setting and shows the command that does the same", () =>
    browser.withPage(`/machines/${machine}/settings`, {}, async (page) => {
      await page.getByPlaceholder("Find a setting").fill("memory");
      await page
        .getByRole("textbox", { name: "Memory", exact: true })
        .waitFor();
      await page.getByRole("switch", { name: "Show commands" }).check();
      await page
        .getByText(new RegExp(`visor set ${machine} memory\\.size=`))
        .waitFor();
    }));

  it("shows which argument of QEMU a setting makes, row by row", () =>
    browser.withPage(
      `/machines/${machine}/settings/processor`,
      {},
      async (page) => {
        await page
          .getByRole("button", { name: "How Processors is made" })
          .click();
        await page.locator("code").getByText(/^-smp \d/).waitFor();
        assert.equal(await page.locator("code").count(), 1);
        await page
          .getByRole("button", { name: "How Architecture is made" })
          .click();
        await page.getByText("Makes no argument of QEMU.").waitFor();
        await page.getByRole("switch", { name: "Show commands" }).check();
        await page.locator("code").getByText(/^-cpu /).first().waitFor();
        await page.locator("code").getByText(/^-accel /).waitFor();
      },
    ));

  it("says why a setting cannot be used and does not let it be changed", () =>
    browser.withPage(`/machines/${machine}/settings/processor`, {}, async (page) => {
      await page.getByText("It counts on KVM, which is not used here:").first().waitFor();
      for (const name of ["Performance counters", "Hyper-V enlightenments"])
        assert.equal(await page.getByRole("combobox", { name }).isDisabled(), true, name);
      const nested = page.getByRole("combobox", { name: "Nested virtualization" });
      assert.equal(await nested.isDisabled(), false);
    }));

  it("pins the processors of the running machine at once", () =>
    browser.withPage(`/machines/${machine}/settings/processor`, {}, async (page) => {
      const pinning = page.getByRole("textbox", { name: "Processors of the host" });
      await pinning.fill("0");
      await pinning.press("Enter");
      await page.getByText("Applied.", { exact: true }).waitFor();
      await page.getByRole("button", { name: "How Processors of the host is made" }).click();
      await page.locator("code").getByText("affinity virtual processor 0: 0").waitFor();
      await pinning.fill("");
      await pinning.press("Enter");
      await page.getByText("Makes no argument of QEMU.").waitFor();
    }));

  it("puts what a machine starts from in order, by key and by drag", () =>
    browser.withPage("/", {}, async (page) => {
      const ask = (method, path, body) =>
        page.evaluate(
          async ([method, path, body]) =>
            (
              await fetch(`/api/v1/machines${path}`, {
                method,
                headers: { "content-type": "application/json" },
                body: body && JSON.stringify(body),
              })
            ).status,
          [method, path, body],
        );
      const spec = {
        firmware: "bios",
        memory: { size: 2 ** 26 },
        disks: [{ id: "cd", device: "cdrom", bootIndex: 0 }],
        nics: [{ id: "nic0", bootIndex: 1 }],
      };
      assert.equal(await ask("POST", "", { name: "chooser", spec }), 202);
      try {
        await page.goto(new URL("/machines/chooser/settings/boot", page.url()).href);
        const list = page.getByRole("list", { name: "Boot order" });
        const first = (id) =>
          list.getByRole("listitem").first().getByText(id, { exact: true }).waitFor();
        await first("cd");
        assert.deepEqual(await axeFindings(page), []);
        const up = page.getByRole("button", { name: "Move nic0 up" });
        await up.focus();
        await page.keyboard.press("Enter");
        await first("nic0");
        await page.waitForFunction(
          () => document.activeElement?.getAttribute("aria-label") === "Move nic0 up",
        );
        const item = (id) => list.getByRole("listitem").filter({ hasText: id });
        await item("cd").dragTo(item("nic0"));
        await first("cd");
        await page.getByRole("switch", { name: "Start from cd" }).click();
        await first("nic0");
        await page.reload();
        await first("nic0");
        assert.equal(
          await page.getByRole("switch", { name: "Start from cd" }).isChecked(),
          false,
        );
      } finally {
        await ask("DELETE", "/chooser");
      }
    }));

  it("lists what deleting removes and asks for the name", () =>
    browser.withPage(pages.delete, {}, async (page) => {
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

/** A host of two sockets with 256 processors, one of which is switched off. */
function largeHost() {
  const range = (count) => Array.from({ length: count }, (_, index) => index);
  const groups = (count) =>
    range(count).map((id) => {
      const size = 128 / count;
      const first = range(size).map((index) => id * size + index);
      return { id, processors: [...first, ...first.map((one) => one + 128)] };
    });
  return {
    model: "Large",
    packages: groups(2),
    nodes: groups(8).map((node) => ({
      ...node,
      memoryTotal: 2 ** 36,
      memoryFree: 2 ** 35,
      distances: [10],
    })),
    l3Groups: groups(16).map((group) => ({ ...group, size: 2 ** 25 })),
    clusters: [],
    cores: range(128).map((id) => ({
      id,
      package: Math.floor(id / 64),
      die: 0,
      node: Math.floor(id / 16),
      l3: Math.floor(id / 8),
      cluster: null,
      kind: id < 64 ? "performance" : "efficiency",
      processors: [id, id + 128],
    })),
    processors: range(257).map((id) => ({
      id,
      online: id < 256,
      core: id < 256 ? id % 128 : null,
      maxMhz: 3500,
      loadPercent: id < 256 ? id % 101 : null,
    })),
    owners: range(30).map((id) => ({
      machine: `machine-with-a-rather-long-name-${id}`,
      running: id % 3 > 0,
      pinning: { vcpus: [`${id}`, "0"], emulator: "", exclusive: id % 5 === 0, io: "" },
      processors: [...new Set([0, id])],
    })),
  };
}

describe("host", () => {
  it("draws its processors with numbers that stay fresh", () =>
    browser.withPage("/host", {}, async (page) => {
      const card = page.locator('[data-card="processors"]');
      await card.scrollIntoViewIfNeeded();
      await card.getByText("Package 0").waitFor();
      assert.match(
        await card.locator("[data-processor]").first().innerText(),
        /0\s+\d+ %/,
      );
      await page.waitForResponse("**/api/v1/host/topology");
      await page.waitForResponse("**/api/v1/host/topology");
    }));

  it("draws 256 processors inside of their card, readable on a phone, with no serious findings", () =>
    browser.withPage("/", { viewport: phone }, async (page) => {
      await page.route("**/api/v1/host/topology", (route) =>
        route.fulfill({ json: largeHost() }),
      );
      await page.goto(new URL("/host", page.url()).href);
      const card = page.locator('[data-card="processors"]');
      await card.scrollIntoViewIfNeeded();
      await card.getByText("Switched off: 256").waitFor();
      assert.equal(await card.locator("[data-processor]").count(), 256);
      assert.equal(await overflowOf(page), 0);
      assert.equal(
        await card.getByRole("list", { name: /bound/ }).getByRole("listitem").count(),
        30,
      );
      const map = card.getByRole("region");
      await map.focus();
      await page.keyboard.press("End");
      await card.locator('[data-processor="255"]').click({ trial: true });
      assert.ok((await card.boundingBox()).height < phone.height * 1.2);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page
          .locator(`html[data-theme="${colorScheme}"]`)
          .waitFor({ state: "attached" });
        await settled(page);
        assert.deepEqual(await axeFindings(page), [], colorScheme);
      }
    }));

  it("says in words why there is no picture, and tries again", () =>
    browser.withPage("/", { refusal: true }, async (page) => {
      let broken = true;
      await page.route("**/api/v1/host/topology", (route) =>
        broken
          ? route.fulfill({
              status: 409,
              contentType: "application/problem+json",
              body: JSON.stringify({
                title: "Nothing there.",
                status: 409,
                code: "host.test",
                detail: "Nothing there.",
                hint: "",
                fields: [],
              }),
            })
          : route.continue(),
      );
      await page.goto(new URL("/host", page.url()).href);
      const card = page.locator('[data-card="processors"]');
      await card.scrollIntoViewIfNeeded();
      await card.getByText("Nothing there.").first().waitFor();
      broken = false;
      await card.getByText("Package 0").waitFor();
    }));
});

describe("checks of the host", () => {
  const fatal = {
    id: "program.qemu-img",
    feature: "qemu",
    title: "qemu-img",
    state: "missing",
    needed: true,
    reason: "Not found in PATH; it is needed for disks and images.",
    fix: "Install the package qemu-utils.",
    command: "sudo apt install qemu-utils",
  };

  it("stand by feature, and only what does not work is one press and one address away", () =>
    browser.withPage("/host", {}, async (page) => {
      await page.getByRole("link", { name: "Checks" }).click();
      await page.getByRole("heading", { name: "QEMU and firmware" }).waitFor();
      const rows = page.locator("[data-check]");
      const all = await rows.count();
      await page.getByRole("button", { name: "What does not work" }).click();
      await page.waitForFunction(
        (count) =>
          document.querySelectorAll("[data-check]").length < count &&
          [...document.querySelectorAll("[data-check]")].every(
            (row) => row.textContent !== "OK",
          ),
        all,
      );
      await page.reload();
      await page
        .getByRole("button", { name: "What does not work", pressed: true })
        .waitFor();
      assert.match(page.url(), /\/host\/checks\?show=open$/);
    }));

  it("say at the top what no machine can run without, with the command that helps", () =>
    browser.withPage("/", {}, async (page) => {
      await page.route("**/api/v1/host/checks", (route) =>
        route.fulfill({ json: { checks: [fatal] } }),
      );
      await page.goto(new URL("/host/checks", page.url()).href);
      await page.getByText("Machines cannot run without: qemu-img.").waitFor();
      await page
        .getByRole("button", { name: "sudo apt install qemu-utils" })
        .waitFor();
    }));
});

describe("presets and profiles", () => {
  it("a system that is found by typing brings its size, and says what is chosen for it", () =>
    browser.withPage("/create", {}, async (page) => {
      await page.getByRole("radio", { name: "Installer (ISO)" }).click();
      const system = page.getByRole("combobox", {
        name: "System",
        exact: true,
      });
      await system.click();
      await system.pressSequentially("windows xp");
      await page.getByRole("option", { name: "Microsoft Windows XP" }).click();
      await page
        .locator('[data-choice="chipset"]')
        .getByText("i440fx")
        .waitFor();
      await page
        .getByRole("radio", { name: /Custom/, checked: true })
        .waitFor();
      assert.deepEqual(await axeFindings(page), []);
    }));

  it("a profile shows what it would change before it does, and is closed without doing it", () =>
    browser.withPage(
      `/machines/${machine}?dialog=profile&target=${machine}`,
      {},
      async (page) => {
        const dialog = page.getByRole("dialog");
        await dialog.locator("[data-change]").first().waitFor();
        await dialog.getByRole("combobox", { name: "Profile" }).click();
        await page.getByRole("option", { name: "quiet-server" }).click();
        await dialog.locator('[data-change="onCrash"]').waitFor();
        assert.deepEqual(await axeFindings(page), []);
        await dialog.getByRole("button", { name: "Close" }).click();
        await dialog.waitFor({ state: "detached" });
      },
    ));
});

describe("looks", () => {
  it("follows the system into the dark and can be forced out of it", () =>
    browser.withPage("/", { colorScheme: "dark" }, async (page) => {
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
    await browser.withPage("/", {}, async (page) => {
      await page.getByRole("button", { name: "Language" }).click();
      await page.getByRole("menuitemradio", { name: "中文" }).click();
      await page.getByRole("heading", { level: 1, name: "概览" }).waitFor();
      assert.equal(await page.locator("html").getAttribute("lang"), "zh");
    });
    await browser.withPage("/host", { locale: "zh-CN" }, (page) =>
      page.getByRole("heading", { name: "虚拟化" }).waitFor(),
    );
  });
});

describe("a refusal", () => {
  it("stands in the dialog that asked, in the reader's language and with what he wrote", () =>
    browser.withPage(
      "/images?dialog=import",
      { locale: "zh-CN", refusal: true },
      async (page) => {
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("名称").fill("Bad Name!");
        await dialog.getByLabel("文件或网址").fill("/no/such/file");
        await dialog.getByRole("button", { name: "导入" }).click();
        await dialog.getByText("“Bad Name!”不能作为映像名称").waitFor();
        assert.deepEqual(await axeFindings(page), []);
      },
    ));
});

describe("every page", () => {
  for (const [name, path] of Object.entries(pages))
    it(`has no serious findings in light and dark, and fits a phone: ${name}`, () =>
      browser.withPage(path, { hasTouch: true }, async (page) => {
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

// Last: the daemon dies in here.
describe("a daemon that dies", { skip: !control }, () => {
  it("is missed in words, and the page goes on by itself when it is back", () =>
    browser.withPage(`/machines/${machine}`, { outage: true }, async (page) => {
      await page.getByText("Live").waitFor();
      await tellDaemon("kill");
      await page.getByText("The connection to visord is lost.").waitFor();
      // What was known stays on the page.
      await page.getByRole("heading", { level: 1, name: machine }).waitFor();
      await tellDaemon("start");
      await page
        .getByText("The connection to visord is lost.")
        .waitFor({ state: "detached" });
      await page.getByText("Live").waitFor();
      await page.locator("main header").getByText("Running").waitFor();
    }));
});
