/** The list of sessions: how many there are, search, state, and the way into the simulated one. */

import * as api from "./api.js";
import { tokenOwner } from "./api.js";
import { h, icon, notice, replaceChildren, setAttribute } from "./dom.js";
import { clock, dayEnd, dayStart, length, t, whole } from "./i18n.js";
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

/** The filters of the page, by their names in its address. */
const FILTERS = ["q", "status", "counselor", "from", "to"];

/** A session as the list has it; one that was asked for alone does not say how it went. */
const asRow = (session) => ({ ...session, lastDataAt: Math.max(...Object.values(session.lastDataAt).map((ms) => ms ?? 0)) || null });

/** `{element, title, draw, stop}` for page.js. `query` is what the address says, `go(address)` shows another view. */
export function listView(query, { failed, recovered, go }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  if (!STATES.includes(wanted.status)) wanted.status = "";
  for (const name of ["from", "to"]) if (dayStart(wanted[name]) === null) wanted[name] = "";
  const element = h("div");
  let totals = null;
  let aheadMs = 0; // the service's clock less this one's
  let rows = null;
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
    const [summary, found] = await Promise.all([api.totals(), find().catch(nothing)]);
    recovered();
    if (asked !== JSON.stringify(wanted)) return { cost: 2, tookMs: 0, base: 0 };
    totals = summary.data;
    aheadMs = summary.aheadMs;
    if (!further.length) cursor = found.nextCursor;
    rows = [...new Map([...further, ...found.sessions].map((row) => [row.sessionId, row])).values()].sort(byStart);
    show();
    return { cost: 2, tookMs: Math.max(summary.tookMs, found.tookMs), base: totals.active ? RUNNING_MS : CALM_MS };
  }

  const filter = () => ({
    q: wanted.q, status: wanted.status, counselorId: wanted.counselor, from: dayStart(wanted.from), to: dayEnd(wanted.to), limit: PAGE,
  });

  /** The newest sessions that are wanted; an id of a session finds that one. */
  async function find() {
    if (!wanted.q.startsWith("sess_")) {
      const { data, tookMs } = await api.sessions(filter());
      return { ...data, tookMs };
    }
    const { data, tookMs } = await api.session(wanted.q);
    return { sessions: [asRow(data)], nextCursor: null, tookMs };
  }

  /** No such session, nobody that one may list, a name that no user can have: not found. */
  function nothing(error) {
    if (![400, 403, 404].includes(error.status)) throw error;
    return { sessions: [], nextCursor: null, tookMs: 0 };
  }

  async function more(button) {
    button.disabled = true;
    try {
      const { data } = await api.sessions({ ...filter(), cursor });
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
    const search = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
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
    /** A control of a filter; what is typed into it counts once the fingers rest. */
    const control = (name, attributes) => {
      const change = () => {
        clearTimeout(typed);
        if (wanted[name] === input.value.trim()) return;
        wanted[name] = input.value.trim();
        changed();
      };
      const rest = () => {
        clearTimeout(typed);
        typed = setTimeout(change, TYPED_MS);
      };
      const input = h("input", { value: wanted[name], maxlength: 128, autocomplete: "off", spellcheck: "false", ...attributes, on: { input: rest, change } });
      return input;
    };
    const labeled = (label, kind, ...content) => h("label", { class: `field ${kind}` }, h("span", {}, t(label)), content);
    const people = h("datalist", { id: "counselors" });
    const finder = h(
      "search",
      { class: "finder" },
      labeled("search", "search", control("q", { type: "search", placeholder: t("searchHint") }), icon("search")),
      tokenOwner()?.role !== "counselor" && labeled("counselor", "", control("counselor", { type: "search", list: "counselors", placeholder: t("withAll") }), people),
      labeled("fromDay", "day", control("from", { type: "date" })),
      labeled("toDay", "day", control("to", { type: "date" })),
    );
    parts = {
      figures: h("div", { class: "card figures", role: "group", "aria-label": t("state"), on: { click: choose } }),
      welcome: h("section", { class: "card welcome", "aria-labelledby": "welcome-title", hidden: true }),
      count: h("p", { class: "hint", role: "status" }),
      list: h("ul", { "aria-label": t("sessions"), on: { click: remove } }),
      none: h("p", { class: "none" }, t("loading")),
      people,
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
    element.replaceChildren(head, parts.welcome, parts.figures, finder, table, parts.count);
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
    setAttribute(parts.more, "hidden", !cursor);
    parts.none.textContent = t(fresh ? "noneYet" : "nothingFound");
    parts.count.className = "unseen";
    parts.count.textContent = rows.length === 1 ? t("foundOne") : t("found", { count: whole(rows.length) });
    const counselors = [...new Set(rows.map(({ counselorId }) => counselorId))].sort();
    replaceChildren(parts.people, counselors.map((id) => h("option", { value: id })));
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

  function choose({ target }) {
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
