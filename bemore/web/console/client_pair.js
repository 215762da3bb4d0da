/** Two sessions of a client side by side: their measures, and the differences where they can be compared. */

import { card } from "./card.js";
import { h, replaceChildren } from "./dom.js";
import { day, exactLength, length, percent, points, pointsChange, t, when } from "./i18n.js";
import { sparkline } from "./list_row.js";

const DASH = "–";
const known = (value) => value !== null && value !== undefined;
const signed = (value, shown) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${shown(Math.abs(value))}`;
const silence = (ms) => (known(ms) ? exactLength(ms) : DASH);
const stars = (rating) => (known(rating) ? `★ ${rating.toFixed(1)}` : DASH);
const sharePoints = (share) => t("shareChange", { points: signed(share, (size) => Math.round(size * 100)) });

/** Of each measure: its text, its value, how it and a difference are written. Lengths and coverage have no difference worth telling. */
const MEASURES = [
  ["duration", ({ duration }) => duration, length],
  ["combined", ({ averages }) => averages?.combined, points, pointsChange],
  ["facial", ({ averages }) => averages?.facial, points, pointsChange],
  ["voice", ({ averages }) => averages?.vad, points, pointsChange],
  ["text", ({ averages }) => averages?.text, points, pointsChange],
  ["talkOverTime", ({ talkShare }) => talkShare, percent, sharePoints],
  ["silenceOverTime", ({ longestSilenceMs }) => longestSilenceMs, silence, (ms) => signed(ms, exactLength)],
  ["ratingOverTime", ({ rating }) => rating, stars, (value) => signed(value, (size) => size.toFixed(1))],
  ["audioShort", ({ coverage }) => coverage.audio, percent],
  ["videoShort", ({ coverage }) => coverage.frames, percent],
];

/** `courses()` gives the scores over a session, by its id, as the list of sessions draws them. `update(sessions)` has the newest first. */
export function pairPanel(courses) {
  let sessions = [];
  let chosen = [null, null]; // ids, the earlier one first
  const selects = ["pairFirst", "pairSecond"].map((name, place) => {
    const select = h("select", {
      on: {
        change: () => {
          chosen[place] = select.value;
          show();
        },
      },
    });
    return [h("label", { class: "field" }, h("span", {}, t(name)), select), select];
  });
  const table = h("div", { class: "scroll", role: "group", "aria-label": t("pairTitle"), tabindex: 0 });
  const { element, note } = card("pair", t("pairTitle"), h("div", { class: "pair-choice" }, selects.map(([label]) => label)), table);

  const label = ({ startedAt, counselorId, comparable }) => `${when(startedAt)} · ${counselorId}${comparable ? "" : ` (${t("notComparable")})`}`;

  function show() {
    const pair = chosen.map((id) => sessions.find(({ sessionId }) => sessionId === id));
    element.hidden = sessions.length < 2;
    if (!pair.every(Boolean)) return;
    const both = pair.every(({ comparable }) => comparable);
    note.textContent = both ? "" : t("pairApart");
    const heading = (session) => h("th", { scope: "col" }, h("a", { href: `#/session/${encodeURIComponent(session.sessionId)}` }, day(session.startedAt)));
    const head = h("tr", {}, h("th", { scope: "col" }, t("pairMeasure")), pair.map(heading), h("th", { scope: "col" }, t("pairChange")));
    const row = ([name, value, shown, difference]) => {
      const [one, other] = pair.map(value);
      const change = both && difference && known(one) && known(other) ? difference(other - one) : "";
      return h("tr", {}, h("th", { scope: "row" }, t(name)), [one, other].map((each) => h("td", {}, shown(each))), h("td", { class: "change" }, change));
    };
    const course = h("tr", {}, h("th", { scope: "row" }, t("pairCourse")), pair.map(({ sessionId }) => h("td", {}, sparkline(courses().get(sessionId) ?? []))), h("td"));
    replaceChildren(table, h("table", { class: "pair-table" }, h("thead", {}, head), h("tbody", {}, MEASURES.slice(0, 2).map(row), course, MEASURES.slice(2).map(row))));
  }

  const update = (next) => {
    sessions = next;
    const there = chosen.every((id) => sessions.some(({ sessionId }) => sessionId === id));
    if (!there) {
      const best = sessions.filter(({ comparable }) => comparable);
      const [later, earlier] = best.length > 1 ? best : sessions;
      chosen = [earlier?.sessionId ?? null, later?.sessionId ?? null];
    }
    selects.forEach(([, select], place) => {
      replaceChildren(select, sessions.map((session) => h("option", { value: session.sessionId }, label(session))));
      select.value = chosen[place];
    });
    show();
  };
  return { element, update };
}
