/** What was said, line by line. It follows the newest line while its end is in view, and goes to the moment that the timeline looks at. */

import { card } from "./card.js";
import { h, setAttribute } from "./dom.js";
import { clock, t, whole } from "./i18n.js";
import { linesIn } from "./timeline.js";
import { VirtualList } from "./virtual_list.js";

/** How near to the end, in pixels, counts as being there. */
const NEAR_PX = 48;

export function transcriptPanel(timeline) {
  const empty = h("p", { class: "empty" }, t("noLines"));
  // Lines are not announced as they come: the page says how a minute went, and the lines can be read here.
  const region = h("div", { class: "transcript", role: "group", "aria-label": t("transcript"), tabindex: 0 });
  const list = new VirtualList(region, line);
  region.append(list.element, empty);
  const { element, note } = card("lines", t("transcript"), region);
  let chosen = null; // the first and the last place that are highlighted
  let reachable = 0; // the line that the Tab key reaches; arrow keys go on from there
  let first = true;

  const highlighted = (index) => Boolean(chosen) && chosen[0] <= index && index <= chosen[1];
  const hasKeyword = ({ keywords }) => timeline.keyword !== null && keywords.includes(timeline.keyword);

  function line(item, index) {
    const { tsStart, text, lang, sentiment, speaker } = item;
    const mood = sentiment !== "neutral" && h("span", { class: `mood ${sentiment}` }, t(`wording-${sentiment}`));
    const time = h("button", { type: "button", class: "at", tabindex: index === reachable ? 0 : -1 }, clock(tsStart));
    const who = speaker && h("span", { class: `speaker ${speaker}` }, t(speaker));
    const made = h("li", { class: "line", data: { index } }, time, h("p", {}, who, h("span", { lang }, text), mood));
    mark(made, index);
    return made;
  }

  function mark(element, index) {
    element.classList.toggle("chosen", highlighted(index));
    element.classList.toggle("has-keyword", hasKeyword(list.items[index]));
    setAttribute(element.firstChild, "aria-current", highlighted(index) && "true");
  }

  function choose(index) {
    const { tsStart, tsEnd } = list.items[index];
    timeline.select(tsStart, Math.max(tsStart, tsEnd), { by: "transcript" });
    chosen = [index, index];
    list.forDrawn(mark);
  }

  /** Let the Tab key reach a line, and focus it if `focus`. */
  function reach(index, focus) {
    if (index < 0 || index >= list.items.length) return;
    list.reveal(reachable)?.firstChild.setAttribute("tabindex", -1);
    reachable = index;
    const button = list.reveal(index).firstChild;
    button.setAttribute("tabindex", 0);
    if (focus) button.focus();
  }

  region.addEventListener("click", ({ target }) => {
    const found = target.closest("[data-index]");
    if (!found || !getSelection().isCollapsed) return; // text was selected
    reach(Number(found.dataset.index));
    choose(Number(found.dataset.index));
  });
  region.addEventListener("keydown", (event) => {
    const found = event.target.closest("[data-index]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!found || !step) return;
    event.preventDefault();
    reach(Number(found.dataset.index) + step, true);
  });

  const selected = ({ detail: { by } }) => {
    if (by === "transcript") return;
    chosen = linesIn(list.items, timeline.at);
    list.forDrawn(mark);
    if (!chosen) return;
    reach(chosen[0]);
    const target = list.reveal(chosen[0]);
    // Not scrollIntoView: the page itself stays where it is.
    region.scrollTop += target.getBoundingClientRect().top - region.getBoundingClientRect().top - 24;
  };
  timeline.addEventListener("select", selected);

  const update = ({ snippets, report }) => {
    const following = region.scrollHeight - region.scrollTop - region.clientHeight < NEAR_PX;
    const changed = list.set(snippets);
    setAttribute(empty, "hidden", snippets.length > 0);
    note.textContent = snippets.length ? t("lines", { count: whole(snippets.length) }) : "";
    // An ended session is read from its beginning.
    if (changed && following && !(first && report.status === "ended")) region.scrollTop = region.scrollHeight;
    first = first && !snippets.length;
  };
  const destroy = () => {
    timeline.removeEventListener("select", selected);
    list.destroy();
  };
  return { element, update, print: (on) => list.whole(on), destroy };
}
