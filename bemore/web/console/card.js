/** What all panels are made of: a card, the frame of a chart, the table with its values, the explanation of a number. */

import { h, icon, replaceChildren, setAttribute } from "./dom.js";
import { language, t } from "./i18n.js";

/** A card with a heading; `note` beside it is for the panel to fill. */
export function card(name, heading, ...content) {
  const note = h("p", { class: "hint" });
  const head = h("div", { class: "card-head" }, h("h2", { id: `${name}-title` }, heading), note);
  const element = h("section", { class: `card ${name}`, "aria-labelledby": `${name}-title` }, head, h("div", {}, ...content));
  return { element, note };
}

/** The accessible twin of a chart. `update(columns, rows)`; rows are only made while it is open. */
export function valuesTable(label) {
  const table = h("table");
  const region = h("div", { class: "scroll", role: "group", "aria-label": label, tabindex: 0 }, table);
  const element = h("details", { class: "values", on: { toggle: () => fill() } }, h("summary", {}, t("asTable", { what: label })), region);
  let [columns, rows] = [[], []];
  const fill = () => {
    if (!element.open) return table.replaceChildren();
    const head = h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name))));
    const line = ([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((value) => h("td", {}, value)));
    replaceChildren(table, head, h("tbody", {}, rows.map(line)));
  };
  const update = (names, values) => {
    [columns, rows] = [names, values];
    setAttribute(element, "hidden", !rows.length);
    fill();
  };
  return { element, update };
}

/** The place of a chart; `say(label, empty)` names it, or shows `empty` in its place. */
export function chartFigure(kind) {
  const canvas = h("canvas", { role: "img" });
  const waiting = h("p", { class: "waiting" });
  const element = h("div", { class: `chart ${kind}` }, canvas, waiting);
  const say = (label, empty) => {
    setAttribute(canvas, "aria-label", label);
    setAttribute(canvas, "hidden", Boolean(empty));
    setAttribute(waiting, "hidden", !empty);
    waiting.textContent = empty ?? "";
  };
  return { element, canvas, say };
}

/** "What is this score?": a button that opens what `paragraphs()` say. `name` is that of the number. */
export function explanation(id, name, paragraphs) {
  const content = h("div", { id: `why-${id}`, class: "why-text", popover: "auto", role: "note", "aria-label": t("aboutScoreOf", { name }) });
  const page = () => new URL(`../../docs/scoring?lang=${language()}`, import.meta.url).href;
  const more = () => h("p", {}, h("a", { href: page(), target: "_blank", rel: "noopener" }, t("aboutAll")));
  const fill = () => content.replaceChildren(h("strong", {}, name), ...paragraphs().map((text) => h("p", {}, text)), more());
  content.addEventListener("beforetoggle", ({ newState }) => newState === "open" && fill());
  const label = t("aboutScoreOf", { name });
  const button = h("button", { type: "button", class: "why", popovertarget: content.id, "aria-label": label, title: label }, icon("help"));
  return h("span", { class: "why-place" }, button, content);
}
