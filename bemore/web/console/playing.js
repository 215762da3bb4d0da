/** How far the simulated session is that runs in this page. */

import { h, icon } from "./dom.js";
import { clock, length, t } from "./i18n.js";

export function playingPart(session, simulation) {
  const said = h("strong");
  const progress = h("progress", { max: simulation.total, "aria-label": t("tryTitle") });
  const button = h("button", { type: "button", class: "button", on: { click: () => simulation.stop() } }, icon("stop"), t("endNow"));
  const more = h("span");
  const element = h("section", { class: "card playing", "aria-label": t("tryTitle") }, h("p", {}, said, " ", more), progress, button);
  const update = ({ report: { status, duration } }) => {
    const { minute, total, ending, waitMs } = simulation;
    const over = status === "ended";
    said.textContent = over ? t("played") : ending ? t("playingEnding") : t("playing", { minute, total });
    const running = waitMs ? t("playingWaits", { clock: clock(waitMs + 999) }) : t("playingWhat");
    more.textContent = over ? t("playedWhat", { minutes: minute, length: length(duration) }) : running;
    progress.value = minute;
    for (const each of [progress, button]) each.hidden = over;
    button.disabled = ending;
  };
  const timer = setInterval(() => session.report && update(session), 1000);
  return { element, update, destroy: () => clearInterval(timer) };
}
