// What the tests of the page share: one browser, one login, and the ways to look at a page.
//
// playwright-core and axe-core come from web/node_modules (`npm ci` in web/ first), so that they are pinned in one place.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(
  new URL("../../web/package.json", import.meta.url),
);
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

function wanted(name) {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set; see the head of page.test.mjs`);
  return value;
}

export const baseUrl = wanted("VISOR_URL").replace(/\/$/, "");
export const loginUrl = wanted("VISOR_LOGIN_URL");
export const machine = wanted("VISOR_TEST_MACHINE");

/** Kills and starts the daemon; only `tests/browser/run` offers it. */
export const control = process.env.VISOR_CONTROL;
export async function tellDaemon(what) {
  const answer = await fetch(`${control}/${what}`, { method: "POST" });
  if (!answer.ok) throw new Error(`the daemon did not ${what}`);
}

/** Long enough for a machine that is busy with other work. */
const patience = Number(process.env.VISOR_PAGE_PATIENCE ?? 60_000);

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

export const pages = {
  overview: "/",
  "overview in groups": "/?group=state",
  machines: "/machines",
  "machines in groups": "/machines?group=tag",
  images: "/images",
  host: "/host",
  "host checks": "/host/checks",
  tasks: "/tasks",
  settings: "/settings",
  create: "/create",
  summary: `/machines/${machine}`,
  "summary of an hour": `/machines/${machine}?span=hour`,
  "summary of a month": `/machines/${machine}?span=month`,
  "missing machine": "/machines/no-such-machine",
  "missing page": "/no/such/page",
  screen: `/machines/${machine}/screen`,
  terminal: `/machines/${machine}/terminal`,
  "machine settings": `/machines/${machine}/settings`,
  "machine network": `/machines/${machine}/settings/network`,
  "machine sharing": `/machines/${machine}/settings/sharing`,
  activity: `/machines/${machine}/activity`,
  delete: `/machines/${machine}?dialog=delete&target=${machine}`,
  profiles: `/machines/${machine}?dialog=profile&target=${machine}`,
  "all machines at rest": "/host?dialog=hostStop",
  "task drawer": "/?dialog=tasks",
};

export class Browser {
  static async launch() {
    const browser = new Browser();
    browser.chromium = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    return browser;
  }

  /** Follows the one-time login link and keeps the session for every later page. */
  async logIn() {
    const context = await this.chromium.newContext({
      viewport: desktop,
      locale: "en-US",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    await page.goto(loginUrl);
    await page.waitForURL(`${baseUrl}/`);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    this.session = await context.storageState();
    await context.close();
  }

  /** Opens a page, looks at it and closes it; faults of the browser are failures. */
  async withPage(path, options, look) {
    const page = await this.open(path, options);
    try {
      await look(page);
      assert.deepEqual(page.faults, [], "the browser reports no errors");
    } finally {
      await page.context().close();
    }
  }

  /** A fresh page; `faults` gathers what the browser complained about. Close it with `page.context().close()`. */
  async open(path, options = {}) {
    const { anonymous, outage, refusal, settle = true, ...rest } = options;
    const context = await this.chromium.newContext({
      viewport: desktop,
      locale: "en-US",
      reducedMotion: "reduce",
      storageState: anonymous ? undefined : this.session,
      ...rest,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(error.message));
    page.on("console", (message) => {
      const text = message.text();
      // A machine that is being started or has no display answers a screenshot with 409; that is no fault of the page.
      const expected =
        /screenshot/.test(message.location().url) ||
        (anonymous && /401/.test(text)) ||
        (refusal && /status of 4\d\d/.test(text)) ||
        (outage && /ERR_|Failed to load resource/.test(text));
      if (message.type() === "error" && !expected) page.faults.push(text);
    });
    await page.goto(baseUrl + path);
    if (settle) await settled(page);
    return page;
  }

  close() {
    return this.chromium.close();
  }
}

/** The page has its data: the frame is there and nothing is a skeleton any more. */
export async function settled(page) {
  await page.locator("main").waitFor();
  await page.waitForFunction(
    () => document.querySelector(".fui-Skeleton") === null,
  );
  await page.waitForTimeout(400);
}

export async function overflowOf(page) {
  const measured = () =>
    page.evaluate(() => {
      const main = document.querySelector("main");
      const whole = document.documentElement;
      return Math.max(
        whole.scrollWidth - whole.clientWidth,
        main ? main.scrollWidth - main.clientWidth : 0,
      );
    });
  // After a change of size the page is drawn once more as soon as its observers were told.
  const deadline = Date.now() + 5000;
  let overflow = await measured();
  while (overflow > 0 && Date.now() < deadline) {
    await page.waitForTimeout(50);
    overflow = await measured();
  }
  return overflow;
}

/** Serious and critical findings of axe, one line each. */
export async function axeFindings(page) {
  // Evaluated, not added as a script: the daemon's content security policy allows no inline scripts.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      resultTypes: ["violations"],
      rules: { region: { enabled: false } },
    }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(
        (node) =>
          `${id}: ${node.target.join(" ")} ${node.failureSummary.split("\n")[1] ?? ""}`,
      ),
    );
}

/** How many different colours a canvas shows (at most 64 are counted). */
export async function coloursOf(page, selector) {
  return page.evaluate((wantedSelector) => {
    const canvas = document.querySelector(wantedSelector);
    if (!canvas?.width || !canvas.height) return 0;
    const { data } = canvas
      .getContext("2d")
      .getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length && seen.size < 64; at += 4)
      seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    return seen.size;
  }, selector);
}

/** A request to the daemon with the rights of the page; answers with the object it got. */
export async function call(page, method, path, body) {
  const answer = await page.evaluate(
    async ([method, path, body]) => {
      const response = await fetch(`/api/v1${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: body && JSON.stringify(body),
      });
      return { status: response.status, text: await response.text() };
    },
    [method, path, body],
  );
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text === "" ? null : JSON.parse(answer.text);
}

/** Starts long work, which is through when its task is. */
export async function act(page, method, where, body) {
  const { task } = await call(page, method, where, body);
  const ended = await call(page, "GET", `/tasks/${task.id}/wait?timeout=60`);
  assert.equal(ended.state, "succeeded", JSON.stringify(ended.error));
}
