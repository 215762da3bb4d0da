/**
 * What the page asks of the service. Reads that are repeated send the ETag of what the page has; all else goes through the
 * client library. A token is kept by this tab alone (sessionStorage) and sent to this service alone.
 */

import { BeMoreClient } from "../../static/bemore-client.js";
import { noteQuota, noteQuotaOf } from "./quota.js";

/** Address of the service: this module lies in `console/<version>/`. */
const BASE = new URL("../..", import.meta.url).href;

const KEY = "bemore.console.token";

/** A request that was refused, or that had no answer (`status` 0). */
export class Refused extends Error {
  constructor(status, code, message, retryAfterMs = null) {
    super(message);
    Object.assign(this, { name: "Refused", status, code, retryAfterMs });
  }
}

let current = keptToken();
const listeners = new Set();

function keptToken() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const token = () => current;

/** Use another token, or with null none. */
export function setToken(value) {
  current = value || null;
  try {
    if (current) sessionStorage.setItem(KEY, current);
    else sessionStorage.removeItem(KEY);
  } catch {
    // It then holds until the page is left.
  }
  client.setToken(current);
  listeners.forEach((listener) => listener());
}

export const onToken = (listener) => listeners.add(listener);

/** What the token says of its owner, `{sub, role}`, or null. The service checks it, this page only reads it. */
export function tokenOwner() {
  try {
    const payload = current.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0))));
  } catch {
    return null;
  }
}

/** A client of the library: for what is done to sessions, once. It keeps nothing on disk. */
export function newClient(options = {}) {
  const made = new BeMoreClient({ baseUrl: BASE, token: current, storage: "memory", ...options });
  made.addEventListener("unauthorized", () => unauthorized.forEach((listener) => listener()));
  return made;
}

const unauthorized = new Set();

/** Call `listener` whenever the service asks for a token, or for another one. */
export const onUnauthorized = (listener) => unauthorized.add(listener);

export const client = newClient();

/** Do something with the client; its quota is shown afterwards. */
export async function act(work, using = client) {
  try {
    return await work(using);
  } finally {
    noteQuotaOf(using.quota);
  }
}

/** What was read: `data`, its `etag`, how long the answer took, and how far the service's clock is ahead of this one's, ms. */
export async function read(path, { etag = null, signal } = {}) {
  const headers = { ...(current && { Authorization: `Bearer ${current}` }), ...(etag && { "If-None-Match": etag }) };
  const began = performance.now();
  let answer;
  try {
    // What may be shown again is said by ETags here; the browser's cache shall keep nothing of a session.
    answer = await fetch(new URL(path, BASE), { headers, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "NETWORK", "no answer");
  }
  noteQuota(answer.headers);
  if (answer.status === 304) {
    await answer.text(); // to its end, or the connection is not used again
    return { data: null, etag, tookMs: performance.now() - began };
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body?.success) {
    const aheadMs = body.serverTs - Date.now();
    return { data: body.data, etag: answer.headers.get("ETag"), tookMs: performance.now() - began, aheadMs };
  }
  if (answer.status === 401) unauthorized.forEach((listener) => listener());
  const seconds = Number(answer.headers.get("Retry-After"));
  throw new Refused(answer.status, body?.error?.code ?? "", body?.error?.message ?? "", seconds ? seconds * 1000 : null);
}

const segment = encodeURIComponent;

/** A page of sessions, with how each went; `filter` may have q, status, userId, counselorId, from, to, limit, cursor. */
export function sessions(filter, options) {
  const given = Object.entries(filter).filter(([, value]) => value);
  return read(`api/session?${new URLSearchParams([...given, ["overview", "true"]])}`, options);
}

/** A page of how the sessions of a client went; `filter` may have counselorId, limit, cursor. */
export const progress = (userId, filter, options) => read(`api/session/user/${segment(userId)}/progress${queryOf(filter)}`, options);

export const totals = (options) => read("api/session/stats/summary", options);
export const session = (id, options) => read(`api/session/${segment(id)}`, options);

const queryOf = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

/** The report, its sentences in a language, with times of a zone. */
export const report = (id, { lang, tz, ...options }) => read(`api/session/${segment(id)}/report${queryOf({ lang, tz })}`, options);
export const voice = (id, { lang, ...options }) => read(`api/session/${segment(id)}/vad-analysis${queryOf({ lang })}`, options);
export const notes = (id, options) => read(`api/session/${segment(id)}/notes`, options);

/** A page of the transcript, as large as the service allows: from a time on (ms since the start), or after a cursor. */
export function transcript(id, { from = null, cursor = null } = {}, options = {}) {
  return read(`api/session/${segment(id)}/transcript${queryOf({ limit: 5000, from, cursor })}`, options);
}
