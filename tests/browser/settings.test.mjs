// Settings of machines in the page, against a real daemon: what is dragged, typed and copied, and what the machine has then.
// Started as page.test.mjs is; makes machines of its own and removes them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
  Browser,
  axeFindings,
  call,
  machine,
  overflowOf,
  phone,
  settled,
} from "./browser.mjs";

let browser;

before(async () => {
  browser = await Browser.launch();
  await browser.logIn();
});
after(() => browser?.close());

/** A page at `path` of a machine that is made for it and removed behind it. */
async function withMachine(spec, path, look, options = {}) {
  const page = await browser.open("/", options);
  const name = "drawn";
  try {
    await call(page, "POST", "/machines", {
      name,
      spec: { firmware: "bios", memory: { size: 2 ** 26 }, ...spec },
    });
    await page.goto(new URL(`/machines/${name}/${path}`, page.url()).href);
    await settled(page);
    await look(page, name);
    assert.deepEqual(page.faults, [], "the browser reports no errors");
  } finally {
    await call(page, "DELETE", `/machines/${name}?force=true`).catch(() => {});
    await page.context().close();
  }
}

/** Two nodes of two cores with two threads, of which the real host has at least the first two; `neighbour` has processor 5 for itself. */
const host = {
  model: "Drawn",
  packages: [{ id: 0, processors: [0, 1, 2, 3, 4, 5, 6, 7] }],
  nodes: [0, 1].map((id) => ({
    id,
    memoryTotal: 2 ** 34,
    memoryFree: 2 ** 33,
    distances: [10, 20],
    processors: [0, 1, 2, 3].map((thread) => 4 * id + thread),
  })),
  l3Groups: [],
  clusters: [],
  cores: [0, 1, 2, 3].map((id) => ({
    id,
    package: 0,
    die: 0,
    node: id >> 1,
    l3: null,
    cluster: null,
    kind: "plain",
    processors: [2 * id, 2 * id + 1],
  })),
  processors: [0, 1, 2, 3, 4, 5, 6, 7].map((id) => ({
    id,
    online: true,
    core: id >> 1,
    maxMhz: null,
    loadPercent: 10 * id,
  })),
  owners: [
    {
      machine: "neighbour",
      running: true,
      pinning: { vcpus: ["5"], emulator: "", exclusive: true, io: "" },
      processors: [5],
    },
  ],
};

describe("the picture of the processors", () => {
  const pinningOf = async (page, name) =>
    (await call(page, "GET", `/machines/${name}`)).spec.cpu.pinning;
  const open = async (page) => {
    await page.route("**/api/v1/host/topology", (route) => route.fulfill({ json: host }));
    const card = page.locator('[data-card="pinning"]');
    await card.scrollIntoViewIfNeeded();
    await card.locator('[data-processor="7"]').waitFor();
    return card;
  };
  const two = { cpu: { count: 2 } };

  it("binds disk threads where a machine has some", () =>
    withMachine({ cpu: { count: 1, ioThreads: 2 } }, "settings/processor", async (page, name) => {
      const card = await open(page);
      await card.locator('[data-piece="io"]').dragTo(card.locator('[data-processor="1"]'));
      await card.getByText("Disk threads: anywhere → 1").waitFor();
      await card.getByRole("button", { name: `visor set ${name} cpu.pinning.vcpus= cpu.pinning.emulator= cpu.pinning.io=1` }).waitFor();
      await card.getByRole("button", { name: "Bind so" }).click();
      await page.getByText("Applied.", { exact: true }).waitFor();
      assert.equal((await pinningOf(page, name)).io, "1");
    }));

  it("binds a vCPU that is dragged onto a processor, after showing what would change", () =>
    withMachine(two, "settings/processor", async (page, name) => {
      const card = await open(page);
      const chip = (piece) => card.locator(`[data-piece="${piece}"]`);
      const place = (id) => card.locator(`[data-processor="${id}"]`);
      await chip(0).dragTo(place(1));
      await place(1).locator('[data-placed="0"]').waitFor();
      await chip("emulator").dragTo(place(0));
      await card.getByText("vCPU 0: anywhere → 1").waitFor();
      await card.getByText("QEMU: anywhere → 0").waitFor();
      await card.getByText("Applies at once.").or(card.getByText("Waits for")).waitFor();
      await card
        .getByRole("button", {
          name: `visor set ${name} cpu.pinning.vcpus=1 cpu.pinning.emulator=0`,
        })
        .waitFor();
      assert.deepEqual((await pinningOf(page, name)).vcpus, [], "nothing is bound yet");
      await card.getByRole("button", { name: "Bind so" }).click();
      await page.getByText("Applied.", { exact: true }).waitFor();
      assert.deepEqual(await pinningOf(page, name), {
        vcpus: ["1"],
        emulator: "0",
        exclusive: false,
        io: "",
      });
      // From one processor to another, and off all of them.
      await place(1).locator('[data-placed="0"]').dragTo(place(0));
      await place(0).locator('[data-placed="0"]').waitFor();
      await card.locator('[data-placed="emulator"]').dragTo(card.locator("[data-tray]"));
      await card.getByText("QEMU: 0 → anywhere").waitFor();
      await card.getByRole("button", { name: "Bind so" }).click();
      await card.getByRole("button", { name: "Bind so" }).waitFor({ state: "detached" });
      assert.deepEqual(await pinningOf(page, name), {
        vcpus: ["0"],
        emulator: "",
        exclusive: false,
        io: "",
      });
    }));

  it("binds by keys alone, and lets go again", () =>
    withMachine(two, "settings/processor", async (page, name) => {
      const card = await open(page);
      const chip = card.getByRole("button", { name: /^vCPU 1/ });
      await chip.focus();
      await page.keyboard.press("Enter");
      const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
      assert.equal(await focused(), "Put vCPU 1 on processor 0");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowLeft");
      assert.equal(await focused(), "Put vCPU 1 on processor 1");
      assert.deepEqual(await axeFindings(page), []);
      await page.keyboard.press("Enter");
      await card.getByText("vCPU 1: anywhere → 1").waitFor();
      assert.equal(await chip.evaluate((one) => one === document.activeElement), true, "the focus is back at the chip");
      // Given up half way, nothing is changed.
      await page.keyboard.press("Enter");
      await page.keyboard.press("Escape");
      await card.getByText("vCPU 1: anywhere → 1").waitFor();
      // A second one beside it.
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Shift+Enter");
      await card.getByText("vCPU 1: anywhere → 0-1").waitFor();
      const bind = card.getByRole("button", { name: "Bind so" });
      await bind.focus();
      await page.keyboard.press("Enter");
      await bind.waitFor({ state: "detached" });
      assert.deepEqual((await pinningOf(page, name)).vcpus, ["", "0-1"]);
      await chip.focus();
      await page.keyboard.press("Delete");
      await card.getByText("vCPU 1: 0-1 → anywhere").waitFor();
      await bind.focus();
      await page.keyboard.press("Enter");
      await bind.waitFor({ state: "detached" });
      assert.deepEqual((await pinningOf(page, name)).vcpus, []);
    }));

  it("warns of neighbours, of a crowd and of far memory, and forgets what was discarded", () =>
    withMachine(two, "settings/processor", async (page, name) => {
      const card = await open(page);
      const put = async (piece, id) => {
        await card.locator(`[data-piece="${piece}"]`).click();
        await card.getByRole("button", { name: new RegExp(`on processor ${id}$`) }).click();
      };
      await card.locator('[data-processor="5"] [data-owner="neighbour"]').waitFor();
      await card.getByRole("list", { name: /bound/ }).getByText("alone on them").waitFor();
      await put(0, 5);
      await card.getByText("Processor 5 belongs to neighbour alone.").waitFor();
      await put(0, 4);
      await card
        .getByText("Processor 4 shares its core with processor 5, where neighbour runs.")
        .waitFor();
      await put(1, 4);
      await card.getByText("vCPUs 0-1 take turns on processor 4.").waitFor();
      await put(1, 0);
      await card.getByText("The vCPUs are near to nodes 0-1:", { exact: false }).waitFor();
      await card.locator('[data-piece="emulator"]').click();
      await card.getByRole("button", { name: "All of it: put QEMU on Node 0" }).click();
      await card.getByText("QEMU: anywhere → 0-3").waitFor();
      await card.getByRole("button", { name: "Discard" }).click();
      assert.equal(await card.locator("[data-placed]").count(), 0);
      assert.deepEqual((await pinningOf(page, name)).vcpus, []);
    }, { refusal: true }));

  it("fits a phone, in the dark, while something is picked", () =>
    withMachine(
      two,
      "settings/processor",
      async (page) => {
        const card = await open(page);
        await card.locator('[data-piece="0"]').click();
        assert.equal(await overflowOf(page), 0);
        assert.deepEqual(await axeFindings(page), []);
      },
      { viewport: phone, colorScheme: "dark" },
    ));
});

describe("the command line beside each change", () => {
  const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

  it("is there while one types and after the change, and what is copied does the same", () =>
    withMachine(
      {},
      "settings/processor",
      async (page, name) => {
        const brand = page.getByRole("textbox", { name: "Processor name" });
        await brand.fill("It's a $test");
        const line = `visor set ${name} cpu.brand='It'\\''s a $test'`;
        const chip = page.getByRole("button", { name: line, exact: true });
        await chip.waitFor();
        await brand.press("Enter");
        await page.getByText("Applied.", { exact: true }).waitFor();
        await chip.click();
        assert.equal(await copied(page), line);
        const { spec } = await call(page, "GET", `/machines/${name}`);
        assert.equal(spec.cpu.brand, "It's a $test");
        await page.goto(new URL(`/machines/${name}/settings/memory`, page.url()).href);
        await page.getByRole("textbox", { name: "Memory", exact: true }).fill("96 MiB");
        await page.getByRole("button", { name: `visor set ${name} memory.size=96MiB` }).waitFor();
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    ));
});

describe("what waits for the next start", () => {
  it("names the command that asks for the same", () =>
    browser.withPage(`/machines/${machine}`, {}, async (page) => {
      const path = `/machines/${machine}`;
      const before = (await call(page, "GET", path)).spec.cpu.hideHypervisor;
      await call(page, "PATCH", path, { spec: { cpu: { hideHypervisor: !before } } });
      try {
        await page.goto(new URL(`${path}?dialog=pending&target=${machine}`, page.url()).href);
        await page
          .getByRole("dialog")
          .getByRole("button", { name: `visor set ${machine} cpu.hideHypervisor=${!before}` })
          .waitFor();
        assert.deepEqual(await axeFindings(page), []);
      } finally {
        await call(page, "PATCH", path, { spec: { cpu: { hideHypervisor: before } } });
      }
    }));
});

describe("the summary", () => {
  it("shows the load of each vCPU, and memory with what is assigned and its limits where it is dynamic", () =>
    browser.withPage("/", {}, async (page) => {
      await call(page, "POST", "/machines", {
        name: "moving",
        spec: {
          firmware: "bios",
          cpu: { count: 2 },
          memory: { size: 2 ** 27, dynamic: { enabled: true, minimum: 2 ** 26, maximum: 2 ** 27 } },
        },
        start: true,
      });
      try {
        await page.goto(new URL("/machines/moving", page.url()).href);
        await page.locator('[data-vcpu="1"]').getByText(/vCPU 1: \d/).waitFor();
        const card = page.getByRole("region", { name: "Memory" });
        await card.getByText("Assigned 128 MiB").waitFor();
        await card.getByText("Minimum 64 MiB").waitFor();
        await card.getByText("Maximum 128 MiB").waitFor();
        const [answer] = await Promise.all([
          page.waitForResponse((one) => one.url().endsWith("/metrics?range=hour")),
          page.getByRole("button", { name: "1 h", exact: true }).click(),
        ]);
        assert.equal((await answer.json()).samples.at(-1).memoryAssigned, 2 ** 27);
        assert.deepEqual(await axeFindings(page), []);
      } finally {
        await call(page, "POST", "/machines/moving/actions/stop", { force: true }).catch(() => {});
        await call(page, "DELETE", "/machines/moving?force=true");
      }
    }));
});

describe("the processor's row", () => {
  it("shows what the guest sees and where it can move", () =>
    withMachine({ cpu: { count: 1, features: ["-avx2"] } }, "settings/processor", async (page, name) => {
      await page.getByText("QEMU emulates its processor (max)", { exact: false }).waitFor();
      await page.getByRole("button", { name: /^\d+ features$/ }).click();
      const features = (await page.getByText(/\bsse4\.2\b/).textContent()).split(" ");
      assert.ok(features.includes("sse2") && !features.includes("avx2"), features.join(" "));
      // As a host with KVM answers.
      await page.route(`**/machines/${name}/processor`, (route) =>
        route.fulfill({
          json: {
            model: "Icelake-Server",
            maker: "GenuineIntel",
            emulated: false,
            running: true,
            features: ["avx512f", "sse2"],
            hosts: [
              { type: "x86-64-v4", maker: "", fits: true, missing: [] },
              { type: "Haswell", maker: "GenuineIntel", fits: false, missing: ["avx512f"] },
              { type: "EPYC-Genoa", maker: "AuthenticAMD", fits: false, missing: [] },
            ],
          },
        }),
      );
      await page.reload();
      await page.getByText("The running guest sees Icelake-Server: 1 of 3 kinds of hosts have all of it.").waitFor();
      for (const [kind, answer] of [
        ["Haswell", "Haswell lacks: avx512f"],
        ["x86-64-v4", "x86-64-v4 has everything that the guest sees."],
        ["EPYC-Genoa", "a running guest cannot move there"],
      ]) {
        await page.getByRole("combobox", { name: "Kind of host" }).click();
        await page.getByRole("option", { name: kind }).click();
        await page.getByRole("status").getByText(answer).waitFor();
      }
      assert.deepEqual(await axeFindings(page), []);
    }));
});

describe("notes", () => {
  it("are written as plain text and shown as Markdown that can do no harm", () =>
    withMachine({}, "settings/general", async (page, name) => {
      const text =
        "# Build *host*\n\n- one\n- [wiki](https://example.org)\n\n<img src=x onerror=\"document.title='caught'\"> ![dot](https://example.org/dot.png)";
      await page.getByRole("textbox", { name: "Notes" }).fill(text);
      const preview = page.getByRole("region", { name: "As it will be shown" });
      await preview.getByRole("heading", { name: "Build host" }).waitFor();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Applied.", { exact: true }).waitFor();
      assert.equal((await call(page, "GET", `/machines/${name}`)).description, text);
      await page.goto(new URL(`/machines/${name}`, page.url()).href);
      const notes = page.getByRole("region", { name: "Notes" });
      await notes.getByRole("listitem").first().waitFor();
      assert.equal(await notes.locator("img").count(), 0);
      assert.equal(
        await notes.getByRole("link", { name: "wiki" }).getAttribute("rel"),
        "noopener noreferrer nofollow",
      );
      assert.match(await page.title(), new RegExp(name));
      assert.deepEqual(await axeFindings(page), []);
      await page.setViewportSize(phone);
      assert.equal(await overflowOf(page), 0);
      await page.goto(new URL("/", page.url()).href);
      await page.locator(`[data-machine="${name}"]`).getByText("Build host", { exact: true }).waitFor();
    }));
});
