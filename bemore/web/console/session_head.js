/** The head of a session's page: whose it is, its state, what is late, and what can be done with it. */

import { act, client, tokenOwner } from "./api.js";
import { lateData } from "./coverage.js";
import { confirmDelete, confirmEnd } from "./dialogs.js";
import { demoBadge, h, icon, notice, replaceChildren, say, setAttribute } from "./dom.js";
import { clock, length, t, when } from "./i18n.js";

/** Whether the owner of the token may delete sessions; without tokens, everybody may. The service would refuse it to users. */
export const mayDelete = () => tokenOwner()?.role !== "user";

/** Ask whether a session (as a list or a report has it) is meant, and delete it. Answers whether it is gone. */
export async function deleteSession({ sessionId, userId, startedAt }) {
  if (!(await confirmDelete(t("deleteWhich", { user: userId, when: when(startedAt) })))) return false;
  try {
    await act(() => client.erase(sessionId));
    say(t("deleted"));
    return true;
  } catch (error) {
    notice(t("failed", { message: error.message }), "bad");
    return false;
  }
}

/** `title()` is the heading; `changed()` is called when the state may be another, `gone()` when the session is deleted. */
export function headPart(session, { title, simulation, changed, gone }) {
  const state = h("span");
  const name = h("h1", { tabindex: -1 }, title());
  const facts = h("p", { class: "facts" });
  const elapsed = h("span");
  const late = h("p", { class: "late", hidden: true });
  let lacked = ""; // the kinds of data that were late when that was announced last
  const actions = h("div", { class: "buttons" });
  const overTime = (user) => h("a", { href: `#/client/${encodeURIComponent(user)}` }, t("clientLink", { user }));

  const tick = () => {
    const { report } = session;
    if (!report || report.status === "ended") return setAttribute(late, "hidden", true);
    const now = Date.now() + session.clockOffsetMs;
    elapsed.textContent = t("running", { clock: clock(now - report.startedAt) });
    const lacking = report.status === "active" && !simulation ? lateData(report, now) : null;
    setAttribute(late, "hidden", !lacking);
    replaceChildren(late, lacking ? [icon("warn"), lacking.text] : []);
    // The time grows every second; it is announced when something else is lacking.
    const kinds = lacking?.kinds.join() ?? "";
    if (kinds && kinds !== lacked) say(lacking.text);
    lacked = kinds;
  };
  const timer = setInterval(tick, 1000);

  const update = ({ report, demo }) => {
    name.textContent = title();
    if (!report) return;
    setAttribute(state, "class", `state ${report.status}`);
    state.textContent = t(report.status);
    name.append(" ", state, ...(demo ? [" ", demoBadge(t("demo"), t("demoWhat"))] : []));
    const ended = report.status === "ended";
    replaceChildren(
      facts,
      h("span", {}, t("withCounselor", { counselor: report.counselorId })),
      h("span", {}, t("startedAt", { when: when(report.startedAt) })),
      ended && h("span", {}, t("lasted", { length: length(report.duration) })),
      !demo && h("span", {}, overTime(report.userId)),
    );
    if (!ended) facts.append(elapsed);
    if (!actions.childElementCount) actions.append(...stateButtons(report.status));
    const deletable = (demo || ended) && mayDelete() && !(simulation && !simulation.over);
    if (deletable && !actions.querySelector("[data-delete]")) actions.append(deleteButton());
    tick();
  };

  function stateButtons(status) {
    if (status === "ended" || simulation) return [];
    const make = (text, symbol, kind, work) => {
      const click = async () => {
        button.disabled = true;
        try {
          await work();
        } catch (error) {
          notice(t("failed", { message: error.message }), "bad");
        }
        button.disabled = false;
        changed();
      };
      const button = h("button", { type: "button", class: `button ${kind}`, on: { click } }, icon(symbol), t(text));
      return button;
    };
    const hold = status === "active" ? ["pause", "pause"] : ["resume", "play"];
    return [
      make(...hold, "", () => act(() => client[hold[0]](session.id))),
      make("end", "stop", "danger", async () => (await confirmEnd()) && act(() => client.end(session.id))),
    ];
  }

  function deleteButton() {
    const click = async () => {
      button.disabled = true;
      if (await deleteSession(session.report)) return gone();
      button.disabled = false;
    };
    const button = h("button", { type: "button", class: "button danger", data: { delete: "" }, on: { click } }, icon("trash"), t("delete"));
    return button;
  }

  const element = h("div", { class: "session-head" }, h("div", {}, name, facts, late), actions);
  return { element, update, destroy: () => clearInterval(timer) };
}
