/** The list of sessions: how many there are, search, state, and the way into the simulated one. */

import * as api from "./api.js";
import { demoBadge, h, icon, notice, replaceChildren, setAttribute } from "./dom.js";
import { clock, length, t, when, whole } from "./i18n.js";
import { CALM_MS, Watch } from "./pace.js";
import { remaining } from "./quota.js";
import { Simulation, isDemo, simulate } from "./simulation.js";

const STATES = ["active", "paused", "ended"];
const PAGE = 50;

/** While sessions run the list is looked at this often, ms. */
const RUNNING_MS = 10_000;

/** How long the fingers must rest before the service is asked, ms. */
const TYPED_MS = 500;

const byStart = (one, other) => other.startedAt - one.startedAt || (one.sessionId < other.sessionId ? 1 : -1);
const matches = (row, text) => [row.userId, row.counselorId, row.sessionId].some((part) => part.toLowerCase().includes(text.toLowerCase()));

/** `{element, title, draw, stop}` for page.js. `query` is what the address says, `go(address)` shows another view. */
export function listView(query, { failed, recovered, go }) {
  const wanted = { text: query.get("q") ?? "", status: STATES.includes(query.get("status")) ? query.get("status") : "" };
  const element = h("div");
  let totals = null;
  let rows = null;
  let known = new Map();
  let further = []; // what "Show more" brought
  let cursor = null;
  let parts = null;
  let typed = null;
  let starting = null; // a simulation that is not there yet
  let countdown = null;
  let stopped = false;

  const watch = new Watch({ round, failed: refused, remaining });

  /** Where the service will not show anything, nothing is loading any more. */
  function refused(error) {
    const wait = failed(error);
    if (wait === false) parts.none.textContent = t(error.status === 401 ? "needToken" : "forbidden");
    return wait;
  }

  async function round() {
    const asked = JSON.stringify(wanted);
    const [summary, found] = await Promise.all([api.totals(), wanted.text ? find() : newest()]);
    recovered();
    if (asked !== JSON.stringify(wanted)) return { cost: 1 + found.cost, tookMs: 0, base: 0 };
    totals = summary.data;
    rows = found.rows;
    show();
    return { cost: 1 + found.cost, tookMs: Math.max(summary.tookMs, found.tookMs), base: totals.active ? RUNNING_MS : CALM_MS };
  }

  async function newest() {
    const { data, tookMs } = await api.sessions({ status: wanted.status, limit: PAGE });
    if (!further.length) cursor = data.nextCursor;
    known = new Map([...further, ...data.sessions].map((row) => [row.sessionId, row]));
    return { rows: [...known.values()].sort(byStart), cost: 1, tookMs };
  }

  /** What the service has of this name, and what of the rows seen so far holds the text. */
  async function find() {
    const { text, status } = wanted;
    const id = text.startsWith("sess_");
    const questions = id
      ? [api.session(text)]
      : [api.sessions({ status, userId: text, limit: PAGE }), api.sessions({ status, counselorId: text, limit: PAGE })];
    const answers = await Promise.all(questions.map((question) => question.catch(nothing)));
    const named = answers.flatMap(({ data }) => data?.sessions ?? (data ? [data] : []));
    const all = new Map([...[...known.values()].filter((row) => matches(row, text)), ...named].map((row) => [row.sessionId, row]));
    const found = [...all.values()].filter((row) => !status || row.status === status);
    return { rows: found.sort(byStart), cost: questions.length, tookMs: Math.max(...answers.map(({ tookMs }) => tookMs)) };
  }

  /** No such session, nobody that one may list, a name that no user can have: not found. */
  function nothing(error) {
    if (![400, 403, 404].includes(error.status)) throw error;
    return { data: null, tookMs: 0 };
  }

  async function more(button) {
    button.disabled = true;
    try {
      const { data } = await api.sessions({ status: wanted.status, limit: PAGE, cursor });
      cursor = data.nextCursor;
      const first = data.sessions[0]?.sessionId;
      further = [...rows, ...data.sessions];
      rows = further;
      show();
      element.querySelector(`[href="#/session/${first}"]`)?.focus();
    } catch (error) {
      failed(error);
    }
    button.disabled = false;
  }

  function changed() {
    [further, cursor] = [[], null];
    const search = new URLSearchParams(Object.entries({ q: wanted.text, status: wanted.status }).filter(([, value]) => value));
    history.replaceState(null, "", search.size ? `#/?${search}` : "#/");
    watch.now();
  }

  async function tryIt({ currentTarget: button }) {
    const simulation = new Simulation();
    simulation.addEventListener("waiting", () => {
      notice(t("tryWaits", { length: length(simulation.waitMs) }));
      clearInterval(countdown);
      countdown = setInterval(showStart, 1000);
      showStart();
    });
    starting = simulation;
    showStart();
    try {
      await simulate(simulation);
      if (!stopped) go(`#/session/${encodeURIComponent(simulation.sessionId)}`);
    } catch (error) {
      if (stopped) return;
      if (error.status !== 401) notice(t("failed", { message: error.message }), "bad");
      starting = null;
      showStart();
      button.focus();
    } finally {
      clearInterval(countdown);
    }
  }

  /** Draw the buttons that start a simulation: whether one is about to start, and how long that waits. */
  function showStart() {
    const waitMs = starting?.waitMs ?? 0;
    for (const button of element.querySelectorAll("[data-try]")) {
      button.disabled = Boolean(starting);
      const label = waitMs ? t("startsIn", { clock: clock(waitMs + 999) }) : t("starting");
      button.replaceChildren(...(starting ? [label] : [icon("play"), t("tryIt")]));
    }
  }

  const tryButton = (kind) => h("button", { type: "button", class: `button ${kind}`, data: { try: "" }, on: { click: tryIt } });

  function draw() {
    const input = h("input", { type: "search", value: wanted.text, placeholder: t("searchHint"), autocomplete: "off", spellcheck: "false" });
    const search = () => {
      clearTimeout(typed);
      if (wanted.text === input.value.trim()) return;
      wanted.text = input.value.trim();
      changed();
    };
    input.addEventListener("input", () => {
      clearTimeout(typed);
      typed = setTimeout(search, TYPED_MS);
    });
    input.addEventListener("change", search);
    const option = (value) => h("option", { value, selected: value === wanted.status }, t(value || "everyState"));
    const select = h("select", {}, ["", ...STATES].map(option));
    select.addEventListener("change", () => {
      wanted.status = select.value;
      changed();
    });
    const searchField = h("label", { class: "field search" }, h("span", {}, t("search")), input, icon("search"));
    parts = {
      figures: h("dl", { class: "card figures" }),
      welcome: h("section", { class: "card welcome", "aria-labelledby": "welcome-title", hidden: true }),
      count: h("p", { class: "hint", role: "status" }),
      list: h("ul", { "aria-label": t("sessions") }),
      none: h("p", { class: "none" }, t("loading")),
      more: h("div", { class: "more", hidden: true }),
      again: h("div", { class: "buttons", hidden: true }), // until it is known whether there are sessions
    };
    const columns = ["state", "user", "counselor", "started", "duration", "sessionId"].map((name) => h("span", {}, t(name)));
    const head = h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: -1 }, t("sessions")), h("p", {}, t("sessionsLead"))), parts.again);
    const what = h("div", {}, h("h2", { id: "welcome-title" }, t("welcome")), h("p", {}, t("welcomeWhat")), h("p", {}, t("welcomeCost")));
    const ownVoice = () => h("a", { class: "button", href: "console/live" }, icon("mic"), t("ownVoice"));
    parts.welcome.append(what, h("div", { class: "buttons" }, tryButton("primary"), ownVoice()));
    parts.again.append(tryButton(""), ownVoice());
    const moreButton = h("button", { type: "button", class: "button", on: { click: () => more(moreButton) } }, t("more"));
    parts.more.append(moreButton);
    const finder = h("search", { class: "finder" }, searchField, h("label", { class: "field" }, h("span", {}, t("state")), select));
    const table = h("div", { class: "card rows" }, h("div", { class: "row-head", "aria-hidden": "true" }, columns), parts.list, parts.none, parts.more);
    element.replaceChildren(head, parts.welcome, parts.figures, finder, table, parts.count);
    showStart();
    if (rows) show();
  }

  function show() {
    const named = [["total", totals.total], ...STATES.map((state) => [state, totals[state]])];
    const figure = ([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, whole(value)));
    const mean = h("div", { class: "wide" }, h("dt", {}, t("avgDuration")), h("dd", {}, totals.ended ? length(totals.avgDuration) : "–"));
    replaceChildren(parts.figures, named.map(figure), mean);
    const fresh = totals.total === 0;
    setAttribute(parts.welcome, "hidden", !fresh);
    setAttribute(parts.again, "hidden", fresh);
    setAttribute(parts.list, "hidden", !rows.length);
    setAttribute(parts.none, "hidden", rows.length > 0);
    setAttribute(parts.more, "hidden", !cursor || Boolean(wanted.text));
    parts.none.textContent = t(fresh ? "noneYet" : "nothingFound");
    parts.count.className = "unseen";
    parts.count.textContent = rows.length === 1 ? t("foundOne") : t("found", { count: whole(rows.length) });
    update(parts.list, rows.map(row));
  }

  draw();
  watch.now();
  const stop = () => {
    stopped = true;
    starting?.cancel();
    clearInterval(countdown);
    clearTimeout(typed);
    watch.stop();
  };
  return { element, title: () => t("sessions"), draw, stop };
}

/** Put rows in the place of others; those that say the same stay, and keep the focus. */
function update(list, items) {
  const before = new Map([...list.children].map((item) => [item.innerHTML, item]));
  const next = items.map((item) => before.get(item.innerHTML) ?? item);
  if (next.some((item, index) => item !== list.children[index]) || next.length !== list.children.length) {
    const focused = document.activeElement?.getAttribute("href");
    list.replaceChildren(...next);
    if (focused && document.activeElement === document.body) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function row({ sessionId, userId, counselorId, status, startedAt, duration, demo = isDemo(sessionId) }) {
  const named = (name, kind, ...value) => h("span", { class: kind }, h("span", { class: "unseen" }, `${t(name)}: `), ...value);
  return h(
    "li",
    {},
    h(
      "a",
      { class: "row", href: `#/session/${encodeURIComponent(sessionId)}` },
      h("span", { class: "mark" }, h("span", { class: `state ${status}` }, t(status))),
      named("user", "who", userId, demo && [" ", demoBadge(t("demo"), t("demoWhat"))]),
      named("counselor", "with soft", counselorId),
      named("started", "when soft", when(startedAt)),
      named("duration", "long soft", length(duration)),
      h("span", { class: "id", "aria-hidden": "true", title: sessionId }, sessionId),
    ),
  );
}
