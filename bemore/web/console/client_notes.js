/** The notes of a client's sessions, the newest session first, read a few sessions at a time. */

import * as api from "./api.js";
import { card } from "./card.js";
import { h, icon, replaceChildren, setAttribute } from "./dom.js";
import { clock, day, t, whole } from "./i18n.js";

/** Sessions whose notes are read at once: each is a request. */
const AT_ONCE = 10;

/** `read` keeps the notes by the id of their session; `failed(error)` tells what went wrong. `update(sessions)` has the newest first. */
export function notesOfClient(read, failed) {
  let sessions = [];
  const list = h("ol", { class: "client-notes" });
  const empty = h("p", { class: "empty" }, t("loading"));
  const button = h("button", { type: "button", class: "button", on: { click: () => more() } }, t("moreNotes"));
  const place = h("div", { class: "more", hidden: true }, button);
  const { element, note } = card("notes", t("clientNotes"), list, empty, place);

  async function more() {
    const next = sessions.filter(({ sessionId }) => !read.has(sessionId)).slice(0, AT_ONCE);
    button.disabled = true;
    try {
      for (const { sessionId } of next) {
        const { data } = await api.notes(sessionId);
        read.set(sessionId, data.notes);
      }
    } catch (error) {
      failed(error);
    }
    button.disabled = false;
    show();
  }

  function show() {
    const known = sessions.filter(({ sessionId }) => read.has(sessionId));
    const line = ({ kind, tStart, text, visibility }) =>
      h("li", {}, h("span", { class: "note-at" }, icon(kind), clock(tStart)), h("span", { class: "note-text" }, text ?? t(`mark-${kind}`)), h("span", { class: `seen ${visibility}` }, icon(visibility), t(visibility)));
    const group = (session) => {
      const notes = read.get(session.sessionId);
      if (!notes.length) return null;
      const link = h("a", { href: `#/session/${encodeURIComponent(session.sessionId)}` }, day(session.startedAt));
      return h("li", {}, h("h3", {}, link, " ", h("span", { class: "hint" }, session.counselorId)), h("ol", {}, notes.map(line)));
    };
    const groups = known.map(group).filter(Boolean);
    replaceChildren(list, groups);
    note.textContent = t("notesOf", { count: whole(known.length) });
    setAttribute(empty, "hidden", groups.length > 0);
    empty.textContent = t("clientNoNotes");
    setAttribute(place, "hidden", known.length === sessions.length);
  }

  const update = (next) => {
    const first = !sessions.length;
    sessions = next;
    if (first && !sessions.some(({ sessionId }) => read.has(sessionId))) more();
    else show();
  };
  return { element, update };
}
