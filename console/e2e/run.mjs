// Opens every page in both languages: with data, empty, with an error, forbidden. Fails on whatever a page must not do.
// On a real server: APIARIST_URL, APIARIST_USER, APIARIST_PASSWORD; an empty one as well: APIARIST_EMPTY_URL,
// APIARIST_EMPTY_PASSWORD. Without them the mock backend answers. Pictures go to e2e/shots with SHOTS=1.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, PAGES, watch, withParams } from "./browser.mjs";
import { startMock } from "./host.mjs";

const env = process.env;
const real = env.APIARIST_URL !== undefined;
const only = env.ONLY?.split(",");
const shots = fileURLToPath(new URL("./shots/", import.meta.url));
const LANGS = ["zh", "en"];
let passed = 0;
const failures = [];

async function check(name, test) {
  try {
    await test();
    passed += 1;
  } catch (error) {
    failures.push(name);
    process.stdout.write(`FAIL ${name}\n  ${String(error.message).split("\n").slice(0, 8).join("\n  ")}\n`);
  }
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}

/** Waits until nothing is loading any more. */
async function settled(page) {
  await page.waitForSelector("main, .login", { timeout: 15_000 });
  await page.waitForFunction(() => !document.querySelector(".ant-skeleton, .ant-spin-spinning"), null, { timeout: 15_000 });
  await page.waitForLoadState("networkidle");
}

async function picture(page, name) {
  if (env.SHOTS !== "1") return;
  await mkdir(shots, { recursive: true });
  await page.screenshot({ path: `${shots}${name}.png` });
}

/** Opens an address in a fresh tab, looks at it, and fails on what the tab did wrong. */
async function open(context, base, path, look, options = {}) {
  const page = await context.newPage();
  const wrong = watch(page, { base, allowed: options.allowed });
  try {
    if (options.size) await page.setViewportSize(options.size);
    if (options.before) await options.before(page);
    await page.goto(base + path);
    await settled(page);
    await look(page);
    must(wrong.length === 0, wrong.join("\n"));
  } finally {
    await page.close();
  }
}

async function login(context, base, name, password) {
  const page = await context.newPage();
  await page.goto(`${base}/login?lang=en`);
  await settled(page);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.click("button[type=submit]");
  await page.waitForSelector("main", { timeout: 15_000 });
  await page.close();
}

const rowsOf = async (context, base, list) => {
  const answer = await context.request.get(`${base}/api/v1/${list}?size=1`, { headers: { "x-requested-with": "apiarist" } });
  return (await answer.json()).rows ?? [];
};

async function pathOf(context, base, page) {
  if (page.list === undefined) return page.path;
  const [row] = await rowsOf(context, base, page.list);
  return row && page.path(row.id);
}

const wordy = async (page) => (await page.innerText("main")).trim();
const noRawKeys = (text) => {
  // A path from traffic ("/shell.php") is no key.
  const raw = text.match(/(?<![\w/.-])(common|shell|overview|endpoints|calls|findings|accounts|data|settings|codes|errors)\.(?!jsonl)[a-z]\w+(\.\w+)*/);
  must(!raw, `a message key is shown: ${raw?.[0]}`);
};

async function everyPage(context, base, kind, look, options = () => ({})) {
  for (const item of PAGES) {
    if (only && !only.includes(item.name)) continue;
    for (const lang of LANGS) {
      await check(`${kind} ${item.name} ${lang}`, async () => {
        const path = await pathOf(context, base, item);
        if (path === undefined) return must(kind === "empty", "the list is empty");
        const theme = lang === "zh" ? "light" : "dark";
        await open(
          context,
          base,
          withParams(path, { lang, theme }),
          async (page) => {
            await look(page, item, lang);
            await picture(page, `${kind}-${item.name}-${lang}`);
          },
          options(item),
        );
      });
    }
  }
}

/** The word a page starts with differs by language; a page in the wrong one is a defect. */
async function inLanguage(page, lang) {
  const nav = await page.innerText("nav");
  must(/\p{Script=Han}/u.test(nav) === (lang === "zh"), `navigation is not in ${lang}`);
  const html = await page.getAttribute("html", "lang");
  must(html?.startsWith(lang) === true, `html lang is ${html}`);
}

async function withData(context, base) {
  await everyPage(context, base, "data", async (page, item, lang) => {
    await inLanguage(page, lang);
    const text = await wordy(page);
    noRawKeys(text);
    must(text.length > 40, "the page is bare");
    must((await page.locator("[role=alert]").count()) === 0, "an error is shown");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    must(wide <= 0, `the page is ${wide} px too wide`);
    if (["endpoints", "calls", "findings", "accounts", "data"].includes(item.name)) {
      must((await page.locator(".ant-table-row").count()) > 0, "the table has no rows");
    }
  });
}

async function empty(context, base) {
  await everyPage(context, base, "empty", async (page, item, lang) => {
    await inLanguage(page, lang);
    noRawKeys(await wordy(page));
    if (["overview", "endpoints", "candidates", "sites", "calls", "findings", "accounts", "data"].includes(item.name)) {
      must((await page.locator(".state h2").count()) > 0, "the page does not say that it is empty");
    }
  });
}

async function withErrors(context, base) {
  const options = (item) => ({
    allowed: (url) => item.asks.some((ask) => url.includes(ask)),
    before: async (page) => {
      for (const ask of item.asks) {
        await page.route(
          (url) => url.pathname === ask || (ask.endsWith("/") && url.pathname.startsWith(ask)),
          (route) => route.fulfill({ status: 500, json: { code: "internal", message: "the server failed", params: {} } }),
        );
      }
    },
  });
  await everyPage(
    context,
    base,
    "error",
    async (page, item) => {
      if (item.asks.length === 0) return;
      const alert = page.locator("[role=alert]").first();
      must((await alert.count()) > 0, "no error is shown");
      noRawKeys(await alert.innerText());
      must((await alert.locator("button").count()) > 0, "the error says no way on");
    },
    options,
  );
  await check("error unreachable", () =>
    open(
      context,
      base,
      "/calls?lang=en",
      async (page) => must(/cannot be reached/.test(await wordy(page)), "does not say that the server is away"),
      { allowed: () => true, before: (page) => page.route("**/api/v1/calls?**", (route) => route.abort("connectionrefused")) },
    ),
  );
}

async function forbidden(context, base) {
  for (const lang of LANGS) {
    for (const tab of ["users", "tokens"]) {
      await check(`forbidden ${tab} ${lang}`, () =>
        open(context, base, `/settings?tab=${tab}&lang=${lang}`, async (page) => {
          must((await page.locator(".state h2").count()) === 1, "the page does not say that it is for administrators");
          must((await page.locator("main .ant-table").count()) === 0, "a table is shown to a viewer");
          await picture(page, `forbidden-${tab}-${lang}`);
        }),
      );
    }
    await check(`forbidden finding ${lang}`, async () => {
      const [row] = await rowsOf(context, base, "findings");
      await open(context, base, `/findings/${row.id}?lang=${lang}`, async (page) => {
        must((await page.locator("main textarea").count()) === 0, "a viewer may decide");
      });
    });
  }
}

async function behaviour(context, base) {
  const at = (page) => new URL(page.url());
  await check("language and theme live in the URL", () =>
    open(context, base, "/endpoints?lang=zh&theme=light", async (page) => {
      await page.click("[data-testid=lang]");
      await page.waitForSelector("nav >> text=Findings");
      await page.click("[data-testid=theme]");
      must(at(page).searchParams.get("lang") === "en", "lang is not in the URL");
      must(at(page).searchParams.get("theme") === "dark", "theme is not in the URL");
      await page.click("nav >> text=Findings");
      must(at(page).searchParams.get("lang") === "en", "lang is lost on the way");
    }),
  );
  await check("search and sort live in the URL", () =>
    open(context, base, "/endpoints?lang=en", async (page) => {
      const before = await page.locator(".ant-table-row").count();
      await page.fill("main .facets input", "zzzz-nothing");
      await page.waitForSelector(".state h2");
      must(at(page).searchParams.get("text") === "zzzz-nothing", "the text is not in the URL");
      await page.fill("main .facets input", "");
      await page.waitForFunction((count) => document.querySelectorAll(".ant-table-row").length === count, before);
      await page.click("th >> text=Calls");
      await page.waitForFunction(() => new URLSearchParams(location.search).get("sort") === "calls");
    }),
  );
  await check("a row opens the drawer, its page is one click away", () =>
    open(context, base, "/endpoints?lang=en", async (page) => {
      await page.locator(".ant-table-row td:nth-child(2)").first().click();
      await page.waitForSelector(".ant-drawer h1");
      await settled(page);
      await picture(page, "drawer");
      const id = at(page).searchParams.get("open");
      must(id, "the drawer is not in the URL");
      await page.click(".ant-drawer >> text=Open page");
      await page.waitForFunction((wanted) => location.pathname === `/endpoints/${wanted}`, id);
    }),
  );
  await check("brushing the histogram sets the time range", () =>
    open(context, base, "/calls?lang=en", async (page) => {
      const box = await page.locator(".plot").first().boundingBox();
      await page.waitForSelector(".plot svg");
      await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5, { steps: 6 });
      await page.mouse.up();
      await page.waitForFunction(() => new URLSearchParams(location.search).has("from"));
      must(at(page).searchParams.has("until"), "the range has no end");
    }),
  );
  await check("Ctrl-K finds and opens", async () => {
    const [row] = await rowsOf(context, base, "endpoints");
    await open(context, base, "/overview?lang=en", async (page) => {
      await page.keyboard.press("Control+k");
      await page.locator(".ant-modal input").fill(row.template.slice(1, 9));
      await page.waitForSelector(".results a");
      await picture(page, "search");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => location.pathname.split("/").length === 3);
    });
  });
  await check("a finding is decided and stays so", async () => {
    const [row] = await rowsOf(context, base, "findings");
    await open(context, base, `/findings/${row.id}?lang=en`, async (page) => {
      const next = row.state === "confirmed" ? "Reopen" : "Confirm";
      await page.fill("main textarea", "looked at");
      await page.click(`main .rail button:has-text("${next}")`);
      await page.waitForSelector(`main header .pill:has-text("${next === "Confirm" ? "Confirmed" : "Open"}")`);
      await page.reload();
      await settled(page);
      must((await page.innerText("main header .pill")).includes(next === "Confirm" ? "Confirmed" : "Open"), "it was lost");
    });
  });
  for (const [width, height] of [[1280, 800], [1920, 1080]]) {
    for (const item of PAGES) {
      if (item.name.startsWith("endpoint-")) continue;
      await check(`fits ${item.name} at ${width}`, async () => {
        const path = await pathOf(context, base, item);
        must(path !== undefined, "the list is empty");
        await open(
          context,
          base,
          withParams(path, { lang: "zh", theme: width === 1280 ? "dark" : "light" }),
          async (page) => {
            const wide = await page.evaluate(() => {
              const main = document.querySelector(".scroll");
              return main ? main.scrollWidth - main.clientWidth : 1;
            });
            must(wide <= 0, `the page is ${wide} px too wide`);
            await picture(page, `wide-${item.name}-${width}`);
          },
          { size: { width, height } },
        );
      });
    }
  }
}

/** A viewer for the time of the test, made by an administrator; the password it got is changed by the login page. */
async function asViewer(admin, base, part) {
  const headers = { "x-requested-with": "apiarist" };
  const name = `e2e-viewer-${process.pid}`;
  const made = await admin.request.post(`${base}/api/v1/users`, { headers, data: { name, role: "viewer" } });
  must(made.ok(), `no viewer could be made: ${made.status()}`);
  const { password } = await made.json();
  const { context, close } = await launch();
  try {
    const page = await context.newPage();
    await page.goto(`${base}/login?lang=en`);
    await settled(page);
    await page.fill("#name", name);
    await page.fill("#password", password);
    await page.click("button[type=submit]");
    await page.waitForSelector("#again");
    await page.fill("#current", password);
    for (const field of ["#next", "#again"]) await page.fill(field, "Bq7-watch-only");
    await page.click("button[type=submit]");
    await page.waitForSelector("main");
    await page.close();
    await part(context, base);
  } finally {
    await close();
    await admin.request.delete(`${base}/api/v1/users/${name}`, { headers });
  }
}

/** Runs a part on a backend, in a browser of its own, so that sessions do not meet. */
async function on(server, parts) {
  const { context, close } = await launch();
  try {
    if (server.password) await login(context, server.base, server.user ?? "admin", server.password);
    for (const part of parts) await part(context, server.base);
  } finally {
    await close();
    server.stop?.();
  }
}

async function loginPages(context, base) {
  for (const lang of LANGS) {
    await check(`login ${lang}`, () =>
      open(
        context,
        base,
        `/findings?lang=${lang}&state=open`,
        async (page) => {
          must(page.url().includes("/login"), "a page opens without a session");
          await picture(page, `login-${lang}`);
          await page.fill("#name", "first");
          await page.fill("#password", "wrong-password");
          await page.click("button[type=submit]");
          await page.waitForSelector("[role=alert]");
          noRawKeys(await page.innerText(".login"));
          if (real) return;
          await page.fill("#password", "apiarist");
          await page.click("button[type=submit]");
          await page.waitForSelector("#again");
          await picture(page, `password-${lang}`);
          await page.fill("#current", "apiarist");
          await page.fill("#next", "a-long-enough-one");
          await page.fill("#again", "a-long-enough-one");
          await page.click("button[type=submit]");
          await page.waitForSelector("main");
          must(page.url().includes("/findings") && page.url().includes("state=open"), "the way back is lost");
          await context.request.delete(`${base}/api/v1/session`, { headers: { "x-requested-with": "apiarist" } });
        },
        { allowed: (url) => url.includes("/api/v1/") },
      ),
    );
  }
}

const full = [withData, withErrors, behaviour];
if (real) {
  const base = env.APIARIST_URL.replace(/\/$/, "");
  await on({ base }, [loginPages]);
  await on({ base, user: env.APIARIST_USER, password: env.APIARIST_PASSWORD }, [
    ...full,
    (context) => asViewer(context, base, forbidden),
  ]);
  if (env.APIARIST_EMPTY_URL) {
    const bare = env.APIARIST_EMPTY_URL.replace(/\/$/, "");
    await on({ base: bare, user: env.APIARIST_USER, password: env.APIARIST_EMPTY_PASSWORD }, [empty]);
  }
} else {
  await on(await startMock({ loggedOut: true }), [loginPages]);
  await on(await startMock({}), full);
  await on(await startMock({ empty: true }), [empty]);
  await on(await startMock({ role: "viewer" }), [forbidden]);
}
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 ? 0 : 1);
