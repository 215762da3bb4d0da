/** The words that came most often. Each leads to the lines with it, one after the other. */

import { card } from "./card.js";
import { h, replaceChildren, say, setAttribute } from "./dom.js";
import { clock, t } from "./i18n.js";

export function keywordPanel(session, timeline) {
  const list = h("ul", { class: "chips" });
  const empty = h("p", { class: "empty" }, t("noKeywords"));
  const { element } = card("keywords", t("keywords"), list, empty);

  list.addEventListener("click", ({ target }) => {
    const keyword = target.closest("[data-word]")?.dataset.word;
    if (!keyword) return;
    const lines = session.snippets.filter(({ keywords }) => keywords.includes(keyword));
    if (!lines.length) return say(t("wordNowhere"));
    const after = timeline.keyword === keyword ? timeline.at.startMs : -1;
    const next = lines.find(({ tsStart }) => tsStart > after) ?? lines[0];
    timeline.select(next.tsStart, next.tsStart, { by: "keywords", keyword });
    say(t("wordAt", { keyword, time: clock(next.tsStart), place: lines.indexOf(next) + 1, count: lines.length }));
  });

  const update = ({ report: { keywords } }) => {
    setAttribute(empty, "hidden", keywords.length > 0);
    setAttribute(list, "hidden", !keywords.length);
    const often = Math.max(2, ...keywords.map(({ count }) => count / 2));
    const chip = ({ keyword, count }) => {
      const times = count > 1 && [" ", h("small", { "aria-hidden": "true" }, `×${count}`), h("span", { class: "unseen" }, t("times", { count }))];
      return h("li", {}, h("button", { type: "button", class: count >= often ? "chip often" : "chip", data: { word: keyword } }, keyword, times));
    };
    replaceChildren(list, keywords.map(chip));
  };
  return { element, update };
}
