/** The moments that a reader wants to see first, with what was said then. */

import { card } from "./card.js";
import { h, icon, replaceChildren, setAttribute } from "./dom.js";
import { clock, clockSpan, exactLength, points, pointsChange, t } from "./i18n.js";

/** What a moment's value is: a score, a change of it, or a length. */
function valueOf({ kind, value }) {
  if (kind === "lowest" || kind === "highest") return points(value);
  return kind === "change" ? pointsChange(value) : exactLength(value);
}

export function momentsPanel(timeline) {
  const list = h("ol", { class: "moments-list" });
  const { element } = card("moments", t("moments"), list);
  timeline.leadFrom(list, "moments");

  const quote = ({ tsStart, speaker, text }) => {
    const said = h("button", { type: "button", class: "quote", data: { from: tsStart, to: tsStart } }, text);
    return h("blockquote", {}, h("cite", { class: speaker ?? "" }, speaker ? t(speaker) : clock(tsStart)), " ", said);
  };
  const item = (moment) => {
    const { kind, startMs, endMs, speaker, quotes } = moment;
    const head = h(
      "button",
      { type: "button", class: "moment", data: { from: startMs, to: endMs } },
      icon(kind),
      h("span", { class: "moment-kind" }, t(`mark-${kind}`), speaker && ` (${t(speaker)})`),
      h("strong", {}, valueOf(moment)),
      h("span", { class: "soft" }, clockSpan(startMs, endMs)),
    );
    return h("li", {}, head, quotes.map(quote));
  };
  const update = ({ report: { moments } }) => {
    setAttribute(element, "hidden", !moments.length);
    replaceChildren(list, moments.map(item));
  };
  return { element, update };
}
