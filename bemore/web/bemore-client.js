/**
 * Browser client for the BeMore service: one ES module without dependencies.
 *
 *     import { BeMoreClient } from "/static/bemore-client.js";
 *     const client = new BeMoreClient({ baseUrl: "https://bemore.example", user: "user-1" });
 *     const { sessionId } = await client.start("user-1", "counselor-1");
 *     client.frames(sessionId, { ts: Date.now(), qualityScore: 0.8 });
 *     await client.end(sessionId);
 *
 * Telemetry (`frames`, `audio`, `stt`, `batchTick`) and `end` go to a log in IndexedDB first, and from there to the service, oldest
 * first, from one tab at a time. A batch leaves the log when the service has answered for it. The service stores an item that it gets
 * twice only once, so sending a batch again is always safe. All other calls are sent at once and are not logged.
 *
 * The log holds health data in clear text. It belongs to one service address and one `user`; `clear()` empties it. The token stays in
 * memory.
 */

/** Version of this module; the same as the service's. */
export const VERSION = "0.1.0";

const KIB = 1024;

/** Every option and its default; `bemore-client.d.ts` describes them. */
export const DEFAULTS = Object.freeze({
  baseUrl: "",
  token: null,
  user: "",
  speaker: null,
  deviceId: null,
  headers: Object.freeze({}),
  credentials: "same-origin",
  storage: "indexeddb",
  debug: false,
  // Three kinds every 10 s make 180 writes in 10 minutes, of the 300 that the service allows; every 5 s would make 360.
  batchItems: 100,
  batchMs: 10_000,
  batchBytes: 1024 * KIB,
  saveMs: 250,
  waitsMs: Object.freeze([1000, 3000, 10_000]),
  jitter: 0.2,
  timeoutMs: 20_000,
  resendMs: 300_000,
  probeMs: 30_000,
  // A smaller body fits into one or two packets, compressed or not.
  gzipBytes: 2 * KIB,
  keepItems: 200_000,
  keepBytes: 64 * 1024 * KIB,
  keepMs: 30 * 24 * 3_600_000,
});

/** Kinds of batches, in the order in which a closing page sends them: the small and valuable ones first. */
const KINDS = ["batchTick", "stt", "audio", "frames", "end"];

/** Kinds whose items are about somebody, and whom they can be about. */
const SPOKEN = ["stt", "audio", "frames"];
const SPEAKERS = ["user", "counselor"];

/**
 * Fields of items and notes that are moments; the service reads numbers from EPOCH_FROM_MS on as epoch ms, smaller ones as ms since the
 * start.
 */
const MOMENTS = ["ts", "tsStart", "tsEnd", "tStart", "tEnd"];
const EPOCH_FROM_MS = 1e11;

/** Browsers send 64 KiB of bodies for a page that is gone; the page's own requests get a part of it. */
const KEEPALIVE_BYTES = 60 * KIB;

/** Room for what surrounds the items in a body. */
const FRAME_BYTES = 512;

/** A round skips a batch that the service fails on (5xx), but not more than this many in a row. */
const MAX_FAILURES = 3;

/** The longest wait that a 5xx may ask for between two attempts, and the wait after a 429 without `Retry-After`. */
const MAX_WAIT_MS = 60_000;
const DEFAULT_HOLD_MS = 10_000;

/** How long to wait for the disk, when to try it again after that, and how long to wait for another tab that is sending. */
const DISK_MS = 5000;
const DISK_RETRY_MS = 30_000;
const TURN_MS = 15_000;

/** Refusals that sending again cannot change. After any other failure the batch is kept. */
const REASONS = {
  VALIDATION_ERROR: "refused",
  SESSION_STATE_CONFLICT: "refused",
  SESSION_NOT_FOUND: "not-found",
};

/** A request that failed for good. `status` is 0 if there was no answer. */
export class BeMoreError extends Error {
  constructor({ status = 0, code, message, details = [], requestId = null, retryAfterMs = null, kept = false }) {
    super(message);
    Object.assign(this, { name: "BeMoreError", status, code, details, requestId, retryAfterMs, kept });
  }
}

// -- Time ------------------------------------------------------------------------------------------------------------------

/** The page's clock in epoch ms. It agrees with the device's clock when the page loads; after that nobody can set it. */
const now = () => PAGE_ORIGIN + performance.now();
const PAGE_ORIGIN = Date.now() - performance.now();

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The value of `promise`, or a TimeoutError after `ms`. It counts in steps of a second: when a suspended page wakes up, all its timers
 * are overdue, and the promise must get its chance before the last step.
 */
async function within(ms, promise) {
  const steps = Math.max(1, Math.ceil(ms / 1000));
  let timer;
  const limit = new Promise((_, reject) => {
    const step = (left) => {
      if (left) timer = setTimeout(step, ms / steps, left - 1);
      else reject(new DOMException(`no answer within ${ms} ms`, "TimeoutError"));
    };
    step(steps);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** The service's clock, estimated from its answers. */
class ServerClock {
  #roundTrip = Infinity;
  #deviceLag = 0;

  /** The service's clock minus the page's, ms; null while it is unknown. */
  offset = null;

  /** Epoch ms on the service's clock, or null. */
  now() {
    return this.offset === null ? null : now() + this.offset;
  }

  /**
   * Learn from an answer: the service read its clock between `sentAt` and `receivedAt`, so their middle is wrong by half the round trip
   * at most. The quickest answer counts, unless a later one contradicts it: then a clock was set, or the machine has slept. Returns
   * whether the estimate has changed.
   */
  learn(serverTs, sentAt, receivedAt) {
    if (!Number.isFinite(serverTs)) return false;
    const [roundTrip, offset] = [receivedAt - sentAt, serverTs - (sentAt + receivedAt) / 2];
    const contradicts = Math.abs(offset - this.offset) > (this.#roundTrip + roundTrip) / 2 + 1; // serverTs is rounded
    if (this.offset !== null && roundTrip >= this.#roundTrip && !contradicts) return false;
    [this.#roundTrip, this.offset] = [roundTrip, offset];
    return true;
  }

  /**
   * A moment of the device's clock, on the page's. They differ by a constant, until the device's clock is set or the machine sleeps (the
   * page's clock may stand still then). Which of the two it was only the service's next answer can tell.
   */
  fromDevice(ms) {
    const lag = now() - Date.now();
    const change = Math.abs(lag - this.#deviceLag);
    if (change > 1000) [this.#roundTrip, this.offset] = [Infinity, null];
    if (change > 10) this.#deviceLag = lag; // less is the rounding of Date.now()
    return ms + this.#deviceLag;
  }
}

// -- Where batches are kept ------------------------------------------------------------------------------------------------
// A store is a log of records {id, lane, kind, sessionId, items: [JSON text], bytes, savedAt, alone?, deviceTimes?}. Ids are strings
// that grow with time; records of one lane may share a batch. `append` and `replace` must issue all their work at once: then the browser
// carries it out even if the page is gone a moment later.

class MemoryStore {
  persistent = false;
  #records = new Map();

  get records() {
    return [...this.#records.values()];
  }

  get(id) {
    return this.#records.get(id);
  }

  async append(record) {
    this.#records.set(record.id, record);
  }

  async list(lanes, after, limit) {
    const matching = this.records.filter(({ id, lane }) => id > after && (!lanes || lanes.includes(lane)));
    return matching.sort(byId).slice(0, limit);
  }

  async replace(ids, record) {
    ids.forEach((id) => this.#records.delete(id));
    if (record) this.#records.set(record.id, record);
  }

  async size() {
    return sumOf(this.records.map(({ items, bytes }) => ({ items: items.length, bytes })));
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
    if (this.#opening) return this.#opening;
    const opening = new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("batches", { keyPath: "id" }).createIndex("lane", ["lane", "id"]);
        request.result.createObjectStore("sizes", { keyPath: "id" });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        // Somebody deletes the database, or the user clears the site's data: the next operation opens it again.
        request.result.onversionchange = () => this.#drop(opening);
        request.result.onclose = () => this.#drop(opening);
        resolve(request.result);
      };
    });
    opening.catch(() => this.#drop(opening));
    return (this.#opening = opening);
  }

  #drop(opening) {
    if (this.#opening === opening) this.#opening = null;
    opening?.then((database) => database.close(), () => undefined);
  }

  /** Do `work` in one transaction; once more with a new handle if that fails. */
  async #run(mode, work) {
    const opening = this.#open();
    try {
      return await transact(await opening, mode, work);
    } catch (error) {
      if (error?.name === "QuotaExceededError") throw error;
      // iOS closes the handles of a suspended page, and any browser may fail a single transaction. All work here can be repeated.
      this.#drop(opening);
      return transact(await this.#open(), mode, work);
    }
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
    const lists = await this.#run("readonly", (batches) => {
      if (!lanes) return [batches.getAll(IDBKeyRange.lowerBound(after, true), limit)];
      const range = (lane) => IDBKeyRange.bound([lane, after], [lane, "\uffff"], true);
      return lanes.map((lane) => batches.index("lane").getAll(range(lane), limit));
    });
    return lists.flat().sort(byId).slice(0, limit);
  }

  async size() {
    return sumOf((await this.#run("readonly", (_, sizes) => [sizes.getAll()]))[0]);
  }

  async clear() {
    // Without IndexedDB nothing was ever written.
    if (globalThis.indexedDB) await this.#run("readwrite", (batches, sizes) => [batches.clear(), sizes.clear()]);
  }

  /** Forget the handle, even one that the browser has not delivered yet; the next operation asks for another. */
  reopen() {
    this.#drop(this.#opening);
  }

  async close() {
    this.reopen();
  }
}

/** What the requests that `work` makes have resulted in, when their transaction is complete. */
function transact(database, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(["batches", "sizes"], mode);
    let requests;
    transaction.oncomplete = () => resolve(requests?.map(({ result }) => result));
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
    try {
      requests = work(transaction.objectStore("batches"), transaction.objectStore("sizes"));
    } catch (error) {
      reject(error);
      transaction.abort(); // all of it or nothing
      return;
    }
    if (mode === "readwrite") transaction.commit?.();
  });
}

/**
 * A store that survives faults of its disk: while the disk fails or does not answer, records are kept in memory. Every DISK_RETRY_MS, or
 * as soon as a late answer comes, the disk is brought up to date and used again. `changed(persistent, error)` reports both.
 */
class DurableStore {
  #disk;
  #makeRoom;
  #changed;
  #memory = null; // in use while the disk is not
  #removed = new Set(); // ids that have yet to be removed from the disk
  #onDiskUntil = ""; // records with ids up to this one may be on the disk, even if they are in memory
  #clearing = false; // the disk has yet to be cleared
  #returning = null;
  #timer = null;

  constructor(disk, { makeRoom, changed }) {
    this.#disk = disk;
    this.#makeRoom = makeRoom;
    this.#changed = changed;
  }

  /** Whether records are on disk, where other tabs and later visits see them. */
  get persistent() {
    return this.#memory === null;
  }

  append(record) {
    return this.#use((store) => store.append(record), this.#makeRoom);
  }

  list(lanes, after, limit) {
    return this.#use((store) => store.list(lanes, after, limit));
  }

  replace(ids, record) {
    return this.#use((store) => {
      const onDisk = store === this.#memory ? ids.filter((id) => id <= this.#onDiskUntil || !store.get(id)) : [];
      onDisk.forEach((id) => this.#removed.add(id));
      return store.replace(ids, record);
    });
  }

  size() {
    return this.#use((store) => store.size());
  }

  /** Rejects if the disk cannot be cleared now; it is cleared before it is used again. */
  async clear() {
    this.#removed.clear();
    this.#memory?.clear();
    this.#clearing = true;
    const cleared = this.#disk.clear();
    try {
      await within(DISK_MS, cleared);
      this.#clearing = false;
    } catch (error) {
      this.#leave(error, cleared);
      throw error;
    }
  }

  async close() {
    await this.#return();
    clearTimeout(this.#timer);
    await this.#disk.close?.();
  }

  /** Do `work` on the disk, else in memory. `makeRoom` returns whether it has made a full disk less full. */
  async #use(work, makeRoom = () => false) {
    while (!this.#memory) {
      let answer;
      try {
        answer = work(this.#disk);
        return await within(DISK_MS, answer);
      } catch (error) {
        if (error?.name !== "QuotaExceededError" || !(await makeRoom())) this.#leave(error, answer);
      }
    }
    return work(this.#memory);
  }

  #leave(error, late) {
    late?.then(() => this.#return(), () => undefined);
    if (this.#memory) return; // another operation has failed before
    this.#memory = new MemoryStore();
    this.#onDiskUntil = recordId(); // what is written now may arrive yet
    this.#retryLater();
    this.#changed(false, error);
  }

  #retryLater() {
    this.#disk.reopen?.();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#return(), DISK_RETRY_MS);
  }

  #return() {
    if (this.#memory) this.#returning ??= this.#bringUpToDate().finally(() => (this.#returning = null));
    return this.#returning;
  }

  async #bringUpToDate() {
    const [memory, copied] = [this.#memory, new Set()];
    const missing = () => memory.records.filter((record) => !copied.has(record));
    try {
      if (this.#clearing) await within(DISK_MS, this.#disk.clear());
      this.#clearing = false;
      do {
        const ids = [...this.#removed];
        await within(DISK_MS, this.#disk.replace(ids)); // even without ids: this shows whether the disk takes writes
        ids.forEach((id) => this.#removed.delete(id));
        this.#onDiskUntil = recordId();
        for (const record of missing()) {
          if (memory.get(record.id) !== record) continue; // removed or replaced in the meantime
          await within(DISK_MS, this.#disk.append(record));
          copied.add(record);
        }
      } while (missing().length || this.#removed.size);
      this.#memory = null;
      this.#changed(true);
    } catch {
      this.#retryLater();
    }
  }
}

const byId = (one, other) => (one.id < other.id ? -1 : 1);

function sumOf(sizes) {
  const add = (sum, { items, bytes }) => ({ batches: sum.batches + 1, items: sum.items + items, bytes: sum.bytes + bytes });
  return sizes.reduce(add, { batches: 0, items: 0, bytes: 0 });
}

// -- One tab at a time -----------------------------------------------------------------------------------------------------

/**
 * Run `task` while no other tab runs one under this name. Nobody waits longer than TURN_MS for a tab that may be suspended: it is then
 * overtaken, and the signal that its `task` got says so. Where the browser offers no means, tabs send at the same time; as the service
 * stores everything once, that costs requests only.
 */
async function exclusive(name, closing, task) {
  closing.throwIfAborted();
  return globalThis.navigator?.locks ? withLock(name, closing, task) : withLease(name, closing, task);
}

async function withLock(name, closing, task) {
  const [lost, impatient] = [new AbortController(), new AbortController()];
  const giveUp = () => impatient.abort();
  let running = null;
  let granted;
  within(TURN_MS, new Promise((resolve) => (granted = resolve))).catch(giveUp);
  closing.addEventListener("abort", giveUp);
  const run = () => {
    granted();
    return (running = task(lost.signal));
  };
  try {
    for (const options of [{ signal: impatient.signal }, { steal: true }]) {
      try {
        return await navigator.locks.request(name, options, run);
      } catch (error) {
        if (running) {
          lost.abort(); // another tab has taken the lock, or the task itself has failed
          return await running;
        }
        if (closing.aborted) throw error;
      }
    }
    return await run();
  } finally {
    granted();
    closing.removeEventListener("abort", giveUp);
  }
}

/** For pages without Web Locks (no https): a lease in localStorage, which runs out when its tab does not renew it. */
async function withLease(name, closing, task) {
  const me = randomId();
  const lost = new AbortController();
  const read = () => localStorage.getItem(name)?.split(" ") ?? [null, 0];
  const take = () => localStorage.setItem(name, `${me} ${Date.now() + TURN_MS}`);
  const renew = () => (read()[0] === me ? take() : lost.abort());
  let renewing = null;
  try {
    let [seen, since] = [null, now()];
    // If two tabs take it at the same moment, the later one has it; so each looks again when the other must have seen it.
    while (read()[0] !== me) {
      const [holder, until] = read();
      if (until !== seen) [seen, since] = [until, now()];
      // The device's clock may be set: a lease that is not renewed in time has run out as well.
      if (!holder || Number(until) < Date.now() || now() - since > TURN_MS) take();
      await sleep(200 + Math.random() * 200);
      closing.throwIfAborted();
    }
    renewing = setInterval(quietly(renew), TURN_MS / 3);
  } catch (error) {
    if (closing.aborted) throw error;
    // localStorage is blocked or full.
  }
  try {
    return await task(lost.signal);
  } finally {
    clearInterval(renewing);
    quietly(() => read()[0] === me && localStorage.removeItem(name))();
  }
}

/** The function, without its exceptions. */
const quietly = (act) => () => {
  try {
    act();
  } catch {
    // e.g. localStorage has become full
  }
};

// -- Helpers ---------------------------------------------------------------------------------------------------------------

const encoder = new TextEncoder();
const sizeOf = (text) => encoder.encode(text).length;

/** 128 random bits as hex; `crypto.randomUUID` is missing on pages without https. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const digits = (number, width) => String(Math.floor(number)).padStart(width, "0");

let lastNumber = 0;
/** An id that is greater than all that this page has made before; ids of several tabs are in the order of time. */
function recordId() {
  lastNumber += 1;
  return `${digits(now(), 14)}-${digits(lastNumber, 9)}-${randomId().slice(0, 8)}`;
}

/** An id directly after another one, and before those that were made of it earlier. */
function idAfter(id) {
  lastNumber += 1;
  return `${id}~${digits(1e14 - now(), 14)}-${digits(1e9 - lastNumber, 9)}-${randomId().slice(0, 8)}`;
}

/** When a record was made, on the clock of its page. */
const madeAt = ({ id }) => Number(id.slice(0, 14));

/** A record with other items. */
const withItems = (record, id, items) => ({ ...record, id, items, bytes: items.reduce((sum, text) => sum + sizeOf(text) + 1, 0) });

/** How many of these records the next batch takes, in their order. Parts of a batch that was split go alone. */
function batchLength(records, mostItems, mostBytes) {
  let [count, items, bytes] = [0, 0, 0];
  for (const record of records) {
    items += record.items.length;
    bytes += record.bytes;
    if (items > mostItems || bytes > mostBytes || (count && (record.alone || records[0].alone))) break;
    count += 1;
  }
  return count;
}

/** The items that `problems` point to. */
const itemsAt = (items, problems) => items.filter((_, place) => problems.some(({ index }) => index === place));

/** An item with whole milliseconds, and with its moments as `convert` returns them. */
function withTimes(item, convert) {
  const changed = {};
  for (const [name, value] of Object.entries(item ?? {})) {
    if (!Number.isFinite(value)) continue;
    if (MOMENTS.includes(name)) changed[name] = Math.round(convert(value));
    if (name === "durationMs") changed[name] = Math.round(value);
  }
  return Object.keys(changed).length ? { ...item, ...changed } : item;
}

/** An item whose moments on the page's clock are ms since the session's start. */
const settled = (item, sinceStart) => withTimes(item, (ms) => (ms < EPOCH_FROM_MS ? ms : sinceStart(ms)));

function gzip(text) {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

/** `Retry-After` in ms: whole seconds, or a date. */
function retryAfterMs(value, epochMs) {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? value * 1000 : Date.parse(value) - epochMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

// Ways to read an answer. `learn` takes the answer's serverTs and returns the time.

const asJson = (isComplete) => async (answer, learn) => {
  const body = await jsonOf(answer);
  const epochMs = learn(body?.serverTs);
  if (answer.ok && isComplete(body)) return body;
  throw failureOf(answer, body, epochMs);
};
const asEnvelope = asJson((body) => body?.success === true);
const asPlain = asJson((body) => body !== null);

const asFile = (defaultName) => async (answer, learn) => {
  if (!answer.ok) throw failureOf(answer, await jsonOf(answer), learn());
  const [, name] = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [];
  return new File([await answer.blob()], name ?? defaultName, { type: answer.headers.get("Content-Type") ?? "" });
};

async function jsonOf(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The error of an answer. A success that BeMore did not write (but a hotel's log-in page, say) counts as no answer. */
function failureOf(answer, body, epochMs) {
  const { code, message, details } = body?.error ?? {};
  return new BeMoreError({
    status: answer.ok ? 0 : answer.status,
    code: code ?? (answer.ok ? "BAD_ANSWER" : `HTTP_${answer.status}`),
    message: message ?? (answer.ok ? "the answer is not BeMore's" : `the answer was ${answer.status}`),
    details,
    retryAfterMs: retryAfterMs(answer.headers.get("Retry-After"), epochMs),
  });
}

const segment = encodeURIComponent;
const laneOf = (kind, sessionId) => `${kind}/${sessionId}`;

/** A query string with its question mark; values that are null or undefined are left out. */
function queryOf(values) {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
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
    const valid = typeof all[name] === "number" && all[name] >= 0;
    if (typeof usual === "number" && !valid) throw new TypeError(`${name} must be a number of at least 0`);
  }
  if (!(all.batchItems >= 1 && all.batchItems <= 100)) throw new TypeError("batchItems must be 1 to 100, as the service takes no more");
  if (![null, ...SPEAKERS].includes(all.speaker)) throw new TypeError('speaker must be "user", "counselor" or null');
  if (all.batchBytes <= FRAME_BYTES) throw new TypeError(`batchBytes must be more than ${FRAME_BYTES}`);
  return all;
}

// -- Requests --------------------------------------------------------------------------------------------------------------

/** Sends requests and repeats them: with a token, compressed, within the quota. It also learns the service's clock. */
class Connection {
  clock = new ServerClock();
  /** What the last answer said of the quota. */
  quota = null;
  /** The last token that was used. */
  lastToken = null;
  #base;
  #options;
  #emit;
  #log;
  #token = null;
  #heldUntil = 0; // on the page's clock
  #gzip = typeof CompressionStream === "function" ? "untried" : "off"; // or: works, doubted
  #wakers = new Set();

  constructor(base, options, { emit, log }) {
    [this.#base, this.#options, this.#emit, this.#log] = [base, options, emit, log];
    this.setToken(options.token);
  }

  setToken(token) {
    this.#token = token;
    this.lastToken = typeof token === "function" ? null : token;
  }

  /** How long the last 429 still forbids requests, whole ms, as timers cut fractions off; 0 if it does not. */
  get holdMs() {
    return Math.max(0, Math.ceil(this.#heldUntil - now()));
  }

  /** End all waits for the network. */
  wake() {
    this.#wakers.forEach((wake) => wake());
  }

  /**
   * A request and its repetitions. `text` is a body of JSON; `read` makes a value of an answer; `about` describes the batch that it
   * carries (a batch does not wait for a 429 to pass, its round does); `tried` is called before each attempt.
   */
  async request(method, path, options) {
    const { text, idempotencyKey, signal, read = asEnvelope, about, tried, cache, waits = this.#options.waitsMs } = options;
    const id = randomId();
    const fields = { kind: null, sessionId: null, count: 0, ...about, method, path };
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const trace = { "X-Request-ID": `${id}.${attempt}`, ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }) };
      tried?.();
      try {
        const token = await this.#bearer(renewed);
        return await this.#attempt(method, path, { text, signal, read, token, trace, cache });
      } catch (error) {
        if (!(error instanceof BeMoreError)) throw error;
        const { status, code, message } = error;
        const { requestId } = Object.assign(error, { requestId: trace["X-Request-ID"] });
        if (status === 401 && !renewed && typeof this.#token === "function" && code !== "TOKEN") {
          renewed = true;
          attempt -= 1;
          continue;
        }
        if (status === 401) this.#emit("unauthorized", { ...fields, code, message, requestId });
        if (status === 429) this.#hold(error, fields);
        const waitMs = about && status === 429 ? null : this.#waitFor(error, waits[attempt - 1]);
        if (waitMs === null) throw error;
        this.#emit("retry", { ...fields, attempt, waitMs, status, code, message, requestId });
        await this.nap(waitMs, signal, status === 0);
      }
    }
  }

  /** One attempt, compressed if that pays; at once again without compression if that may be what failed. */
  async #attempt(method, path, { text, ...options }) {
    const send = (body, more) => this.#fetch(method, path, { ...options, ...more, body });
    if (this.#gzip === "off" || text === undefined || sizeOf(text) < this.#options.gzipBytes) return send(text);
    try {
      const noted = (status) => (this.#gzip = status === 415 ? "off" : "works");
      return await send(await gzip(text), { headers: { "Content-Encoding": "gzip" }, noted });
    } catch (error) {
      // Where CORS does not allow Content-Encoding, a compressed request looks like a network that is down.
      const refused = error.status === 415 || (error.code === "NETWORK" && this.#gzip !== "works");
      if (!refused) throw error;
    }
    return send(text, { noted: () => this.#doubtGzip() });
  }

  /** An uncompressed request has passed where a compressed one had failed. The second time that is no coincidence. */
  #doubtGzip() {
    this.#gzip = this.#gzip === "untried" ? "doubted" : "off";
    if (this.#gzip === "off") this.#log("compression off");
  }

  /** One exchange with the service. Whatever goes wrong is a BeMoreError. `noted` is called with the status of an answer. */
  async #fetch(method, path, { body, headers, signal, read, token, trace, cache, noted }) {
    const { timeoutMs, deviceId, credentials } = this.#options;
    const all = {
      ...this.#options.headers,
      ...trace,
      "X-Client-Version": VERSION,
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(deviceId && { "X-Device-ID": deviceId }),
    };
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, timeoutMs);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      const sentAt = now();
      const answer = await fetch(this.#base + path, { method, headers: all, body, credentials, cache, signal: abort.signal });
      const receivedAt = now();
      noted?.(answer.status);
      this.#noteQuota(answer.headers);
      return await read(answer, (serverTs) => this.#learnClock(method, cache, serverTs, sentAt, receivedAt));
    } catch (error) {
      if (error instanceof BeMoreError) throw error;
      if (signal?.aborted) throw new BeMoreError({ code: "ABORTED", message: "the request was aborted" });
      if (abort.signal.aborted) throw new BeMoreError({ code: "TIMEOUT", message: `no answer within ${timeoutMs} ms` });
      throw new BeMoreError({ code: "NETWORK", message: "the service could not be reached" });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Learn the service's clock, and return its time, or else the device's. A GET may come from the browser's cache, from some other day. */
  #learnClock(method, cache, ...times) {
    const fresh = method !== "GET" || cache === "no-store";
    if (fresh && this.clock.learn(...times)) this.#log("clock", { offsetMs: Math.round(this.clock.offset) });
    return this.clock.now() ?? Date.now();
  }

  #noteQuota(headers) {
    const [limit, remaining, resetSeconds] = ["Limit", "Remaining", "Reset"].map((name) => headers.get(`RateLimit-${name}`));
    if (limit !== null) this.quota = { limit: Number(limit), remaining: Number(remaining), resetSeconds: Number(resetSeconds) };
  }

  /** The token to use now. A function is called again after a 401, and told so. */
  async #bearer(expired) {
    if (typeof this.#token !== "function") return this.#token;
    try {
      return (this.lastToken = await within(this.#options.timeoutMs, this.#token({ expired })));
    } catch (error) {
      throw new BeMoreError({ status: 401, code: "TOKEN", message: `the function token failed: ${error?.message ?? error}` });
    }
  }

  /** Too many requests: no batch leaves before the time that the service names. */
  #hold({ retryAfterMs, requestId }, fields) {
    const ms = retryAfterMs ?? DEFAULT_HOLD_MS;
    this.#heldUntil = now() + ms + Math.random() * Math.min(1000, ms * this.#options.jitter);
    this.#emit("ratelimited", { ...fields, retryAfterMs: ms, requestId });
  }

  /** How long to wait before the next attempt, ms; null if there is none. */
  #waitFor({ status, code, retryAfterMs }, usual) {
    if (usual === undefined || code === "ABORTED") return null;
    if (status === 429) return this.holdMs;
    if (status !== 0 && status !== 408 && status < 500) return null;
    const jittered = usual * (1 + Math.random() * this.#options.jitter);
    return Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_WAIT_MS));
  }

  /** Wait; less if `signal` aborts or, with `online`, if the browser gets a network again. */
  nap(ms, signal, online) {
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
}

// -- The client ------------------------------------------------------------------------------------------------------------

/** A client of one service for one user. Events: sent, retry, queued, dropped, ratelimited, unauthorized, storage. */
export class BeMoreClient extends EventTarget {
  #options;
  #base;
  #name;
  #store;
  #connection;
  #starts = new Map(); // startedAt by session
  #ends = new Map(); // what became of the records that a call of end() waits for, by id
  #lanes = new Map(); // items that are not due yet, by lane
  #tail = []; // the newest records that may not have been sent, for a page that closes
  #estimate = null; // upper bound of what the log holds
  #writing = Promise.resolve();
  #turn = Promise.resolve();
  #handled = 0; // batches that are off the list, stored or dropped
  #stalled = false; // the last round could not send everything
  #probeAt = 0;
  #resendTimer = null;
  #leaving = new WeakSet(); // records that a closing page is sending,
  #leavingBytes = 0; // and their size
  #cancel = new AbortController();
  #closing = new AbortController();

  /**
   * Starts to send what earlier visits have left.
   * @param {object} [options] see DEFAULTS and `BeMoreOptions`; TypeError for an unknown or impossible one
   */
  constructor(options = {}) {
    super();
    this.#options = checked(options);
    this.#base = new URL(this.#options.baseUrl || "/", globalThis.location?.href).href.replace(/\/+$/, "");
    this.#name = `bemore-client|${this.#base}|${this.#options.user}`;
    this.#store = this.#newStore();
    const emit = (name, detail) => {
      this.#emit(name, detail);
      if (name === "ratelimited") this.#arm(this.#options.resendMs);
    };
    this.#connection = new Connection(this.#base, this.#options, { emit, log: (...values) => this.#log(...values) });
    this.#listen();
    this.#drain();
  }

  /** The quota in the last answer: `{limit, remaining, resetSeconds}`, or null before the first. */
  get quota() {
    return this.#connection.quota;
  }

  /** How far the device's clock is ahead of the service's, ms (negative: behind); null before the first answer that shows it. */
  get clockOffsetMs() {
    const { clock } = this.#connection;
    return clock.offset === null ? null : Math.round(Date.now() - clock.now());
  }

  // -- The life of a session

  /** Start a session. All attempts carry one `Idempotency-Key`, so it is started once; pass your own as `idempotencyKey`. */
  async start(userId, counselorId, { idempotencyKey = randomId(), demo, signal } = {}) {
    const json = { userId, counselorId, demo };
    return this.#remembered(await this.#data("POST", "/api/session/start", { json, idempotencyKey, signal }));
  }

  /** A session and its totals. */
  async session(sessionId, options) { return this.#remembered(await this.#data("GET", this.#of(sessionId), options)); }

  /** Pause a session. Pausing twice changes nothing. */
  async pause(sessionId, options) { return this.#data("POST", this.#of(sessionId, "/pause"), { ...options, json: {} }); }

  /** Resume a paused session. */
  async resume(sessionId, options) { return this.#data("POST", this.#of(sessionId, "/resume"), { ...options, json: {} }); }

  /**
   * Send what is pending of the session, then end it. The end is kept like a batch: if this rejects with `error.kept`, it is sent later.
   * With `keepalive` all requests leave before this returns, for use in `pagehide`; what does not fit into the 64 KiB that browsers allow
   * is sent at the next visit.
   */
  async end(sessionId, { keepalive = false } = {}) {
    const pending = this.#takeSession(this.#known(sessionId));
    const record = this.#record("end", sessionId, [], 0);
    this.#ends.set(record.id, null);
    const saved = this.#keep(record);
    if (keepalive) this.#beacon(sessionId);
    try {
      const lanes = await pending;
      await saved;
      return await this.#endOf(record, lanes);
    } finally {
      this.#ends.delete(record.id);
    }
  }

  /** The answer to an end that is in the log. Waits out each 429, until as many waits in a row were in vain as a request has. */
  async #endOf(record, lanes) {
    let [fruitless, handled, error] = [0, this.#handled, null];
    for (;;) {
      const { failure, lost } = await this.#drain(lanes);
      const outcome = this.#ends.get(record.id);
      if (outcome?.error) throw outcome.error;
      if (outcome?.data) return outcome.data;
      const left = await this.#store.list([record.lane], "");
      // Another tab has sent it; the service answers a repeated end with the same data.
      if (!left.some(({ id }) => id === record.id)) return this.#data("POST", target("end", record.sessionId), { json: {} });
      fruitless = this.#handled > handled ? 0 : fruitless + 1;
      [handled, error] = [this.#handled, failure ?? error];
      const { holdMs } = this.#connection;
      if ((failure && !holdMs && !lost) || fruitless > this.#options.waitsMs.length || this.#closing.signal.aborted) {
        throw Object.assign(error ?? new BeMoreError({ code: "CLOSED", message: "the end has not been sent yet" }), { kept: true });
      }
      await this.#connection.nap(holdMs + 1, this.#closing.signal);
    }
  }

  /** Erase a session and all its data, including what is pending here. */
  async erase(sessionId, options) {
    const lanes = await this.#takeSession(sessionId);
    const answer = await this.#deleted(this.#of(sessionId), { sessionId }, "SESSION_NOT_FOUND", options);
    await this.#forget((await this.#store.list(lanes, "")).map(({ id }) => id));
    return answer;
  }

  // -- Telemetry: one item or an array. Each call resolves when the items are on disk, before they are sent. An item of the first three
  // -- may have a `speaker`, else it gets that of the options.

  /** Add face frames: `{ts, qualityScore?, faceLandmarksCompressed?, landmarks?, speaker?}`. */
  async frames(sessionId, items) { return this.#collect("frames", sessionId, items); }

  /** Add audio chunks: `{tsStart, tsEnd, vad, rms?, pitch?, speaker?}`. */
  async audio(sessionId, items) { return this.#collect("audio", sessionId, items); }

  /** Add snippets of the transcript: `{tsStart, tsEnd, text, lang?, speaker?}`. */
  async stt(sessionId, items) { return this.#collect("stt", sessionId, items); }

  /** Add minutes that the page has scored: `{minuteIndex, facialScore, vadScore, textScore, combinedScore, …}`. */
  async batchTick(sessionId, items) { return this.#collect("batchTick", sessionId, items); }

  // -- Calls that are sent at once

  /** Send what is pending of the session, then let the service score a minute; by default the last complete one. */
  async tick(sessionId, minuteIndex, options) {
    await this.#drain(await this.#takeSession(sessionId));
    return this.#data("POST", this.#of(sessionId, "/tick"), { ...options, json: { minuteIndex } });
  }

  /** The scored minutes of a session and their statistics. */
  async inferences(sessionId, { limit, cursor, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/inferences${queryOf({ limit, cursor })}`), { signal });
  }

  /** The whole report; its sentences in `lang`, "ko" or "en", with times of the zone `tz`, such as "Asia/Seoul". */
  async report(sessionId, { limit, cursor, lang, tz, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/report${queryOf({ limit, cursor, lang, tz })}`), { signal });
  }

  /** The report as a few sentences of plain text, in `lang`, with times of the zone `tz`. */
  async reportSummary(sessionId, { lang, tz, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/report/summary${queryOf({ lang, tz })}`), { signal });
  }

  /** The observations of a session, in `lang`, with times of the zone `tz`. */
  async summary(sessionId, { lang, tz, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/summary${queryOf({ lang, tz })}`), { signal });
  }

  /** The voice metrics of a session; their sentence in `lang`. */
  async vadAnalysis(sessionId, { lang, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/vad-analysis${queryOf({ lang })}`), { signal });
  }

  /**
   * The address of a report: `format` is pdf, csv or html, `kind` of a csv is vad or emotion, `transcript` appends the transcript to a
   * pdf, `lang` and `tz` as in `report`. A link sends no token.
   */
  reportUrl(sessionId, format, { kind = "vad", transcript, lang, tz } = {}) {
    if (!["pdf", "csv", "html"].includes(format)) throw new TypeError("format must be pdf, csv or html");
    const own = { csv: { kind }, pdf: { transcript: transcript ? "true" : null } }[format];
    return this.#base + this.#of(sessionId, `/report/${format}${queryOf({ ...own, lang, tz })}`);
  }

  /** A report as a `File` with the name that the service gives it; options as in `reportUrl`. Sends the token. */
  async reportFile(sessionId, format, { signal, ...options } = {}) {
    const path = this.reportUrl(sessionId, format, options).slice(this.#base.length);
    return this.#file(path, `bemore-report-${sessionId}.${format}`, signal);
  }

  /** Rate a session, 1 to 5. All attempts carry one `Idempotency-Key`, so it is stored once. */
  async feedback(sessionId, rating, note, { idempotencyKey = randomId(), signal } = {}) {
    return this.#data("POST", this.#of(sessionId, "/feedback"), { json: { rating, note }, idempotencyKey, signal });
  }

  /** The notes of a session that the caller may see, in the order of time. */
  async notes(sessionId, options) { return this.#data("GET", this.#of(sessionId, "/notes"), options); }

  /**
   * Add a note: `{tStart, tEnd?, kind, text?, visibility?}`, moments as in telemetry. All attempts carry one `Idempotency-Key`, so it is
   * stored once; pass your own as `idempotencyKey`.
   */
  async addNote(sessionId, note, { idempotencyKey = randomId(), signal } = {}) {
    const json = await this.#timed(sessionId, note, signal);
    return this.#data("POST", this.#of(sessionId, "/notes"), { json, idempotencyKey, signal });
  }

  /** Change parts of a note of one's own. */
  async editNote(sessionId, noteId, changes, { signal } = {}) {
    const json = await this.#timed(sessionId, changes, signal);
    return this.#data("PUT", this.#of(sessionId, `/notes/${segment(noteId)}`), { json, signal });
  }

  /** Delete a note of one's own; an admin may delete shared ones. */
  async deleteNote(sessionId, noteId, options) {
    return this.#deleted(this.#of(sessionId, `/notes/${segment(noteId)}`), { noteId }, "NOTE_NOT_FOUND", options);
  }

  /** Counts and durations of all sessions, and the newest of them. */
  async stats(options) { return this.#data("GET", "/api/session/stats/summary", options); }

  /** A page of sessions, newest first, with `overview` how each went; continue with `cursor: nextCursor` until that is null. */
  async sessions({ q, status, userId, counselorId, from, to, overview, limit, cursor, signal } = {}) {
    const query = queryOf({ q, status, userId, counselorId, from, to, overview, limit, cursor });
    return this.#data("GET", `/api/session${query}`, { signal });
  }

  /** A page of a user's sessions, newest first. */
  async userSessions(userId, { limit, cursor, signal } = {}) {
    return this.#data("GET", `/api/session/user/${segment(userId)}${queryOf({ limit, cursor })}`, { signal });
  }

  /** A page of how a user's sessions went, newest first; continue with `cursor: nextCursor` until that is null. */
  async progress(userId, { counselorId, limit, cursor, signal } = {}) {
    return this.#data("GET", `/api/session/user/${segment(userId)}/progress${queryOf({ counselorId, limit, cursor })}`, { signal });
  }

  /** How all sessions of a user went as CSV: a `File` with the name that the service gives it. */
  async progressFile(userId, { counselorId, signal } = {}) {
    return this.#file(`/api/session/user/${segment(userId)}/progress/csv${queryOf({ counselorId })}`, "bemore-progress.csv", signal);
  }

  /** A page of the transcript, in the order of time; `from` is the first time, ms since the session's start. */
  async transcript(sessionId, { from, limit, cursor, signal } = {}) {
    return this.#data("GET", this.#of(sessionId, `/transcript${queryOf({ from, limit, cursor })}`), { signal });
  }

  /** The transcript as WebVTT, for subtitles: a `File` with the name that the service gives it, its speakers named in `lang`. */
  async transcriptVtt(sessionId, { lang, tz, signal } = {}) {
    return this.#file(this.#of(sessionId, `/transcript/vtt${queryOf({ lang, tz })}`), `bemore-transcript-${sessionId}.vtt`, signal);
  }

  /** The transcript as plain text, a line for each turn: a `File` with the name that the service gives it, its speakers named in `lang`. */
  async transcriptText(sessionId, { lang, tz, signal } = {}) {
    return this.#file(this.#of(sessionId, `/transcript/text${queryOf({ lang, tz })}`), `bemore-transcript-${sessionId}.txt`, signal);
  }

  /** Today's averages, their trend, and the newest reports. */
  async dashboard(options) { return this.#data("GET", "/api/dashboard/summary", options); }

  /** The settings of this user (without authentication: of `deviceId`). */
  async preferences(options) { return this.#data("GET", "/api/user/preferences", options); }

  /** Store settings. */
  async setPreferences(preferences, options) {
    return this.#data("PUT", "/api/user/preferences", { ...options, json: { preferences } });
  }

  /** What the service measures of the connection. */
  async devicesCheck(options) { return this.#data("POST", "/api/session/devices/check", { ...options, json: {} }); }

  /** The emotion of a text of at most 2000 characters. */
  async emotion(text, options) { return this.#data("POST", "/api/emotion", { ...options, json: { text } }); }

  /** Whether the service runs. */
  async health(options) { return this.#connection.request("GET", "/health", { ...options, read: asPlain }); }

  /** Counters of the service. */
  async monitoringHealth(options) { return this.#data("GET", "/api/monitoring/health", options); }

  /** Error counts of the service. */
  async errorStats(options) { return this.#data("GET", "/api/monitoring/error-stats", options); }

  // -- The log

  /** Try to send everything in the log now; returns what is left, as `pending` does. */
  async flush() {
    this.#lanes.forEach((lane) => this.#take(lane));
    await this.#writing;
    await this.#drain();
    return this.pending();
  }

  /** What the log holds, of all tabs: `{batches, items, bytes}`. */
  async pending() {
    await this.#saveAll();
    return this.#store.size();
  }

  /** Delete the log of this service and user, sent or not, e.g. at a log-out on a shared computer. Rejects if the disk refuses. */
  async clear() {
    this.#cancel.abort();
    this.#cancel = new AbortController();
    for (const lane of this.#lanes.values()) this.#stopTimers(lane);
    this.#lanes.clear();
    this.#tail = [];
    await this.#writing;
    this.#estimate = null;
    try {
      await this.#store.clear();
    } catch (error) {
      throw new BeMoreError({ code: "STORAGE", message: `the log could not be deleted: ${error?.message ?? error}` });
    }
  }

  /** Use a new token, or a function that returns one (it may be async), and send what has waited for it. */
  setToken(token) {
    this.#connection.setToken(token);
    this.#drain();
  }

  /** Save everything and stop: no timers, no listeners, no requests. The log is sent at the next visit. */
  async close() {
    this.#closing.abort();
    await this.#saveAll();
    this.#cancel.abort();
    clearTimeout(this.#resendTimer);
    this.#connection.wake();
    await this.#turn;
    await this.#store.close?.();
  }

  // -- Collecting ----------------------------------------------------------------------------------------------------------

  #collect(kind, sessionId, items) {
    if (this.#closing.signal.aborted) throw new TypeError("this client is closed");
    const { batchBytes, batchItems, saveMs, batchMs } = this.#options;
    const lane = this.#lane(kind, this.#known(sessionId));
    for (const item of [items].flat()) {
      const [text, deviceTimes] = this.#textOf(this.#withSpeaker(item, kind), sessionId);
      const bytes = sizeOf(text) + 1;
      if (bytes > batchBytes - FRAME_BYTES) {
        this.#dropped({ kind, sessionId, items: [text] }, { reason: "too-large", message: `an item of ${bytes} bytes` });
        continue;
      }
      if (lane.bytes + bytes > batchBytes - FRAME_BYTES) this.#due(lane);
      lane.unsaved.push(text);
      lane.deviceTimes ||= deviceTimes;
      lane.unsavedBytes += bytes;
      lane.since ??= now();
      lane.items += 1;
      lane.bytes += bytes;
      this.#lanes.set(lane.key, lane);
      if (lane.items >= batchItems) this.#due(lane);
    }
    if (!lane.unsaved.length) return this.#writing;
    lane.sendTimer ??= setTimeout(() => this.#due(lane), batchMs);
    lane.saveTimer ??= setTimeout(() => this.#save(lane), saveMs);
    // Timers of a background tab are late; its items are not.
    if (now() - lane.since >= saveMs) return this.#save(lane);
    return new Promise((resolve) => lane.savers.push(resolve));
  }

  /** An item with the speaker of the options, unless it has one of its own. */
  #withSpeaker(item, kind) {
    const { speaker } = this.#options;
    const lacksIt = SPOKEN.includes(kind) && typeof item === "object" && item !== null && item.speaker === undefined;
    return speaker && lacksIt ? { ...item, speaker } : item;
  }

  /**
   * The JSON of an item. Moments on the device's clock become ms since the session's start. While the start or the service's clock is
   * unknown, they stay on the page's clock, and the second value is true.
   */
  #textOf(item, sessionId) {
    let deviceTimes = false;
    const convert = (ms) => {
      if (ms < EPOCH_FROM_MS) return ms;
      const onPageClock = this.#connection.clock.fromDevice(ms);
      const sinceStart = this.#sinceStart(sessionId);
      if (sinceStart) return sinceStart(onPageClock);
      deviceTimes = true;
      return onPageClock;
    };
    return [JSON.stringify(withTimes(item, convert)) ?? "null", deviceTimes];
  }

  /** A note whose moments are ms since the session's start; asks for that start if it is not known. */
  async #timed(sessionId, note, signal) {
    const [text, deviceTimes] = this.#textOf(note, sessionId);
    if (!deviceTimes) return JSON.parse(text);
    await this.session(sessionId, { cache: "no-store", signal });
    return settled(JSON.parse(text), this.#sinceStart(sessionId) ?? ((ms) => ms));
  }

  /** The function from the page's clock to ms since the session's start; null while that is unknown. */
  #sinceStart(sessionId) {
    const [startedAt, { offset }] = [this.#starts.get(sessionId), this.#connection.clock];
    return startedAt === undefined || offset === null ? null : (ms) => Math.max(0, ms + offset - startedAt);
  }

  /** Note when a session was started. */
  #remembered(session) {
    this.#starts.set(session.sessionId, session.startedAt);
    return session;
  }

  #lane(kind, sessionId) {
    const key = laneOf(kind, sessionId);
    const empty = { key, kind, sessionId, items: 0, bytes: 0, sendTimer: null, saveTimer: null, savers: [] };
    return this.#lanes.get(key) ?? { ...empty, unsaved: [], unsavedBytes: 0, since: null, deviceTimes: false };
  }

  #stopTimers(lane) {
    clearTimeout(lane.saveTimer);
    clearTimeout(lane.sendTimer);
    lane.saveTimer = lane.sendTimer = null;
  }

  /** Write what a lane has collected since the last time to the log. */
  #save(lane) {
    clearTimeout(lane.saveTimer);
    const { kind, sessionId, unsaved, unsavedBytes, savers, deviceTimes } = lane;
    Object.assign(lane, { unsaved: [], unsavedBytes: 0, savers: [], saveTimer: null, since: null, deviceTimes: false });
    const record = { ...this.#record(kind, sessionId, unsaved, unsavedBytes), ...(deviceTimes && { deviceTimes }) };
    const saved = unsaved.length ? this.#keep(record) : this.#writing;
    savers.forEach((resolve) => resolve(saved));
    return saved;
  }

  /** Write a lane to the log and start it anew. */
  #take(lane) {
    this.#stopTimers(lane);
    this.#lanes.delete(lane.key);
    lane.items = lane.bytes = 0;
    return this.#save(lane);
  }

  /** A lane is full, or its time has come: send it, or see whether the service is back. */
  #due(lane) {
    this.#take(lane).then(() => {
      if (this.#connection.holdMs) return;
      if (!this.#stalled) this.#drain([lane.key]);
      else if (now() >= this.#probeAt) this.#drain(null, []);
    });
  }

  /** Write everything of a session to the log; returns its lanes. */
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
    const savedAt = this.#connection.clock.now();
    return { id: recordId(), lane: laneOf(kind, sessionId), kind, sessionId, items, bytes, savedAt };
  }

  #keep(record) {
    this.#tail.push(record);
    let bytes = 0;
    const from = this.#tail.findLastIndex((each) => (bytes += each.bytes) > 2 * KEEPALIVE_BYTES);
    this.#tail.splice(0, from); // rather one too many than one too few
    const stored = this.#store.append(record); // at once, as the page may be closing
    const kept = this.#writing.then(() => stored).then(() => this.#trim(record));
    this.#writing = kept.catch(() => undefined);
    return kept;
  }

  /** Hold the bounds. The estimate does not count what was sent, so it is measured again before anything is dropped. */
  async #trim(record) {
    const { keepItems, keepBytes } = this.#options;
    const over = ({ items, bytes }) => items > keepItems || bytes > keepBytes;
    let size = this.#estimate;
    if (size) [size.items, size.bytes] = [size.items + record.items.length, size.bytes + record.bytes];
    if (size && !over(size)) return;
    do size = await this.#store.size();
    while (over(size) && (await this.#dropOldest()));
    this.#estimate = size;
  }

  async #dropOldest() {
    const oldest = (await this.#store.list(null, "", 100)).find(({ kind }) => kind !== "end");
    if (oldest) await this.#drop([oldest], { reason: "full", message: "more than keepItems, keepBytes or the disk allow" });
    return Boolean(oldest);
  }

  #newStore() {
    const { storage } = this.#options;
    if (storage === "memory") return new MemoryStore();
    const own = typeof storage === "object" && storage;
    if (!own && storage !== "indexeddb") throw new TypeError('storage must be "indexeddb", "memory" or a store');
    return new DurableStore(own || new IndexedDbStore(this.#name), {
      makeRoom: () => this.#dropOldest(),
      changed: (persistent, error) => {
        this.#estimate = null;
        this.#emit("storage", { persistent, message: persistent ? "the disk works again" : String(error?.message ?? error) });
        if (persistent) this.#drain(); // there may be batches of earlier visits
      },
    });
  }

  // -- Sending -------------------------------------------------------------------------------------------------------------

  /** Send these lanes of the log (null: all), oldest first, when it is this tab's turn. */
  #drain(lanes = null, waits = this.#options.waitsMs) {
    const closing = this.#closing.signal;
    const round = (lost) => this.#round(lanes, waits, lost);
    const turn = () => (this.#store.persistent ? exclusive(this.#name, closing, round) : round());
    const result = this.#turn.then(turn).catch((error) => {
      if (!closing.aborted) throw error;
      return { failure: null };
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #round(lanes, waits, lost) {
    const partOfBacklog = lanes !== null && this.#stalled;
    // What is collected in the meantime waits for its own round: else each answer would be followed by another tiny batch, without end.
    const began = Math.floor(now());
    const isNew = (record) => madeAt(record) > began && madeAt(record) <= now();
    let [after, failure, failures] = ["", null, 0];
    while (!this.#closing.signal.aborted && !lost?.aborted && !this.#connection.holdMs) {
      const [first] = await this.#store.list(lanes, after, 1);
      if (!first || isNew(first)) break;
      const records = await this.#gather(first, after, isNew);
      if (!records.length) continue; // another tab was quicker
      const { step, data, error } = await this.#deliver(records, waits);
      if (step === "next" && this.#ends.has(first.id)) this.#ends.set(first.id, { data, error });
      if (step === "next") [failures, this.#handled] = [0, this.#handled + 1];
      if (step === "skip") [after, failures] = [first.id, failures + (error.status >= 500)];
      if (step === "stop" || step === "skip") failure = error;
      if (step === "stop" || failures >= MAX_FAILURES) break;
    }
    if (lost?.aborted) this.#log("another tab took over");
    this.#stalled = failure !== null || partOfBacklog;
    if (failure) this.#probeAt = now() + this.#options.probeMs;
    this.#arm(partOfBacklog && !failure ? 0 : this.#options.resendMs);
    return { failure, lost: lost?.aborted };
  }

  /** The batch that starts with a record: what was collected after it of the same kind and session. */
  async #gather({ lane }, after, isNew) {
    const { batchItems, batchBytes } = this.#options;
    const records = (await this.#store.list([lane], after, batchItems)).filter((record, index) => !index || !isNew(record));
    return records.slice(0, Math.max(1, batchLength(records, batchItems, batchBytes - FRAME_BYTES)));
  }

  /** Send one batch. `step` says how the round goes on: next, skip (this batch is kept), again, stop. */
  async #deliver(records, waits) {
    const { kind, sessionId, savedAt } = records[0];
    const serverNow = this.#connection.clock.now();
    if (savedAt !== null && serverNow !== null && serverNow - savedAt > this.#options.keepMs) {
      await this.#drop(records, { reason: "expired", message: "kept for longer than keepMs" });
      return { step: "next" };
    }
    const { signal } = this.#cancel;
    let [batch, attempts] = [records, 0];
    const about = { kind, sessionId, count: records.reduce((sum, { items }) => sum + items.length, 0) };
    try {
      if (records.some(({ deviceTimes }) => deviceTimes)) batch = await this.#settleTimes(records, { about, waits, signal });
      const items = batch.flatMap((record) => record.items);
      const text = bodyOf(kind, sessionId, items);
      const options = { text, waits, about, signal, tried: () => attempts++ };
      const { data, requestId, errors = [] } = await this.#connection.request("POST", target(kind, sessionId), options);
      await this.#forget(batch.map(({ id }) => id));
      this.#emit("sent", { ...about, count: items.length - errors.length, bytes: sizeOf(text), attempts, requestId, data });
      // A batch-tick that was stored in part: sending the rest again would change nothing.
      const why = { reason: "refused", status: 201, message: errors[0]?.message, details: errors, requestId };
      if (errors.length) this.#dropped({ kind, sessionId, items: itemsAt(items, errors) }, why);
      return { step: "next", data };
    } catch (error) {
      if (!(error instanceof BeMoreError)) throw error;
      return this.#undelivered(batch, error, signal);
    }
  }

  /** What becomes of a batch that was not stored: mended, split, dropped, or kept. */
  async #undelivered(records, error, signal) {
    const { status, code, message, details, requestId } = error;
    if (signal.aborted) return { step: "stop", error };
    const items = records.flatMap((record) => record.items);
    // The age of a batch counts from when the service's clock was first known.
    const first = { ...records[0], savedAt: records[0].savedAt ?? this.#connection.clock.now() };
    const { kind, sessionId } = first;
    const why = { status, code, message, details, requestId };
    // A 413 that names the session says that the session is full, not that the body is too large.
    if (status === 413 && items.length > 1 && !details.some(({ field }) => field === "sessionId")) {
      await this.#split(records, first, items);
      return { step: "again" };
    }
    if (code === "VALIDATION_ERROR" && details.some(({ index }) => index in items)) {
      const bad = new Set(details.map(({ index }) => index));
      const good = items.filter((_, index) => !bad.has(index));
      await this.#replace(records, good.length ? [withItems(first, first.id, good)] : []);
      this.#dropped({ kind, sessionId, items: itemsAt(items, details) }, { ...why, reason: "refused" });
      return { step: good.length ? "again" : "next" };
    }
    const reason = status === 413 ? "too-large" : REASONS[code];
    if (reason) {
      await this.#drop(records, { ...why, reason });
      return { step: "next", error };
    }
    // The connection may be too slow for it.
    if (code === "TIMEOUT" && items.length > 1) await this.#split(records, first, items);
    else if (first.savedAt !== records[0].savedAt) await this.#replace(records, [withItems(first, first.id, items)]);
    if (status === 401 || status === 429) return { step: "stop", error };
    this.#emit("queued", { kind, sessionId, count: items.length, status, code, message, requestId, resendMs: this.#options.resendMs });
    const away = status < 400 || status === 408 || status > 500;
    return { step: away ? "stop" : "skip", error };
  }

  /**
   * Convert moments that were collected before the session's start and the service's clock were known. The result goes to the log before
   * it is sent: a second attempt must send the same moments.
   */
  async #settleTimes(records, options) {
    const { id, sessionId } = records[0];
    if (!this.#sinceStart(sessionId)) await this.session(sessionId, { ...options, cache: "no-store" });
    const sinceStart = this.#sinceStart(sessionId);
    if (options.signal.aborted) throw new BeMoreError({ code: "ABORTED", message: "the log was deleted" });
    if (!sinceStart) return records; // the answer did not say
    const items = records.flatMap((record) => record.items).map((text) => JSON.stringify(settled(JSON.parse(text), sinceStart)));
    const record = { ...withItems(records[0], id, items), deviceTimes: false };
    await this.#replace(records, [record]);
    return [record];
  }

  /** Make two batches of this one. Others keep their size. */
  async #split(records, first, items) {
    const half = Math.ceil(items.length / 2);
    const part = (id, some) => ({ ...withItems(first, id, some), alone: true });
    await this.#replace(records, [part(first.id, items.slice(0, half)), part(idAfter(records.at(-1).id), items.slice(half))]);
    this.#log("split", { kind: first.kind, sessionId: first.sessionId, count: items.length });
  }

  /** Replace records. The additional ones are written first: a page that closes in between then leaves too much, not too little. */
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

  /** Send the log after `ms`, or when the hold of a 429 ends, if that is sooner. */
  #arm(ms) {
    clearTimeout(this.#resendTimer);
    if (this.#closing.signal.aborted) return;
    const { holdMs } = this.#connection;
    this.#resendTimer = setTimeout(() => this.#drain(), holdMs ? Math.min(holdMs, ms) : ms);
  }

  // -- The life of the page ------------------------------------------------------------------------------------------------

  #listen() {
    const on = (place, name, act) => place?.addEventListener?.(name, act, { signal: this.#closing.signal });
    on(globalThis, "online", () => {
      this.#connection.wake();
      this.#drain();
    });
    on(globalThis, "pagehide", () => {
      this.#saveAll();
      this.#beacon();
    });
    on(globalThis, "pageshow", ({ persisted }) => persisted && this.#drain());
    // The last event that a phone gives a page before it ends it.
    on(globalThis.document, "visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#lanes.forEach((lane) => this.#due(lane));
    });
  }

  /** Send the newest records with requests that outlive the page, as far as browsers allow; the rest stays in the log. */
  #beacon(sessionId) {
    if (this.#connection.holdMs) return;
    const mine = this.#tail.filter(
      (record) => !this.#leaving.has(record) && !record.deviceTimes && (!sessionId || record.sessionId === sessionId),
    );
    mine.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
    for (const lane of new Set(mine.map((record) => record.lane))) {
      let waiting = mine.filter((record) => record.lane === lane);
      while (waiting.length) {
        const room = KEEPALIVE_BYTES - this.#leavingBytes - (waiting[0].kind === "end" ? 0 : FRAME_BYTES);
        const count = batchLength(waiting, this.#options.batchItems, room);
        if (!count) break;
        this.#sendLast(waiting.slice(0, count));
        waiting = waiting.slice(count);
      }
    }
  }

  /**
   * One request of a page that closes. Without a token it is a "simple" one, text without headers of its own: a page that is gone may not
   * see the answer to a preflight.
   */
  async #sendLast(records) {
    const { kind, sessionId } = records[0];
    const body = bodyOf(kind, sessionId, records.flatMap(({ items }) => items));
    const bytes = sizeOf(body);
    const headers = { ...this.#options.headers };
    const { lastToken } = this.#connection;
    if (lastToken) Object.assign(headers, { "Content-Type": "application/json", Authorization: `Bearer ${lastToken}` });
    records.forEach((record) => this.#leaving.add(record));
    this.#leavingBytes += bytes;
    try {
      const { credentials } = this.#options;
      const answer = await fetch(this.#base + target(kind, sessionId), { method: "POST", body, headers, credentials, keepalive: true });
      // Anything but a full success is handled when the batch is sent in the ordinary way.
      const { success, errors } = await answer.json();
      if (success === true && !errors) await this.#forget(records.map(({ id }) => id));
    } catch {
      // It stays in the log.
    } finally {
      records.forEach((record) => this.#leaving.delete(record));
      this.#leavingBytes -= bytes;
    }
  }

  // -- Small parts ---------------------------------------------------------------------------------------------------------

  #of(sessionId, rest = "") {
    return `/api/session/${segment(this.#known(sessionId))}${rest}`;
  }

  #known(sessionId) {
    if (typeof sessionId !== "string" || !sessionId) throw new TypeError("sessionId must be the text that start() returned");
    return sessionId;
  }

  async #data(method, path, { json, ...options } = {}) {
    return (await this.#connection.request(method, path, { ...options, text: json && JSON.stringify(json) })).data;
  }

  /** Delete something. Where it is gone at the second attempt, the answer to the first was lost. */
  async #deleted(path, named, missing, options) {
    let attempts = 0;
    try {
      return await this.#data("DELETE", path, { ...options, tried: () => attempts++ });
    } catch (error) {
      if (attempts < 2 || error.code !== missing) throw error;
      return { ...named, deleted: true };
    }
  }

  #file(path, defaultName, signal) {
    return this.#connection.request("GET", path, { signal, read: asFile(defaultName) });
  }

  #emit(name, detail) {
    this.#log(name, detail);
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** With `debug`, write a decision to the console: no objects and no messages, as these hold or quote what was said. */
  #log(what, fields = {}) {
    if (!this.#options.debug) return;
    const safe = Object.entries(fields).filter(([name, value]) => name !== "message" && typeof value !== "object");
    console.debug(`bemore-client: ${what}`, JSON.stringify(Object.fromEntries(safe)));
  }
}
