/** The visitor's quota as the service's answers tell it, and the gauge that shows it. */

import { bar, setAttribute, replaceChildren, h } from "./dom.js";
import { t, whole } from "./i18n.js";

let last = null;

/** What is left of the quota, or null where there is none. */
export const remaining = () => last?.remaining ?? null;

/** Remember what an answer's headers say. */
export function noteQuota(headers) {
  const [limit, left, reset] = ["Limit", "Remaining", "Reset"].map((name) => headers.get(`RateLimit-${name}`));
  if (limit !== null) noteQuotaOf({ limit: Number(limit), remaining: Number(left), resetSeconds: Number(reset) });
}

/** The same from the client library. */
export function noteQuotaOf(quota) {
  if (!quota || (last && Object.keys(last).every((key) => last[key] === quota[key]))) return;
  last = { ...quota };
  showQuota();
}

/** Draw the gauge (again, in the page's language). */
export function showQuota() {
  const place = document.getElementById("quota");
  place.hidden = !last;
  if (!last) return;
  const { limit, remaining: left, resetSeconds } = last;
  const share = limit ? left / limit : 0;
  place.className = `quota ${share === 0 ? "out" : share < 0.2 ? "low" : ""}`;
  const said = t("quotaSaid", { left: whole(left), limit: whole(limit), seconds: resetSeconds });
  setAttribute(place, "role", "meter");
  setAttribute(place, "aria-label", t("quota"));
  setAttribute(place, "aria-valuemin", 0);
  setAttribute(place, "aria-valuemax", limit);
  setAttribute(place, "aria-valuenow", left);
  setAttribute(place, "aria-valuetext", said);
  setAttribute(place, "title", said);
  replaceChildren(
    place,
    h("span", { class: "long" }, t("quota")),
    h("span", { class: "quota-track" }, bar(share, { class: "quota-fill" })),
    h("span", {}, `${whole(left)} / ${whole(limit)}`),
  );
}
