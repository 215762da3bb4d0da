/** The page of a client: scores, talk, silences and ratings over the sessions, two of them side by side, all notes. */

import * as api from "./api.js";
import { act, client } from "./api.js";
import { card } from "./card.js";
import { SCORES } from "./chart_data.js";
import { overTime } from "./client_charts.js";
import { notesOfClient } from "./client_notes.js";
import { pairPanel } from "./client_pair.js";
import { h, icon, notice, replaceChildren, setAttribute } from "./dom.js";
import { day, exactLength, length, percent, points, t, when, whole } from "./i18n.js";
import { Watch } from "./pace.js";
import { remaining } from "./quota.js";
import { saveFile } from "./report.js";

/** Sessions that are read at once. */
const PAGE = 50;

const FIELDS = { combined: "combined", facial: "facial", voice: "vad", text: "text" };

/** A round scale from 0 to a length, ms. */
function lengths(values) {
  const most = Math.max(5000, ...values.filter((value) => value !== null));
  const step = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000].find((each) => most <= each * 5) ?? 3_600_000;
  const count = Math.ceil(most / step);
  return { range: [0, count * step], ticks: Array.from({ length: count + 1 }, (_, place) => place * step), shown: (ms) => (ms % 1000 ? exactLength(ms) : length(ms)) };
}

const shares = { range: [0, 1], ticks: [0, 0.5, 1], shown: percent };

/** `{element, title, draw, stop}` for page.js. `query` may name a `counselor`. */
export function clientView(userId, query, { failed, recovered }) {
  const element = h("div", { class: "client" });
  const open = (id) => (location.hash = `#/session/${encodeURIComponent(id)}`);
  let counselor = query.get("counselor") ?? "";
  let counselors = [];
  let sessions = []; // the newest first
  let courses = new Map();
  const notesRead = new Map();
  let cursor = null;
  let loaded = false;
  let parts = [];
  let frame = null;

  const filter = () => ({ counselorId: counselor || null, limit: PAGE });

  async function round() {
    const asked = counselor;
    const [{ data }, { data: overview }] = await Promise.all([api.progress(userId, filter()), api.sessions({ userId, counselorId: counselor, limit: PAGE })]);
    recovered();
    if (asked !== counselor) return { cost: 2, tookMs: 0, base: 0 };
    sessions = data.sessions;
    cursor = data.nextCursor;
    courses = new Map(overview.sessions.map((each) => [each.sessionId, each.overview.scores]));
    if (!counselor) counselors = [...new Set([...counselors, ...sessions.map(({ counselorId }) => counselorId)])].sort();
    loaded = true;
    const focused = document.activeElement;
    draw();
    // What had the focus is there again, or was the heading.
    if (element.isConnected && !focused.isConnected) element.querySelector(focused.tagName === "SELECT" ? ".buttons select" : "h1").focus();
    return null;
  }

  let watch = null;
  function load() {
    watch?.stop();
    watch = new Watch({ round, failed: refused, remaining });
    watch.now();
  }

  function refused(error) {
    const wait = failed(error);
    if (wait === false) frame.none.textContent = t(error.status === 401 ? "needToken" : error.status === 403 ? "forbidden" : "clientNone");
    return wait;
  }

  async function older(button) {
    button.disabled = true;
    try {
      const { data } = await api.progress(userId, { ...filter(), cursor });
      sessions = [...sessions, ...data.sessions];
      cursor = data.nextCursor;
      show();
    } catch (error) {
      failed(error);
    }
    button.disabled = false;
  }

  async function download(button) {
    button.disabled = true;
    try {
      await saveFile(await act(() => client.progressFile(userId, { counselorId: counselor || undefined })));
    } catch (error) {
      notice(t("failed", { message: error.message }), "bad");
    }
    button.disabled = false;
    button.focus();
  }

  function charts() {
    const line = (key, value) => ({ key, name: t(key), value });
    const scores = SCORES.map(({ key }) => line(key, ({ averages }) => averages?.[FIELDS[key]] ?? null));
    const one = (key, value) => [{ key, name: "", value }];
    return [
      overTime("scoresOverTime", { scale: () => ({ range: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], shown: points }), lines: scores, open }),
      overTime("talkOverTime", { scale: () => shares, lines: one("user", ({ talkShare }) => talkShare), open }),
      overTime("silenceOverTime", { scale: (all) => lengths(all.map(({ longestSilenceMs }) => longestSilenceMs)), lines: one("silence", ({ longestSilenceMs }) => longestSilenceMs), open }),
      overTime("ratingOverTime", { scale: () => ({ range: [0.7, 5.3], ticks: [1, 2, 3, 4, 5], shown: (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1)) }), lines: one("rating", ({ rating }) => rating), open }),
      overTime("coverageOverTime", {
        scale: () => shares, threshold: 0.5, open,
        bars: [{ key: "audio", name: t("ofAudio"), value: ({ coverage }) => coverage.audio }, { key: "video", name: t("ofVideo"), value: ({ coverage }) => coverage.frames }],
      }),
    ];
  }

  function draw() {
    parts.forEach((part) => part.destroy?.());
    parts = [];
    const name = h("h1", { tabindex: -1 }, title());
    frame = { facts: h("p", { class: "facts" }), none: h("p", { class: "empty" }, t(loaded ? "clientNone" : "loading")), compare: h("p", { class: "compare-note" }) };
    const csv = h("button", { type: "button", class: "button", on: { click: () => download(csv) } }, icon("download"), t("progressCsv"));
    const select = h("select", { "aria-label": t("counselor"), on: { change: () => choose(select.value) } }, h("option", { value: "" }, t("withAll")), counselors.map((id) => h("option", { value: id, selected: id === counselor }, id)));
    if (counselor && !counselors.includes(counselor)) select.append(h("option", { value: counselor, selected: true }, counselor));
    const tools = h("div", { class: "buttons" }, (counselors.length > 1 || counselor) && select, sessions.length > 0 && csv);
    const head = h("div", { class: "session-head" }, h("div", {}, name, frame.facts), tools);
    const back = h("a", { class: "back", href: "#/" }, icon("back"), t("back"));
    if (!sessions.length) return element.replaceChildren(back, head, h("div", { class: "card" }, frame.none));
    const [scores, ...others] = charts();
    const [pair, notes] = [pairPanel(() => courses), notesOfClient(notesRead, failed)];
    const inOrder = (part) => ({ ...part, update: (newest) => part.update([...newest].reverse()) });
    parts = [...[scores, ...others].map(inOrder), pair, notes, tablePart()];
    const olderButton = h("button", { type: "button", class: "button", on: { click: () => older(olderButton) } }, t("clientOlder"));
    frame.older = h("div", { class: "more" }, olderButton);
    element.replaceChildren(
      back, head, frame.compare, scores.element, h("div", { class: "over-time-grid" }, others.map((part) => part.element)),
      pair.element, parts.at(-1).element, frame.older, notes.element,
    );
    show();
  }

  function show() {
    const [newest, oldest] = [sessions[0], sessions.at(-1)];
    const values = { count: whole(sessions.length), from: day(oldest.startedAt), to: day(newest.startedAt) };
    frame.facts.textContent = t(sessions.length === 1 ? "clientCountOne" : "clientCount", values);
    const count = sessions.filter(({ comparable }) => comparable).length;
    const all = count === sessions.length;
    const told = [t(all ? "canCompareAll" : "canCompare", { count: whole(count), total: whole(sessions.length) }), !all && t("cannotCompare"), t("clientDescribed")];
    frame.compare.textContent = told.filter(Boolean).join(" ");
    setAttribute(frame.older, "hidden", !cursor);
    parts.forEach((part) => part.update(sessions));
  }

  /** The accessible twin of the charts, and the way to each session. */
  function tablePart() {
    const table = h("table", { class: "sessions-table" });
    const { element: made } = card("sessions", t("sessionsTable"), h("div", { class: "scroll", role: "group", "aria-label": t("sessionsTable"), tabindex: 0 }, table));
    const columns = ["date", "counselor", "duration", ...SCORES.map(({ key }) => key), "talkShort", "silenceShort", "ratingOverTime", "audioShort", "videoShort", "comparable"];
    const row = (session) => {
      const { sessionId, startedAt, counselorId, duration, averages, talkShare, longestSilenceMs, rating, coverage, comparable } = session;
      const link = h("a", { href: `#/session/${encodeURIComponent(sessionId)}` }, when(startedAt));
      const cells = [
        counselorId, length(duration), ...SCORES.map(({ key }) => points(averages?.[FIELDS[key]])), percent(talkShare),
        longestSilenceMs === null ? "–" : exactLength(longestSilenceMs), rating === null ? "–" : `★ ${rating.toFixed(1)}`, percent(coverage.audio),
        percent(coverage.frames), t(comparable ? "comparable" : "notComparable"),
      ];
      return h("tr", { class: comparable ? null : "apart" }, h("th", { scope: "row" }, link), cells.map((value) => h("td", {}, value)));
    };
    const update = (newest) => {
      const head = h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, t(column)))));
      replaceChildren(table, head, h("tbody", {}, newest.map(row)));
    };
    return { element: made, update };
  }

  function choose(id) {
    counselor = id;
    const address = `#/client/${encodeURIComponent(userId)}`;
    history.replaceState(null, "", id ? `${address}?${new URLSearchParams({ counselor: id })}` : address);
    load();
  }

  const title = () => t("clientTitle", { user: userId });
  draw();
  load();
  const stop = () => {
    watch.stop();
    parts.forEach((part) => part.destroy?.());
  };
  return { element, title, draw, stop };
}
