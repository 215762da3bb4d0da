/** Questions that must be answered first: which token, and whether an end or a deletion is meant. */

import { client, onUnauthorized, setToken, token } from "./api.js";
import { h, notice } from "./dom.js";
import { t } from "./i18n.js";
import { zone, zones } from "./preferences.js";

/** Show a dialog and answer what was chosen: the value its form was sent with, or null. The focus goes back afterwards. */
function ask(heading, form, hint) {
  return new Promise((resolve) => {
    let chosen = null;
    const title = h("h2", { id: "dialog-title" }, heading);
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, title, hint && h("p", { class: "hint" }, hint), form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      chosen = new FormData(form).get("answer") ?? "yes";
      dialog.close();
    });
    form.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(chosen);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const cancel = () => h("button", { type: "button", class: "button", data: { cancel: "" } }, t("cancel"));

async function confirm(title, what, action) {
  const buttons = h("div", { class: "buttons" }, cancel(), h("button", { class: "button danger" }, t(action)));
  return (await ask(t(title), h("form", {}, buttons), what)) !== null;
}

/** Whether the session shall really end. */
export const confirmEnd = () => confirm("endTitle", t("endWhat"), "end");

/** Whether the session shall really be deleted; `which` says whose it is, where that is not plain. */
export const confirmDelete = (which = "") => confirm("deleteTitle", `${which} ${t("deleteWhat")}`.trim(), "delete");

/** Ask for a time zone; the name that was chosen, or null. */
export function askZone() {
  const option = (name) => h("option", { value: name, selected: name === zone() }, name.replaceAll("_", " "));
  const select = h("select", { name: "answer" }, zones().map(option));
  const field = h("label", { class: "field" }, h("span", {}, t("zone")), select);
  const buttons = h("div", { class: "buttons" }, cancel(), h("button", { class: "button primary" }, t("choose")));
  return ask(t("zoneTitle"), h("form", {}, field, buttons), t("zoneWhat"));
}

let asking = null;

/** Ask for a token, once at a time. Answers whether there is a new one. */
export function askToken() {
  asking ??= askForToken().finally(() => (asking = null));
  return asking;
}

async function askForToken() {
  const input = h("input", { type: "password", name: "answer", required: true, autocomplete: "off", spellcheck: "false", "aria-describedby": "token-hint" });
  const form = h(
    "form",
    {},
    h("label", { class: "field" }, h("span", {}, t("tokenLabel")), input),
    h("p", { class: "hint", id: "token-hint" }, t("tokenHint"), " ", h("code", {}, "bemore token --sub NAME --role counselor")),
    h("div", { class: "buttons" }, cancel(), h("button", { class: "button primary" }, t("signIn"))),
  );
  const given = await ask(t("tokenTitle"), form, t(token() ? "tokenBad" : "tokenWhy"));
  if (given === null) return false;
  setToken(given.trim().replace(/^bearer\s+/i, ""));
  notice(null);
  return true;
}

/** Forget the token, and what waits to be sent with it. */
export async function signOut() {
  await client.clear();
  setToken(null);
}

onUnauthorized(() => askToken());
