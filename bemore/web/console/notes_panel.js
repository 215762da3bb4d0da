/** Notes on the timeline: marking a moment with a key, writing, private or shared, changing one's own. */

import { act, client, tokenOwner } from "./api.js";
import { card } from "./card.js";
import { h, icon, notice, replaceChildren, say, setAttribute } from "./dom.js";
import { clock, t } from "./i18n.js";
import { setShortcuts, shortcuts } from "./preferences.js";

/** Whether the owner of the token may change a note: its author. Without tokens, everybody. */
const mine = ({ author }) => author === (tokenOwner()?.sub ?? null);

const mayDelete = (note) => mine(note) || tokenOwner()?.role === "admin";

/** `changed()` reads the notes again. */
export function notesPanel(session, timeline, changed) {
  let editing = null; // the note that the form changes, or null for a new one
  let at = null; // the moment of a new note; null means now
  let backTo = null; // what had the focus before the form

  const text = h("textarea", { name: "text", maxlength: 2000, rows: 3, required: true });
  const when = h("span", { class: "hint" });
  const choice = (value) => {
    const input = h("input", { type: "radio", name: "visibility", value, checked: value === "private" });
    return h("label", { class: "choice" }, input, icon(value), t(value));
  };
  const visibility = h("fieldset", { class: "choices" }, h("legend", {}, t("whoSees")), choice("private"), choice("shared"));
  const problem = h("p", { class: "hint", role: "alert" });
  const buttons = h(
    "div",
    { class: "buttons" },
    h("button", { class: "button primary" }, t("saveNote")),
    h("button", { type: "button", class: "button", on: { click: () => close() } }, t("cancel")),
  );
  const label = h("label", { class: "field" }, h("span", {}, t("noteText")), text);
  const form = h("form", { class: "note-form", hidden: true, novalidate: true }, when, label, visibility, problem, buttons);
  const tool = (name, key, work) =>
    h("button", { type: "button", class: "button", "aria-keyshortcuts": key, data: { tool: name }, on: { click: work } }, icon(name), t(`tool-${name}`), h("kbd", { "aria-hidden": "true" }, key));
  const tools = h("div", { class: "buttons" }, tool("bookmark", "B", () => bookmark()), tool("note", "N", () => open()));
  const list = h("ol", { class: "notes-list" });
  const empty = h("p", { class: "empty" }, t("noNotes"));
  const keys = h("input", { type: "checkbox", checked: shortcuts(), on: { change: () => setShortcuts(keys.checked) } });
  const keysChoice = h("label", { class: "choice hint" }, keys, t("singleKeys"));
  const { element } = card("notes", t("notes"), tools, form, list, empty, keysChoice);

  const live = () => session.report.status !== "ended";

  /** Where a new mark belongs: in a running session now, otherwise where the timeline looks. */
  const here = () => (live() ? null : (timeline.at?.startMs ?? 0));

  /** Now is sent as the time of this device; the client library turns it into the session's. */
  const moment = (ms) => (ms === null ? Date.now() : ms);
  const momentText = (ms) => clock(ms ?? Date.now() + session.clockOffsetMs - session.report.startedAt);

  async function bookmark() {
    const ms = here();
    try {
      await act(() => client.addNote(session.id, { tStart: moment(ms), kind: "bookmark" }));
      say(t("marked", { time: momentText(ms) }));
      await changed();
    } catch (error) {
      notice(t("failed", { message: error.message }), "bad");
    }
  }

  function open(note = null) {
    backTo = document.activeElement;
    editing = note;
    // The moment at which somebody begins to write is meant, not that of saving.
    at = note ? note.tStart : (here() ?? Date.now());
    when.textContent = t("noteAt", { time: momentText(note ? note.tStart : here()) });
    text.value = note?.text ?? "";
    form.elements.visibility.value = note?.visibility ?? "private";
    problem.textContent = "";
    form.hidden = false;
    text.focus();
  }

  function close() {
    form.hidden = true;
    (backTo?.isConnected && backTo !== document.body ? backTo : tools.lastChild).focus();
  }

  form.addEventListener("keydown", ({ key }) => key === "Escape" && close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const written = text.value.trim();
    problem.textContent = written ? "" : t("needText");
    if (!written) return text.focus();
    const fields = { text: written, visibility: form.elements.visibility.value, kind: "note" };
    const save = buttons.firstChild;
    save.disabled = true;
    try {
      if (editing) await act(() => client.editNote(session.id, editing.noteId, fields));
      else await act(() => client.addNote(session.id, { ...fields, tStart: at }));
      await changed();
      close();
      say(t("noteSaved"));
    } catch (error) {
      problem.textContent = t("failed", { message: error.message });
    }
    save.disabled = false;
  });

  async function remove(note) {
    try {
      await act(() => client.deleteNote(session.id, note.noteId));
      await changed();
      say(t("noteDeleted"));
      tools.lastChild.focus();
    } catch (error) {
      notice(t("failed", { message: error.message }), "bad");
    }
  }

  list.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    const note = session.notes.find(({ noteId }) => noteId === button?.closest("li").dataset.note);
    if (!note) return;
    const work = { look: () => timeline.select(note.tStart, note.tEnd ?? note.tStart, { by: "notes" }), edit: () => open(note), delete: () => remove(note) };
    work[button.dataset.do]();
  });

  function item(note) {
    const { noteId, kind, tStart, text: said, visibility: seen, author, role } = note;
    const what = `${t(`mark-${kind}`)}, ${clock(tStart)}`;
    const small = (name, symbol) => h("button", { type: "button", class: "quiet icon-only", data: { do: name }, "aria-label": `${t(name)}: ${what}`, title: t(name) }, icon(symbol));
    return h(
      "li",
      { class: seen, data: { note: noteId } },
      h("button", { type: "button", class: "at", data: { do: "look" } }, icon(kind), clock(tStart)),
      h("div", {}, said && h("p", {}, said), h("p", { class: "hint" }, h("span", { class: `seen ${seen}` }, icon(seen), t(seen)), !mine(note) && author && ` ${role ? `${t(role)} ` : ""}${author}`)),
      h("div", { class: "small-buttons" }, mine(note) && small("edit", "edit"), mayDelete(note) && small("delete", "trash")),
    );
  }

  const update = ({ notes }) => {
    setAttribute(empty, "hidden", notes.length > 0);
    replaceChildren(list, notes.map(item));
  };

  /** Single keys: B marks the moment, N opens a note. Not while something is typed, and not together with other keys. */
  function pressed(event) {
    const typing = event.target.closest?.("input:not([type=range],[type=radio],[type=checkbox]), textarea, select, dialog, [contenteditable]");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat || !shortcuts() || document.querySelector("dialog[open]")) return;
    const work = { KeyB: bookmark, KeyN: () => open() }[event.code];
    if (!work) return;
    event.preventDefault();
    work();
  }
  document.addEventListener("keydown", pressed);

  return { element, update, destroy: () => document.removeEventListener("keydown", pressed) };
}
