/** What surrounds the content of a page: its texts, and the buttons for the language, the time zone, the colors and signing in. */

import { token } from "./api.js";
import { askToken, askZone, signOut } from "./dialogs.js";
import { h, icon, say, setAttribute } from "./dom.js";
import { language, setLanguage, t } from "./i18n.js";
import { onTheme, setTheme, setZone, theme, zone } from "./preferences.js";
import { showQuota } from "./quota.js";

const [tokenButton, languageButton, zoneButton, themeButton] = ["token", "language", "zone", "theme"].map((id) => document.getElementById(id));

let needsToken = false;

/** Draw it (again). `refused`: the service asks for a token, or for another one. */
export function drawFrame({ refused = needsToken } = {}) {
  needsToken = refused;
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
  languageButton.textContent = t("otherLanguage");
  languageButton.lang = language() === "ko" ? "en" : "ko";
  if (zoneButton) drawZone();
  const other = theme() === "dark" ? "light" : "dark";
  const name = t(other === "dark" ? "toDark" : "toLight");
  themeButton.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
  setAttribute(themeButton, "aria-label", name);
  setAttribute(themeButton, "title", name);
  tokenButton.hidden = !token() && !needsToken;
  tokenButton.replaceChildren(icon("key"), t(token() && !needsToken ? "signOut" : "signIn"));
  showQuota();
}

function drawZone() {
  const said = t("zoneIs", { zone: zone() });
  zoneButton.replaceChildren(icon("clock"), h("span", {}, zone().split("/").at(-1).replaceAll("_", " ")));
  setAttribute(zoneButton, "aria-label", said);
  setAttribute(zoneButton, "title", said);
}

// A page without times has no such button.
zoneButton?.addEventListener("click", async () => {
  const chosen = await askZone();
  if (chosen) setZone(chosen);
});
languageButton.addEventListener("click", () => setLanguage(language() === "ko" ? "en" : "ko"));
themeButton.addEventListener("click", () => setTheme(theme() === "dark" ? "light" : "dark"));
tokenButton.addEventListener("click", async () => {
  if (!token() || needsToken) return askToken();
  await signOut();
  say(t("signedOut"));
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part of the address behind # names the view
  document.getElementById("main").focus();
});
onTheme(() => drawFrame());
