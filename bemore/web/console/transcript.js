/** What was said, line by line; it follows the newest line while its end is in view. */

import { h, setAttribute } from "./dom.js";
import { clock, t, whole } from "./i18n.js";
import { card } from "./panels.js";

/** How near to the end, in pixels, counts as being there. */
const NEAR_PX = 48;

function line({ tsStart, text, lang, sentiment }) {
  const mood = sentiment !== "neutral" && h("span", { class: `mood ${sentiment}` }, t(sentiment));
  return h("li", { class: "line" }, h("time", { datetime: `PT${tsStart / 1000}S` }, clock(tsStart)), h("p", {}, h("span", { lang }, text), mood));
}

export function transcriptPanel() {
  const list = h("ol");
  const empty = h("p", { class: "empty" }, t("noLines"));
  // Lines are not read out as they come: the page says how a minute went, and the lines can be read here.
  const region = h("div", { class: "transcript", role: "group", "aria-label": t("transcript"), tabindex: 0 }, list, empty);
  const { element, note } = card("lines", t("transcript"), region);
  let shown = [];

  const update = ({ snippets, report }) => {
    const following = region.scrollHeight - region.scrollTop - region.clientHeight < NEAR_PX;
    const same = shown.length <= snippets.length && shown.every((each, index) => each === snippets[index]);
    if (!same) list.replaceChildren();
    list.append(...snippets.slice(same ? shown.length : 0).map(line));
    const grew = shown.length < snippets.length;
    const first = !shown.length;
    shown = snippets.slice();
    setAttribute(empty, "hidden", snippets.length > 0);
    note.textContent = snippets.length ? t("lines", { count: whole(snippets.length) }) : "";
    // An ended session is read from its beginning.
    if (grew && following && !(first && report.status === "ended")) region.scrollTop = region.scrollHeight;
  };
  return { element, update };
}
