/**
 * The browser's side of BeMore: one module, no dependencies.
 *
 *     import { BeMoreClient } from "/static/bemore-client.js";
 *     const client = new BeMoreClient({ baseUrl: "https://bemore.example", user: "user-1" });
 *     const { sessionId } = await client.start("user-1", "counselor-1");
 *     client.frames(sessionId, { ts: Date.now(), qualityScore: 0.8 });
 *     await client.end(sessionId);
 *
 * What is collected (frames, audio, stt, batchTick, end) goes to a log in IndexedDB first, and from there to the service,
 * oldest first, one tab at a time. It leaves the log when the service has answered for it. The service stores the same item
 * once, so that sending again is harmless; that is what makes this safe. All other calls are sent at once and kept nowhere.
 *
 * The log holds health data in clear text. It is named by the service's address and by `user`; `clear()` empties it. The
 * token is kept in memory only.
 */

/** Version of this module; the service's own. */
export const VERSION = "0.1.0";

const KIB = 1024;

/** Every option and its default; `bemore-client.d.ts` says what each is for. */
export const DEFAULTS = Object.freeze({
  baseUrl: "",
  token: null,
  user: "",
  deviceId: null,
  headers: Object.freeze({}),
  credentials: "same-origin",
  storage: "indexeddb",
  // 10 s and three kinds make 180 writes in 10 minutes, of the 300 that the service allows; 5 s would make 360.
  batchItems: 100,
  batchMs: 10_000,
  batchBytes: 1024 * KIB,
  saveMs: 250,
  waitsMs: Object.freeze([1000, 3000, 10_000]),
  jitter: 0.2,
  timeoutMs: 20_000,
  resendMs: 300_000,
  probeMs: 30_000,
  // A smaller body fits into one or two packets, packed or not.
  gzipBytes: 2 * KIB,
  keepItems: 200_000,
  keepBytes: 64 * 1024 * KIB,
  keepMs: 30 * 24 * 3_600_000,
});

/** What is collected, in the order in which a closing page sends it: small and dear first. */
const KINDS = ["batchTick", "stt", "audio", "frames", "end"];

/** Browsers carry 64 KiB of bodies for a page that is gone; some of it is left for the page's own use. */
const KEEPALIVE_BYTES = 60 * KIB;

/** Room for what stands around the items of a body. */
const FRAME_BYTES = 512;

/** A round of sending goes past a batch that the service cannot digest (500), but not past ever more of them. */
const MOST_FAILURES = 3;

/** The longest wait that a 5xx may ask for within the attempts of one request, and the wait for a 429 that names none. */
const MOST_WAIT_MS = 60_000;
const USUAL_HOLD_MS = 10_000;

/** Refusals of the service that sending again would not mend. Whatever else goes wrong, the batch is kept. */
const REASONS = {
  VALIDATION_ERROR: "refused",
  SESSION_STATE_CONFLICT: "refused",
  SESSION_NOT_FOUND: "not-found",
};

/** A request that failed for good. `status` is 0 where there was no answer. */
export class BeMoreError extends Error {
  constructor({ status = 0, code, message, details = [], requestId = null, retryAfterMs = null, kept = false }) {
    super(message);
    Object.assign(this, { name: "BeMoreError", status, code, details, requestId, retryAfterMs, kept });
  }
}

// -- Where batches are kept ------------------------------------------------------------------------------------------------
// A store is a log of records {id, lane, kind, sessionId, items: [JSON text], bytes, savedAt}. Ids are strings that grow with
// time, a lane is what goes into one batch. `append` and `replace` ask everything of the database at once, with no step that
// waits for an answer: so they are carried out even if the page is gone a moment later.

class MemoryStore {
  #records = new Map();

  async append(record) {
    this.#records.set(record.id, record);
  }

  async list(lanes, after, limit) {
    const found = [...this.#records.values()].filter(({ id, lane }) => id > after && (!lanes || lanes.includes(lane)));
    return found.sort(byId).slice(0, limit);
  }

  async replace(ids, record) {
    ids.forEach((id) => this.#records.delete(id));
    if (record) this.#records.set(record.id, record);
  }

  async size() {
    return sumOf([...this.#records.values()].map(({ items, bytes }) => ({ items: items.length, bytes })));
  }

  async clear() {
    this.#records.clear();
  }
}

class IndexedDbStore {
  #name;
  #opening = null;

  constructor(name) {
    this.#name = name;
  }

  #open() {
    this.#opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("batches", { keyPath: "id" }).createIndex("lane", ["lane", "id"]);
        request.result.createObjectStore("sizes", { keyPath: "id" });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        request.result.onversionchange = () => this.close();
        request.result.onclose = () => (this.#opening = null); // the user cleared the site's data: begin anew
        resolve(request.result);
      };
    });
    this.#opening.catch(() => (this.#opening = null));
    return this.#opening;
  }

  async #run(mode, work) {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(["batches", "sizes"], mode);
      const answers = work(transaction.objectStore("batches"), transaction.objectStore("sizes"));
      transaction.oncomplete = () => resolve(answers?.map((request) => request.result));
      transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
      if (mode === "readwrite") transaction.commit?.();
    });
  }

  append(record) {
    return this.replace([], record);
  }

  replace(ids, record) {
    return this.#run("readwrite", (batches, sizes) => {
      ids.forEach((id) => [batches, sizes].forEach((store) => store.delete(id)));
      if (!record) return;
      batches.put(record);
      sizes.put({ id: record.id, items: record.items.length, bytes: record.bytes });
    });
  }

  async list(lanes, after, limit) {
    const found = await this.#run("readonly", (batches) => {
      if (!lanes) return [batches.getAll(IDBKeyRange.lowerBound(after, true), limit)];
      const range = (lane) => IDBKeyRange.bound([lane, after], [lane, "\uffff"], true);
      return lanes.map((lane) => batches.index("lane").getAll(range(lane), limit));
    });
    return found.flat().sort(byId).slice(0, limit);
  }

  async size() {
    return sumOf((await this.#run("readonly", (_, sizes) => [sizes.getAll()]))[0]);
  }

  clear() {
    return this.#run("readwrite", (batches, sizes) => [batches.clear(), sizes.clear()]);
  }

  async close() {
    const opening = this.#opening;
    this.#opening = null;
    (await opening)?.close();
  }
}

const byId = (one, other) => (one.id < other.id ? -1 : 1);

function sumOf(sizes) {
  const add = (sum, { items, bytes }) => ({ batches: sum.batches + 1, items: sum.items + items, bytes: sum.bytes + bytes });
  return sizes.reduce(add, { batches: 0, items: 0, bytes: 0 });
}

// -- One tab at a time -----------------------------------------------------------------------------------------------------

const LEASE_MS = 15_000;

/** Run `task` while no other tab runs one under this name. */
function exclusive(name, signal, task) {
  return globalThis.navigator?.locks ? navigator.locks.request(name, { signal }, task) : leased(name, signal, task);
}

function localStorageIfAny() {
  try {
    return globalThis.localStorage;
  } catch {
    return null; // the user has blocked it
  }
}

/** The same where there are no Web Locks (pages without https): a lease in localStorage, which a tab that died lets run out. */
async function leased(name, signal, task) {
  const shared = localStorageIfAny();
  if (!shared) return task(); // two senders do no harm
  const me = randomId();
  const owner = () => {
    const [held, until] = (shared.getItem(name) ?? "").split(" ");
    return Number(until) > Date.now() ? held : null;
  };
  const take = () => shared.setItem(name, `${me} ${Date.now() + LEASE_MS}`);
  // Of two tabs that take it at the same moment the later one has it, so each looks again when the other must have seen it.
  while (owner() !== me) {
    if (!owner()) take();
    await sleep(200 + Math.random() * 200);
    signal.throwIfAborted();
  }
  const renewing = setInterval(take, LEASE_MS / 3);
  try {
    return await task();
  } finally {
    clearInterval(renewing);
    if (owner() === me) shared.removeItem(name);
  }
}

// -- Small things ----------------------------------------------------------------------------------------------------------

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const encoder = new TextEncoder();
const sizeOf = (text) => encoder.encode(text).length;

/** 128 random bits as hex; `crypto.randomUUID` is missing on pages without https. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

let lastNumber = 0;
/** An id that is greater than any this page has made before; those of several tabs are in the order of time. */
function recordId() {
  lastNumber += 1;
  return `${digits(Date.now(), 14)}-${digits(lastNumber, 9)}-${randomId().slice(0, 8)}`;
}

/** An id that follows directly on another, before those that this has made of it earlier. */
function idAfter(id) {
  lastNumber += 1;
  return `${id}~${digits(1e14 - Date.now(), 14)}-${digits(1e9 - lastNumber, 9)}-${randomId().slice(0, 8)}`;
}

const digits = (number, width) => String(number).padStart(width, "0");

/** A record with other items. */
const withItems = (record, id, items) => ({ ...record, id, items, bytes: items.reduce((sum, text) => sum + sizeOf(text) + 1, 0) });

/** Those items that problems name. */
const named = (items, problems) => items.filter((_, place) => problems.some(({ index }) => index === place));

function gzip(text) {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

/** `Retry-After` in ms: whole seconds, or a date. */
function retryAfterMs(value) {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? value * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

const asJson = (complete) => async (answer) => {
  const body = await jsonOf(answer);
  if (answer.ok && complete(body)) return body;
  throw failureOf(answer, body);
};
const asEnvelope = asJson((body) => body?.success === true);
const asPlain = asJson((body) => body !== null);

const asFile = (usualName) => async (answer) => {
  if (!answer.ok) throw failureOf(answer, await jsonOf(answer));
  const [, name] = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [];
  return new File([await answer.blob()], name ?? usualName, { type: answer.headers.get("Content-Type") ?? "" });
};

async function jsonOf(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The error of an answer. A success that is not BeMore's (of a hotel's log-in page, say) counts as no answer. */
function failureOf(answer, body) {
  const { code, message, details } = body?.error ?? {};
  return new BeMoreError({
    status: answer.ok ? 0 : answer.status,
    code: code ?? (answer.ok ? "BAD_ANSWER" : `HTTP_${answer.status}`),
    message: message ?? (answer.ok ? "the answer is not one of BeMore" : `the answer was ${answer.status}`),
    details,
    retryAfterMs: retryAfterMs(answer.headers.get("Retry-After")),
  });
}

const segment = encodeURIComponent;
const laneOf = (kind, sessionId) => `${kind}/${sessionId}`;

/** A query of what is given, with its question mark. */
function queryOf(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

function target(kind, sessionId) {
  return kind === "batchTick" ? "/api/session/batch-tick" : `/api/session/${segment(sessionId)}/${kind}`;
}

function bodyOf(kind, sessionId, items) {
  if (kind === "end") return "{}";
  return `{${kind === "batchTick" ? `"sessionId":${JSON.stringify(sessionId)},` : ""}"items":[${items.join(",")}]}`;
}

function checked(options) {
  for (const name of Object.keys(options)) if (!(name in DEFAULTS)) throw new TypeError(`BeMoreClient has no option ${name}`);
  const all = { ...DEFAULTS, ...options };
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const good = typeof all[name] === "number" && all[name] >= 0;
    if (typeof usual === "number" && !good) throw new TypeError(`${name} must be a number of at least 0`);
  }
  if (!(all.batchItems >= 1 && all.batchItems <= 100)) throw new TypeError("batchItems must be 1 to 100, as the service takes no more");
  if (all.batchBytes <= FRAME_BYTES) throw new TypeError(`batchBytes must be more than ${FRAME_BYTES}`);
  return all;
}

// -- The client ------------------------------------------------------------------------------------------------------------

/** Speaks to one service for one user. Events: sent, retry, queued, dropped, ratelimited, unauthorized, storage. */
export class BeMoreClient extends EventTarget {
  #options;
  #base;
  #name;
  #store;
  #token;
  #lastToken = null;
  #lanes = new Map(); // what is collected and not yet due, by lane
  #tail = []; // the newest records that are not known to be sent, for a page that closes
  #estimate = null; // how much is kept, at most
  #writing = Promise.resolve();
  #turn = Promise.resolve();
  #heldUntil = 0; // 429: nothing is sent before
  #stalled = false; // the last round could not send all
  #probeAt = 0;
  #most; // items a batch may have; fewer after a 413
  #gzip = typeof CompressionStream === "function" ? "untried" : "off"; // also: works, doubted
  #quota = null;
  #resendTimer = null;
  #wakers = new Set();
  #leaving = new WeakSet(); // records that a closing page is sending,
  #leavingBytes = 0; // and their size
  #cancel = new AbortController();
  #closing = new AbortController();

  /**
   * Begins at once to send what earlier visits left.
   * @param {object} [options] see DEFAULTS and `BeMoreOptions`; an unknown or impossible one is a TypeError
   */
  constructor(options = {}) {
    super();
    this.#options = checked(options);
    this.#base = new URL(this.#options.baseUrl || "/", globalThis.location?.href).href.replace(/\/+$/, "");
    this.#name = `bemore-client|${this.#base}|${this.#options.user}`;
    this.#token = this.#lastToken = this.#options.token;
    this.#most = this.#options.batchItems;
    this.#store = this.#newStore();
    this.#listen();
    this.#drain();
  }

  /** The quota as the last answer told it: `{limit, remaining, resetSeconds}`, or null before that. */
  get quota() {
    return this.#quota;
  }

  // -- A session's life

  /** Start a session. Repeating is safe, as all attempts carry one `Idempotency-Key`; `idempotencyKey` names your own. */
  async start(userId, counselorId, { idempotencyKey = randomId(), demo, signal } = {}) {
    return this.#data("POST", "/api/session/start", { json: { userId, counselorId, demo }, idempotencyKey, signal });
  }

  /** A session and its totals. */
  async session(sessionId, options) { return this.#data("GET", this.#of(sessionId), options); }

  /** Pause a session; one that is paused stays as it is. */
  async pause(sessionId, options) { return this.#data("POST", this.#of(sessionId, "/pause"), { ...options, json: {} }); }

  /** Go on with a paused session. */
  async resume(sessionId, options) { return this.#data("POST", this.#of(sessionId, "/resume"), { ...options, json: {} }); }

  /**
   * Send what is pending of the session, then end it. The end itself is kept like a batch: where this rejects with
   * `error.kept`, it will be sent later. With `keepalive` all requests leave before this returns, for use in `pagehide`;
   * what does not fit into the 64 KiB a browser allows is sent at the next visit.
   */
  async end(sessionId, { keepalive = false } = {}) {
    const pending = this.#takeSession(sessionId);
    const record = this.#record("end", sessionId, [], 0);
    const saved = this.#keep(record);
    if (keepalive) this.#beacon(sessionId);
    const lanes = await pending;
    await saved;
    for (;;) {
      const { answers, failure } = await this.#drain(lanes);
      const answer = answers.get(record.id);
      if (answer?.error) throw answer.error;
      if (answer) return answer.data;
      const left = await this.#store.list([record.lane], "");
      // Another tab has sent it; the service tells the same end again.
      if (!left.some(({ id }) => id === record.id)) return this.#data("POST", target("end", sessionId), { json: {} });
      if (Date.now() >= this.#heldUntil || this.#closing.signal.aborted) {
        throw Object.assign(failure ?? new BeMoreError({ code: "CLOSED", message: "the client was closed" }), { kept: true });
      }
      await this.#nap(this.#heldUntil - Date.now());
    }
  }

  /** Erase a session and everything stored under it, also what is still pending here. */
  async erase(sessionId, options) {
    const lanes = await this.#takeSession(sessionId);
    let [attempts, answer] = [0, { sessionId, deleted: true }];
    try {
      answer = await this.#data("DELETE", this.#of(sessionId), { ...options, tried: () => attempts++ });
    } catch (error) {
      // Gone at the second attempt: the answer to the first was lost.
      if (attempts < 2 || error.code !== "SESSION_NOT_FOUND") throw error;
    }
    await this.#forget((await this.#store.list(lanes, "")).map(({ id }) => id));
    return answer;
  }

  // -- What is collected. Each answers when the items are on disk (not: when they are sent); one item or an array.

  /** Collect face frames: `{ts, qualityScore?, faceLandmarksCompressed?, landmarks?}`. */
  async frames(sessionId, items) { return this.#collect("frames", sessionId, items); }

  /** Collect audio chunks: `{tsStart, tsEnd, vad, rms?, pitch?}`. */
  async audio(sessionId, items) { return this.#collect("audio", sessionId, items); }

  /** Collect snippets of transcript: `{tsStart, tsEnd, text, lang?}`. */
  async stt(sessionId, items) { return this.#collect("stt", sessionId, items); }

  /** Collect minutes that the page has scored: `{minuteIndex, facialScore, vadScore, textScore, combinedScore, …}`. */
  async batchTick(sessionId, items) { return this.#collect("batchTick", sessionId, items); }

  // -- What is asked

  /** Send what is pending of the session, then let the service score a minute; without one, the last complete minute. */
  async tick(sessionId, minuteIndex, options) {
    await this.#drain(await this.#takeSession(sessionId));
    return this.#data("POST", this.#of(sessionId, "/tick"), { ...options, json: minuteIndex === undefined ? {} : { minuteIndex } });
  }

  /** All scored minutes of a session and their statistics. */
  async inferences(sessionId, options) { return this.#data("GET", this.#of(sessionId, "/inferences"), options); }

  /** The whole report. */
  async report(sessionId, options) { return this.#data("GET", this.#of(sessionId, "/report"), options); }

  /** The report in a few sentences of plain text: `{reportId, summary}`. */
  async reportSummary(sessionId, options) { return this.#data("GET", this.#of(sessionId, "/report/summary"), options); }

  /** What was observed in a session. */
  async summary(sessionId, options) { return this.#data("GET", this.#of(sessionId, "/summary"), options); }

  /** The voice metrics of a session. */
  async vadAnalysis(sessionId, options) { return this.#data("GET", this.#of(sessionId, "/vad-analysis"), options); }

  /** The address of a report: `format` is pdf, csv or html, `kind` of a csv is vad or emotion. A link sends no token. */
  reportUrl(sessionId, format, { kind = "vad" } = {}) {
    if (!["pdf", "csv", "html"].includes(format)) throw new TypeError("format must be pdf, csv or html");
    return this.#base + this.#of(sessionId, `/report/${format}`) + (format === "csv" ? `?kind=${segment(kind)}` : "");
  }

  /** A report as a `File` (a Blob with the name the service gives it); sends the token. */
  async reportFile(sessionId, format, { kind, signal } = {}) {
    const path = this.reportUrl(sessionId, format, { kind }).slice(this.#base.length);
    return this.#request("GET", path, { signal, read: asFile(`bemore-report-${sessionId}.${format}`) });
  }

  /** Rate a session, 1 to 5. Repeating is safe, as all attempts carry one `Idempotency-Key`. */
  async feedback(sessionId, rating, note, { idempotencyKey = randomId(), signal } = {}) {
    return this.#data("POST", this.#of(sessionId, "/feedback"), { json: { rating, note }, idempotencyKey, signal });
  }

  /** How many sessions there are, and the newest of them. */
  async stats(options) { return this.#data("GET", "/api/session/stats/summary", options); }

  /** A page of sessions, newest first; go on with `cursor: nextCursor` until that is null. */
  async sessions({ status, userId, counselorId, limit, cursor, signal } = {}) {
    return this.#data("GET", `/api/session${queryOf({ status, userId, counselorId, limit, cursor })}`, { signal });
  }

  /** A page of a user's sessions, newest first. */
  async userSessions(userId, { limit, cursor, signal } = {}) {
    return this.#data("GET", `/api/session/user/${segment(userId)}${queryOf({ limit, cursor })}`, { signal });
  }

  /** A page of the transcript, in the order of time. */
  async transcript(sessionId, { limit, cursor, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/transcript${queryOf({ limit, cursor })}`), { signal });
  }

  /** Today's averages, their trend, the newest reports. */
  async dashboard(options) { return this.#data("GET", "/api/dashboard/summary", options); }

  /** The settings of this user (without authentication: of `deviceId`). */
  async preferences(options) { return this.#data("GET", "/api/user/preferences", options); }

  /** Store settings. */
  async setPreferences(preferences, options) {
    return this.#data("PUT", "/api/user/preferences", { ...options, json: { preferences } });
  }

  /** How the service sees the connection. */
  async devicesCheck(options) { return this.#data("POST", "/api/session/devices/check", { ...options, json: {} }); }

  /** The emotion of a text of at most 2000 characters. */
  async emotion(text, options) { return this.#data("POST", "/api/emotion", { ...options, json: { text } }); }

  /** Whether the service runs: `{status, uptime, version}`. */
  async health(options) { return this.#request("GET", "/health", { ...options, read: asPlain }); }

  /** Counters of the service. */
  async monitoringHealth(options) { return this.#data("GET", "/api/monitoring/health", options); }

  /** Counted errors of the service. */
  async errorStats(options) { return this.#data("GET", "/api/monitoring/error-stats", options); }

  // -- What is kept

  /** Try now to send all that is kept; answers what is left, as `pending` does. */
  async flush() {
    this.#lanes.forEach((lane) => this.#take(lane));
    await this.#writing;
    await this.#drain();
    return this.pending();
  }

  /** How much is kept of all tabs: `{batches, items, bytes}`. */
  async pending() {
    await this.#saveAll();
    return this.#store.size();
  }

  /** Forget everything that is kept for this service and user, sent or not. For a log-out on a shared computer. */
  async clear() {
    this.#cancel.abort();
    this.#cancel = new AbortController();
    for (const lane of this.#lanes.values()) this.#stopTimers(lane);
    this.#lanes.clear();
    this.#tail = [];
    await this.#writing;
    await this.#store.clear();
    this.#estimate = null;
  }

  /** Give a new token (or a function, which may be async); what waited for one is sent. */
  setToken(token) {
    this.#token = token;
    this.#lastToken = typeof token === "function" ? null : token;
    this.#drain();
  }

  /** Save what is collected and stop: no timers, no listeners, no sending. What is kept is sent at the next visit. */
  async close() {
    await this.#saveAll();
    this.#closing.abort();
    this.#cancel.abort();
    clearTimeout(this.#resendTimer);
    this.#wakers.forEach((wake) => wake());
    await this.#turn;
    await this.#store.close?.();
  }

  // -- Collecting ----------------------------------------------------------------------------------------------------------

  #collect(kind, sessionId, items) {
    if (this.#closing.signal.aborted) throw new TypeError("this client is closed");
    const { batchBytes, saveMs, batchMs } = this.#options;
    const lane = this.#lane(kind, this.#known(sessionId));
    for (const text of [items].flat().map((item) => JSON.stringify(item) ?? "null")) {
      const bytes = sizeOf(text) + 1;
      if (bytes > batchBytes - FRAME_BYTES) {
        this.#dropped({ kind, sessionId, items: [text] }, { reason: "too-large", message: `an item of ${bytes} bytes` });
        continue;
      }
      if (lane.bytes + bytes > batchBytes - FRAME_BYTES) this.#due(lane);
      lane.unsaved.push(text);
      lane.unsavedBytes += bytes;
      lane.since ??= Date.now();
      lane.items += 1;
      lane.bytes += bytes;
      this.#lanes.set(lane.key, lane);
      if (lane.items >= this.#most) this.#due(lane);
    }
    if (!lane.unsaved.length) return this.#writing;
    lane.sendTimer ??= setTimeout(() => this.#due(lane), batchMs);
    lane.saveTimer ??= setTimeout(() => this.#save(lane), saveMs);
    // Timers of a tab in the background come late; its data do not.
    if (Date.now() - lane.since >= saveMs) return this.#save(lane);
    return new Promise((resolve) => lane.savers.push(resolve));
  }

  #lane(kind, sessionId) {
    const key = laneOf(kind, sessionId);
    const empty = { key, kind, sessionId, items: 0, bytes: 0, sendTimer: null, saveTimer: null, savers: [] };
    return this.#lanes.get(key) ?? { ...empty, unsaved: [], unsavedBytes: 0, since: null };
  }

  #stopTimers(lane) {
    clearTimeout(lane.saveTimer);
    clearTimeout(lane.sendTimer);
    lane.saveTimer = lane.sendTimer = null;
  }

  /** Write down what a lane has collected since it was written down last. */
  #save(lane) {
    clearTimeout(lane.saveTimer);
    const { kind, sessionId, unsaved, unsavedBytes, savers } = lane;
    Object.assign(lane, { unsaved: [], unsavedBytes: 0, savers: [], saveTimer: null, since: null });
    const saved = unsaved.length ? this.#keep(this.#record(kind, sessionId, unsaved, unsavedBytes)) : this.#writing;
    savers.forEach((resolve) => resolve(saved));
    return saved;
  }

  /** Write a lane down and begin it anew. */
  #take(lane) {
    this.#stopTimers(lane);
    this.#lanes.delete(lane.key);
    lane.items = lane.bytes = 0;
    return this.#save(lane);
  }

  /** A lane is full, or its time has come: send it, or look whether the service is back. */
  #due(lane) {
    this.#take(lane).then(() => {
      if (Date.now() < this.#heldUntil) return;
      if (!this.#stalled) this.#drain([lane.key]);
      else if (Date.now() >= this.#probeAt) this.#drain(null, []);
    });
  }

  /** Write down all that is collected of a session; its lanes. */
  async #takeSession(sessionId) {
    const lanes = KINDS.map((kind) => laneOf(kind, this.#known(sessionId)));
    lanes.forEach((lane) => this.#lanes.has(lane) && this.#take(this.#lanes.get(lane)));
    await this.#writing;
    return lanes;
  }

  #saveAll() {
    for (const lane of this.#lanes.values()) this.#save(lane);
    return this.#writing;
  }

  #record(kind, sessionId, items, bytes) {
    return { id: recordId(), lane: laneOf(kind, sessionId), kind, sessionId, items, bytes, savedAt: Date.now() };
  }

  #keep(record) {
    this.#tail.push(record);
    let bytes = 0;
    const from = this.#tail.findLastIndex((each) => (bytes += each.bytes) > 2 * KEEPALIVE_BYTES);
    this.#tail.splice(0, from); // a whole one too many rather than one too few
    const stored = this.#append(record); // begins at once, as the page may be closing
    const kept = this.#writing.then(() => stored).then(() => this.#trim(record));
    return (this.#writing = kept.catch((error) => this.#withoutDisk(error)));
  }

  async #append(record) {
    try {
      await this.#store.append(record);
    } catch (error) {
      if (error?.name !== "QuotaExceededError" || !(await this.#dropOldest())) this.#withoutDisk(error);
      await this.#append(record);
    }
  }

  /** Hold the bounds. The estimate knows nothing of what was sent, so it is looked at again before anything is dropped. */
  async #trim(record) {
    const { keepItems, keepBytes } = this.#options;
    const over = () => this.#estimate.items > keepItems || this.#estimate.bytes > keepBytes;
    if (this.#estimate) {
      this.#estimate.items += record.items.length;
      this.#estimate.bytes += record.bytes;
    }
    if (this.#estimate && !over()) return;
    do this.#estimate = await this.#store.size();
    while (over() && (await this.#dropOldest()));
  }

  async #dropOldest() {
    const oldest = (await this.#store.list(null, "", 100)).find(({ kind }) => kind !== "end");
    if (oldest) await this.#drop([oldest], { reason: "full", message: "more is kept than keepItems or keepBytes allow" });
    return Boolean(oldest);
  }

  #newStore() {
    const { storage } = this.#options;
    if (typeof storage === "object" && storage) return storage;
    if (storage === "memory") return new MemoryStore();
    if (storage !== "indexeddb") throw new TypeError('storage must be "indexeddb", "memory" or a store');
    return new IndexedDbStore(this.#name);
  }

  /** The disk does not take it (no room, private window …): go on in memory. */
  #withoutDisk(error) {
    if (this.#store instanceof MemoryStore) return; // another write was told so already
    this.#store = new MemoryStore();
    this.#emit("storage", { persistent: false, message: String(error?.message ?? error) });
  }

  // -- Sending -------------------------------------------------------------------------------------------------------------

  /** Send what is kept in these lanes (null: in all), oldest first, when it is this tab's turn. */
  #drain(lanes = null, waits = this.#options.waitsMs) {
    const round = () => this.#round(lanes, waits);
    const turn = () => (this.#store instanceof MemoryStore ? round() : exclusive(this.#name, this.#closing.signal, round));
    const result = this.#turn.then(turn).catch((failure) => {
      if (this.#store instanceof MemoryStore) throw failure;
      // A database that does not open, say; what is collected from now on is kept in memory, and sent.
      if (!this.#closing.signal.aborted) this.#withoutDisk(failure);
      return { answers: new Map(), failure: null };
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #round(lanes, waits) {
    const answers = new Map();
    const partOfBacklog = lanes !== null && this.#stalled;
    // What is collected meanwhile waits for its own round: else each answer would be followed by a tiny batch, without end.
    const began = Date.now();
    const isNew = ({ savedAt }) => savedAt > began && savedAt <= Date.now();
    let [after, failure, failures] = ["", null, 0];
    while (!this.#closing.signal.aborted && Date.now() >= this.#heldUntil) {
      const [first] = await this.#store.list(lanes, after, 1);
      if (!first || isNew(first)) break;
      const records = await this.#gather(first, after, isNew);
      if (!records.length) continue; // another sender was quicker
      const { step, data, error } = await this.#deliver(records, waits);
      if (step === "next" && (data || error)) records.forEach(({ id }) => answers.set(id, { data, error }));
      if (step === "next") failures = 0;
      if (step === "skip") [after, failures] = [first.id, failures + (error.status >= 500)];
      if (step === "stop" || step === "skip") failure = error;
      if (step === "stop" || failures >= MOST_FAILURES) break;
    }
    this.#stalled = failure !== null || partOfBacklog;
    if (failure) this.#probeAt = Date.now() + this.#options.probeMs;
    this.#arm(partOfBacklog && !failure ? 0 : this.#options.resendMs);
    return { answers, failure };
  }

  /** What goes into one batch with a record: what was collected after it of the same kind and session. */
  async #gather({ lane }, after, isNew) {
    const records = await this.#store.list([lane], after, this.#options.batchItems);
    let [items, bytes] = [0, FRAME_BYTES];
    const end = records.findIndex((record, index) => {
      items += record.items.length;
      bytes += record.bytes;
      return index > 0 && (items > this.#most || bytes > this.#options.batchBytes || isNew(record));
    });
    return end < 0 ? records : records.slice(0, end);
  }

  /** Send one batch. `step` says how the round goes on: next, skip (this one is kept), again, stop. */
  async #deliver(records, waits) {
    const { kind, sessionId, savedAt } = records[0];
    const items = records.flatMap((record) => record.items);
    if (Date.now() - savedAt > this.#options.keepMs) {
      await this.#drop(records, { reason: "expired", message: "kept for longer than keepMs" });
      return { step: "next" };
    }
    const text = bodyOf(kind, sessionId, items);
    let attempts = 0;
    const { signal } = this.#cancel;
    const about = { kind, sessionId, count: items.length };
    try {
      const options = { text, waits, about, signal, tried: () => attempts++ };
      const { data, requestId, errors = [] } = await this.#request("POST", target(kind, sessionId), options);
      await this.#forget(records.map(({ id }) => id));
      this.#emit("sent", { ...about, count: items.length - errors.length, bytes: sizeOf(text), attempts, requestId, data });
      // A batch-tick that was taken in part: sending again would mend nothing.
      const why = { reason: "refused", status: 201, message: errors[0]?.message, details: errors, requestId };
      if (errors.length) this.#dropped({ kind, sessionId, items: named(items, errors) }, why);
      return { step: "next", data };
    } catch (error) {
      if (!(error instanceof BeMoreError)) throw error;
      return this.#undelivered(records, items, error, signal);
    }
  }

  /** What becomes of a batch that was not taken: mended, split, dropped, or kept. */
  async #undelivered(records, items, error, signal) {
    const { status, code, message, details, requestId } = error;
    const { kind, sessionId } = records[0];
    const why = { status, code, message, details, requestId };
    if (signal.aborted || status === 401 || status === 429) return { step: "stop", error };
    if (status === 413 && items.length > 1) {
      await this.#split(records, items);
      return { step: "again" };
    }
    if (code === "VALIDATION_ERROR" && details.some(({ index }) => index in items)) {
      const bad = new Set(details.map(({ index }) => index));
      const good = items.filter((_, index) => !bad.has(index));
      await this.#replace(records, good.length ? [withItems(records[0], records[0].id, good)] : []);
      this.#dropped({ kind, sessionId, items: named(items, details) }, { ...why, reason: "refused" });
      return { step: good.length ? "again" : "next" };
    }
    const reason = status === 413 ? "too-large" : REASONS[code];
    if (reason) {
      await this.#drop(records, { ...why, reason });
      return { step: "next", error };
    }
    // Perhaps the line is too thin for it.
    if (code === "TIMEOUT" && items.length > 1) await this.#split(records, items);
    this.#emit("queued", { kind, sessionId, count: items.length, status, code, message, requestId, resendMs: this.#options.resendMs });
    const away = status < 400 || status === 408 || status > 500;
    return { step: away ? "stop" : "skip", error };
  }

  /** Make two batches of one, and smaller ones from now on. */
  async #split(records, items) {
    const half = Math.ceil(items.length / 2);
    this.#most = Math.min(this.#most, half);
    const [first, second] = [records[0].id, idAfter(records.at(-1).id)];
    const parts = [withItems(records[0], first, items.slice(0, half)), withItems(records[0], second, items.slice(half))];
    await this.#replace(records, parts);
  }

  /** Put other records in the place of some: the last first, so that a page that closes in between leaves too much, not too little. */
  async #replace(records, others) {
    const [first, ...rest] = others;
    for (const record of rest) await this.#store.append(record);
    await this.#forget(records.map(({ id }) => id), first);
    this.#tail.push(...others);
  }

  async #forget(ids, record) {
    await this.#store.replace(ids, record);
    this.#tail = this.#tail.filter(({ id }) => !ids.includes(id));
  }

  async #drop(records, why) {
    const { kind, sessionId } = records[0];
    await this.#forget(records.map(({ id }) => id));
    this.#dropped({ kind, sessionId, items: records.flatMap(({ items }) => items) }, why);
  }

  #dropped({ kind, sessionId, items }, { reason, message, status = 0, code = null, details = [], requestId = null }) {
    const values = items.map((text) => JSON.parse(text));
    this.#emit("dropped", { kind, sessionId, count: items.length, items: values, reason, status, code, message, details, requestId });
  }

  // -- A page that goes and comes ------------------------------------------------------------------------------------------

  #listen() {
    const on = (place, name, act) => place?.addEventListener?.(name, act, { signal: this.#closing.signal });
    on(globalThis, "online", () => {
      this.#wakers.forEach((wake) => wake());
      this.#drain();
    });
    on(globalThis, "pagehide", () => {
      this.#saveAll();
      this.#beacon();
    });
    on(globalThis, "pageshow", ({ persisted }) => persisted && this.#drain());
    // The last that a phone tells a page before it ends it.
    on(globalThis.document, "visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#lanes.forEach((lane) => this.#due(lane));
    });
  }

  /**
   * Send the newest of what is kept with requests that outlive the page, as many as fit into what browsers allow; the rest stays
   * in the log.
   */
  #beacon(sessionId) {
    if (Date.now() < this.#heldUntil) return;
    const mine = this.#tail.filter((record) => !this.#leaving.has(record) && (!sessionId || record.sessionId === sessionId));
    mine.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
    for (const lane of new Set(mine.map((record) => record.lane))) {
      const waiting = mine.filter((record) => record.lane === lane);
      while (waiting.length) {
        const batch = [];
        let [items, bytes] = [0, waiting[0].kind === "end" ? 0 : FRAME_BYTES];
        const room = KEEPALIVE_BYTES - this.#leavingBytes;
        while (waiting.length && items + waiting[0].items.length <= this.#most && bytes + waiting[0].bytes <= room) {
          items += waiting[0].items.length;
          bytes += waiting[0].bytes;
          batch.push(waiting.shift());
        }
        if (!batch.length) break;
        this.#lastWords(batch, bytes);
      }
    }
  }

  /**
   * One request of a page that closes. Without a token it is a "simple" one, text without headers of its own, as a page that is
   * gone may not get to see the answer to a preflight.
   */
  async #lastWords(records, bytes) {
    const { kind, sessionId } = records[0];
    const body = bodyOf(kind, sessionId, records.flatMap(({ items }) => items));
    const headers = { ...this.#options.headers };
    if (this.#lastToken) Object.assign(headers, { "Content-Type": "application/json", Authorization: `Bearer ${this.#lastToken}` });
    records.forEach((record) => this.#leaving.add(record));
    this.#leavingBytes += bytes;
    try {
      const { credentials } = this.#options;
      const answer = await fetch(this.#base + target(kind, sessionId), { method: "POST", body, headers, credentials, keepalive: true });
      // Anything but a clean success is looked at when the batch is sent in the ordinary way.
      const { success, errors } = await answer.json();
      if (success === true && !errors) await this.#forget(records.map(({ id }) => id));
    } catch {
      // It stays in the log.
    } finally {
      records.forEach((record) => this.#leaving.delete(record));
      this.#leavingBytes -= bytes;
    }
  }

  // -- Requests ------------------------------------------------------------------------------------------------------------

  #of(sessionId, rest = "") {
    return `/api/session/${segment(this.#known(sessionId))}${rest}`;
  }

  #known(sessionId) {
    if (typeof sessionId !== "string" || !sessionId) throw new TypeError("sessionId must be the text that start() answered");
    return sessionId;
  }

  async #data(method, path, { json, ...options } = {}) {
    return (await this.#request(method, path, { ...options, text: json && JSON.stringify(json) })).data;
  }

  /**
   * One request and its repetitions. `text` is a body of JSON, `read` makes a value of an answer, `about` tells which batch it
   * is (a batch does not wait for a 429: its round does), `tried` is called before each attempt.
   */
  async #request(method, path, { text, idempotencyKey, signal, read = asEnvelope, about, tried, waits = this.#options.waitsMs }) {
    const id = randomId();
    const told = { kind: null, sessionId: null, count: 0, ...about, method, path };
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const trace = { "X-Request-ID": `${id}.${attempt}`, ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }) };
      let token = null;
      tried?.();
      try {
        token = await this.#bearer(renewed);
        return await this.#once(method, path, { text, signal, read, token, trace });
      } catch (error) {
        if (!(error instanceof BeMoreError)) throw error;
        const { status, code, message } = error;
        const { requestId } = Object.assign(error, { requestId: trace["X-Request-ID"] });
        if (status === 401 && !renewed && typeof this.#token === "function" && code !== "TOKEN") {
          renewed = true;
          attempt -= 1;
          continue;
        }
        if (status === 401) this.#emit("unauthorized", { ...told, code, message, requestId });
        if (status === 429) this.#hold(error, told);
        const waitMs = about && status === 429 ? null : this.#waitFor(error, waits[attempt - 1]);
        if (waitMs === null) throw error;
        this.#emit("retry", { ...told, attempt, waitMs, status, code, message, requestId });
        await this.#nap(waitMs, signal, status === 0);
      }
    }
  }

  /** One attempt. Whatever goes wrong is a BeMoreError. */
  async #once(method, path, { text, signal, read, token, trace }) {
    const { timeoutMs, deviceId, credentials, gzipBytes } = this.#options;
    const large = text !== undefined && sizeOf(text) >= gzipBytes;
    const packed = large && ["untried", "works"].includes(this.#gzip);
    const headers = {
      ...this.#options.headers,
      ...trace,
      "X-Client-Version": VERSION,
      ...(text !== undefined && { "Content-Type": "application/json" }),
      ...(packed && { "Content-Encoding": "gzip" }),
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(deviceId && { "X-Device-ID": deviceId }),
    };
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, timeoutMs);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      const body = packed ? await gzip(text) : text;
      const answer = await fetch(this.#base + path, { method, headers, body, credentials, signal: abort.signal });
      this.#noteQuota(answer.headers);
      if (large) this.#noteGzip(packed, answer.status);
      if (packed && answer.status === 415) return await this.#once(method, path, { text, signal, read, token, trace });
      return await read(answer);
    } catch (error) {
      if (error instanceof BeMoreError) throw error;
      if (signal?.aborted) throw new BeMoreError({ code: "ABORTED", message: "the request was given up" });
      if (abort.signal.aborted) throw new BeMoreError({ code: "TIMEOUT", message: `no answer within ${timeoutMs} ms` });
      if (large) this.#noteGzip(packed, 0);
      throw new BeMoreError({ code: "NETWORK", message: "the service could not be reached" });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /**
   * A service of another origin must allow the header Content-Encoding; where it does not, a packed request looks like a network
   * that is down. So if the first of them fails that way and a plain one then passes, packing ends.
   */
  #noteGzip(packed, status) {
    if (packed && status) this.#gzip = status === 415 ? "off" : "works";
    else if (packed && this.#gzip === "untried") this.#gzip = "doubted";
    else if (!packed && this.#gzip === "doubted") this.#gzip = status ? "off" : "untried";
  }

  #noteQuota(headers) {
    const [limit, remaining, resetSeconds] = ["Limit", "Remaining", "Reset"].map((name) => headers.get(`RateLimit-${name}`));
    if (limit !== null) this.#quota = { limit: Number(limit), remaining: Number(remaining), resetSeconds: Number(resetSeconds) };
  }

  /** The token of this moment; after a 401 a function is asked once more, and told so. */
  async #bearer(expired) {
    if (typeof this.#token !== "function") return this.#token;
    try {
      return (this.#lastToken = await this.#token({ expired }));
    } catch (error) {
      throw new BeMoreError({ status: 401, code: "TOKEN", message: `the function token failed: ${error?.message ?? error}` });
    }
  }

  /** Too many requests: nothing that is kept is sent before the time that the service names. */
  #hold({ retryAfterMs, requestId }, told) {
    const ms = retryAfterMs ?? USUAL_HOLD_MS;
    this.#heldUntil = Date.now() + ms + Math.random() * Math.min(1000, ms * this.#options.jitter);
    this.#emit("ratelimited", { ...told, retryAfterMs: ms, requestId });
    this.#arm(this.#options.resendMs);
  }

  /** How long to wait before the next attempt in ms, or null where there shall be none. */
  #waitFor({ status, code, retryAfterMs }, usual) {
    if (usual === undefined || code === "ABORTED") return null;
    if (status === 429) return this.#heldUntil - Date.now();
    if (status !== 0 && status !== 408 && status < 500) return null;
    const jittered = usual * (1 + Math.random() * this.#options.jitter);
    return Math.max(jittered, Math.min(retryAfterMs ?? 0, MOST_WAIT_MS));
  }

  /** Send what is kept after a while, or when the hold of a 429 ends, if that is sooner. */
  #arm(ms) {
    clearTimeout(this.#resendTimer);
    if (this.#closing.signal.aborted) return;
    const held = this.#heldUntil - Date.now();
    this.#resendTimer = setTimeout(() => this.#drain(), held > 0 ? Math.min(held, ms) : ms);
  }

  /** Wait; shorter if the signal says so or, where `online` is true, if the browser has a network again. */
  #nap(ms, signal, online) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
      if (online) this.#wakers.add(done);
    });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
