/** Making elements. Text is always text: nothing here reads HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `properties`: `class`, `on` (listeners by event), `data` (dataset), all else attributes; null and false are left
 * out, true is an empty attribute. Children: nodes, texts, lists of them; null and false are left out.
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, { on = {}, data = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  Object.assign(element.dataset, data);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

/** One of the page's symbols. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true", focusable: "false" }, svg("use", { href: `#i-${name}` }));
}

/** A bar that is filled by `share`, 0..1. Drawn, as a style of its own would need one inside of the page. */
export function bar(share, properties) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return svg(
    "svg",
    { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true", ...properties },
    svg("rect", { width, height: 8 }),
  );
}

/** Put other children into an element, and leave it alone where they say the same: focus and selection stay then. */
export function replaceChildren(element, ...children) {
  const next = h("div", {}, ...children);
  if (element.innerHTML !== next.innerHTML) element.replaceChildren(...next.childNodes);
}

/** The badge of a demonstration. */
export const demoBadge = (name, what) => h("span", { class: "demo", title: what }, name);

/** Say something to those who do not see the page. */
export function say(text) {
  const spoken = document.getElementById("spoken");
  spoken.textContent = "";
  // An empty region first: the same sentence twice is said twice.
  setTimeout(() => (spoken.textContent = text), 50);
}

/** Show a message above the content, or with null none; `kind` "bad" is an error. */
export function notice(text, kind = "") {
  const place = document.getElementById("notice");
  if (place.textContent === (text ?? "") && place.hidden === !text) return;
  place.textContent = text ?? "";
  place.className = `notice ${kind}`;
  place.hidden = !text;
}
