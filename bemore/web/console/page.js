/** The console: which view is shown, by the address; what went wrong. */

import { onToken } from "./api.js";
import { clientView } from "./client.js";
import { h, notice } from "./dom.js";
import { drawFrame } from "./frame.js";
import { length, onLanguage, t } from "./i18n.js";
import { listView } from "./list.js";
import { onZone } from "./preferences.js";
import { sessionView } from "./session.js";

const main = document.getElementById("main");

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
    drawFrame({ refused });
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
  drawFrame({ refused });
}

/** Go to a view: `#/`, `#/session/…` or `#/client/…`. */
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
  if (place === "client" && decoded(id)) return clientView(decoded(id), new URLSearchParams(query), { failed, recovered });
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

/** Write everything again, in the language and with the times of now. */
function write() {
  drawFrame();
  view.draw();
  document.title = `${view.title()} – BeMore`;
}
onLanguage(write);
onZone(write);
onToken(() => {
  refused = false;
  drawFrame({ refused });
  route();
});
addEventListener("hashchange", () => route());

drawFrame();
route({ focus: false });
