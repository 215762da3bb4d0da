/** The moment that the page looks at, shared by charts, transcript, moments and notes; and the marks that all of them show. */

export class Timeline extends EventTarget {
  /** The part that is looked at, `{startMs, endMs}`, or null. */
  at = null;
  /** A keyword whose lines are highlighted, or null. */
  keyword = null;

  /** Look at a part of the session; `by` names the panel that asks. Sends the event `select`. */
  select(startMs, endMs = startMs, { by = null, keyword = null } = {}) {
    this.at = { startMs, endMs };
    this.keyword = keyword;
    this.dispatchEvent(new CustomEvent("select", { detail: { by } }));
  }

  /** Let elements inside of `place` lead to the part that their `data-from` and `data-to` name, ms. */
  leadFrom(place, by) {
    place.addEventListener("click", ({ target }) => {
      const found = target.closest("[data-from]");
      if (found) this.select(Number(found.dataset.from), Number(found.dataset.to), { by });
    });
  }
}

/** Marks of a session in the order of time: the service's moments, and the notes. `{kind, startMs, endMs, …}`. */
export function marksOf(moments = [], notes = []) {
  const ofNotes = notes.map((note) => ({ kind: note.kind, startMs: note.tStart, endMs: note.tEnd ?? note.tStart, note }));
  return [...moments, ...ofNotes].sort((one, other) => one.startMs - other.startMs);
}

/**
 * The line that is spoken at a moment, or the last one before it; -1 if there is none. `lines` are ordered by `tsStart`.
 */
export function lineAt(lines, ms) {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].tsStart <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Places of the lines that a part of the session shows: those that begin in it, else the one that is spoken then. */
export function linesIn(lines, { startMs, endMs }) {
  const first = lineAt(lines, startMs - 1) + 1;
  const last = lineAt(lines, endMs > startMs ? endMs - 1 : endMs);
  if (first <= last) return [first, last];
  const before = Math.max(0, last);
  return lines.length ? [before, before] : null;
}
