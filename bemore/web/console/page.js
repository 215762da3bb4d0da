/** The console: which view is shown, by the address; language, colors, signing in; what went wrong. */

import { onToken, token } from "./api.js";
import { askToken, askZone, signOut } from "./dialogs.js";
import { h, icon, notice, say, setAttribute } from "./dom.js";
import { language, length, onLanguage, setLanguage, t } from "./i18n.js";
import { listView } from "./list.js";
import { onTheme, onZone, setTheme, setZone, theme, zone } from "./preferences.js";
import { showQuota } from "./quota.js";
import { sessionView } from "./session.js";

const main = document.getElementById("main");
const [tokenButton, languageButton, zoneButton, themeButton] = ["token", "language", "zone", "theme"].map((id) => document.getElementById(id));

let view = null;
let refused = false;
let troubled = false;

/** What an error of a view's reading means: the wait until it is tried again, ms; null: the usual one; false: never. */
function failed(error) {
  if (error.name !== "Refused") throw error;
  const { status, code, retryAfterMs } = error;
  if (status === 401) {
    refused = true;
    notice(t("needToken"));
    frame();
    return false;
  }
  troubled = true;
  if (status === 404 || status === 403 || status === 400) {
    notice(t(status === 403 ? "forbidden" : "noSession"), "bad");
    return false;
  }
  if (status === 429) notice(t("tooMany", { length: length(retryAfterMs ?? 60_000) }));
  else notice(status ? t("trouble", { code }) : t("offline"), "bad");
  return status === 429 ? (retryAfterMs ?? 60_000) : retryAfterMs;
}

/** A view could read again. */
function recovered() {
  if (troubled || refused) notice(null);
  troubled = refused = false;
  frame();
}

/** Go to a view: `#/` or `#/session/…`. */
const go = (place) => (location.hash = place);

/** A part of an address; null if there is none, or none that can be read. */
function decoded(part) {
  try {
    return decodeURIComponent(part ?? "") || null;
  } catch {
    return null;
  }
}

function viewOf(address) {
  const [path, query = ""] = address.replace(/^#?\/?/, "").split("?");
  const [place, id] = path.split("/");
  if (place === "session" && decoded(id)) return sessionView(decoded(id), { failed, recovered, go });
  if (!path) return listView(new URLSearchParams(query), { failed, recovered, go });
  const element = h("div", {}, h("h1", { tabindex: -1 }, t("noSuchPage")), h("p", {}, h("a", { href: "#/" }, t("back"))));
  return { element, title: () => t("noSuchPage"), draw() {}, stop() {} };
}

/** Show what the address names. The focus goes to its heading, unless the page was just loaded. */
function route({ focus = true } = {}) {
  view?.stop();
  notice(null);
  view = viewOf(location.hash);
  main.replaceChildren(view.element);
  document.title = `${view.title()} – BeMore`;
  if (!focus) return;
  scrollTo(0, 0);
  view.element.querySelector("h1").focus();
}

/** The texts and buttons around the view. */
function frame() {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
  languageButton.textContent = t("otherLanguage");
  languageButton.lang = language() === "ko" ? "en" : "ko";
  const city = zone().split("/").at(-1).replaceAll("_", " ");
  zoneButton.replaceChildren(icon("clock"), h("span", {}, city));
  setAttribute(zoneButton, "aria-label", t("zoneIs", { zone: zone() }));
  setAttribute(zoneButton, "title", t("zoneIs", { zone: zone() }));
  const other = theme() === "dark" ? "light" : "dark";
  const name = t(other === "dark" ? "toDark" : "toLight");
  themeButton.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
  setAttribute(themeButton, "aria-label", name);
  setAttribute(themeButton, "title", name);
  tokenButton.hidden = !token() && !refused;
  tokenButton.replaceChildren(icon("key"), t(token() && !refused ? "signOut" : "signIn"));
  showQuota();
}

languageButton.addEventListener("click", () => setLanguage(language() === "ko" ? "en" : "ko"));
zoneButton.addEventListener("click", async () => {
  const chosen = await askZone();
  if (chosen) setZone(chosen);
});
themeButton.addEventListener("click", () => setTheme(theme() === "dark" ? "light" : "dark"));
tokenButton.addEventListener("click", async () => {
  if (!token() || refused) return askToken();
  await signOut();
  say(t("signedOut"));
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part of the address behind # names the view
  main.focus();
});

const written = () => {
  frame();
  view.draw();
  document.title = `${view.title()} – BeMore`;
};
onLanguage(written);
onZone(written);
onTheme(frame);
onToken(() => {
  refused = false;
  frame();
  route();
});
addEventListener("hashchange", () => route());

frame();
route({ focus: false });
