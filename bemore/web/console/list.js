/** The list of sessions: how many there are, search, state, and the way into the simulated one. */

import * as api from "./api.js";
import { h, icon, notice, replaceChildren, setAttribute } from "./dom.js";
import { clock, length, t, whole } from "./i18n.js";
import { row, rowHead, update } from "./list_row.js";
import { CALM_MS, Watch } from "./pace.js";
import { remaining } from "./quota.js";
import { deleteSession } from "./session_head.js";
import { Simulation, simulate } from "./simulation.js";

const STATES = ["active", "paused", "ended"];
const PAGE = 50;

/** While sessions run the list is looked at this often, ms. */
const RUNNING_MS = 10_000;

/** How long the fingers must rest before the service is asked, ms. */
const TYPED_MS = 500;

const byStart = (one, other) => other.startedAt - one.startedAt || (one.sessionId < other.sessionId ? 1 : -1);
const matches = (row, text) => [row.userId, row.counselorId, row.sessionId].some((part) => part.toLowerCase().includes(text.toLowerCase()));

/** A session as the list has it; one that was asked for alone does not say how it went. */
const asRow = (session) => ({ ...session, lastDataAt: Math.max(...Object.values(session.lastDataAt).map((ms) => ms ?? 0)) || null });

/** `{element, title, draw, stop}` for page.js. `query` is what the address says, `go(address)` shows another view. */
export function listView(query, { failed, recovered, go }) {
  const wanted = { text: query.get("q") ?? "", status: STATES.includes(query.get("status")) ? query.get("status") : "" };
  const element = h("div");
  let totals = null;
  let aheadMs = 0; // the service's clock less this one's
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
    aheadMs = summary.aheadMs;
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
    const named = answers.flatMap(({ data }) => data?.sessions ?? (data ? [asRow(data)] : []));
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
    const searchField = h("label", { class: "field search" }, h("span", {}, t("search")), input, icon("search"));
    parts = {
      figures: h("div", { class: "card figures", role: "group", "aria-label": t("state"), on: { click: filter } }),
      welcome: h("section", { class: "card welcome", "aria-labelledby": "welcome-title", hidden: true }),
      count: h("p", { class: "hint", role: "status" }),
      list: h("ul", { "aria-label": t("sessions"), on: { click: remove } }),
      none: h("p", { class: "none" }, t("loading")),
      more: h("div", { class: "more", hidden: true }),
      again: h("div", { class: "buttons", hidden: true }), // until it is known whether there are sessions
    };
    const head = h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: -1 }, t("sessions")), h("p", {}, t("sessionsLead"))), parts.again);
    const what = h("div", {}, h("h2", { id: "welcome-title" }, t("welcome")), h("p", {}, t("welcomeWhat")), h("p", {}, t("welcomeCost")));
    const ownVoice = () => h("a", { class: "button", href: "console/live" }, icon("mic"), t("ownVoice"));
    parts.welcome.append(what, h("div", { class: "buttons" }, tryButton("primary"), ownVoice()));
    parts.again.append(tryButton(""), ownVoice());
    const moreButton = h("button", { type: "button", class: "button", on: { click: () => more(moreButton) } }, t("more"));
    parts.more.append(moreButton);
    const table = h("div", { class: "card rows" }, rowHead(), parts.list, parts.none, parts.more);
    element.replaceChildren(head, parts.welcome, parts.figures, h("search", { class: "finder" }, searchField), table, parts.count);
    showStart();
    if (rows) show();
  }

  function show() {
    showFigures();
    const fresh = totals.total === 0;
    setAttribute(parts.welcome, "hidden", !fresh);
    setAttribute(parts.again, "hidden", fresh);
    setAttribute(parts.list, "hidden", !rows.length);
    setAttribute(parts.none, "hidden", rows.length > 0);
    setAttribute(parts.more, "hidden", !cursor || Boolean(wanted.text));
    parts.none.textContent = t(fresh ? "noneYet" : "nothingFound");
    parts.count.className = "unseen";
    parts.count.textContent = rows.length === 1 ? t("foundOne") : t("found", { count: whole(rows.length) });
    const now = Date.now() + aheadMs;
    update(parts.list, rows.map((each) => row(each, now)));
  }

  /** The totals; each shows the sessions that it counts. */
  function showFigures() {
    const named = [["", totals.total], ...STATES.map((state) => [state, totals[state]])];
    const figure = ([state, value]) =>
      h("button", { type: "button", class: "figure", "aria-pressed": String(wanted.status === state), data: { state } }, h("span", {}, t(state || "total")), h("strong", {}, whole(value)));
    const mean = h("div", { class: "figure" }, h("span", {}, t("avgDuration")), h("strong", {}, totals.ended ? length(totals.avgDuration) : "–"));
    const focused = document.activeElement?.dataset.state;
    replaceChildren(parts.figures, named.map(figure), mean);
    if (focused !== undefined && document.activeElement === document.body) parts.figures.querySelector(`[data-state="${focused}"]`).focus();
  }

  function filter({ target }) {
    const state = target.closest("[data-state]")?.dataset.state;
    if (state === undefined || state === wanted.status) return;
    wanted.status = state;
    showFigures();
    changed();
  }

  async function remove({ target }) {
    const id = target.closest("[data-delete]")?.dataset.delete;
    const session = rows.find(({ sessionId }) => sessionId === id);
    if (!session || !(await deleteSession(session))) return;
    further = further.filter(({ sessionId }) => sessionId !== id);
    element.querySelector("h1").focus();
    watch.now();
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
