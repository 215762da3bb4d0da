/** The page's language, its texts, and how numbers and times are written in it. */

import { store, stored, zone } from "./preferences.js";
import { WORDS } from "./words.js";

const LANGUAGES = ["en", "ko"];
const listeners = new Set();

let current = LANGUAGES.includes(stored("language")) ? stored("language") : fromBrowser();

function fromBrowser() {
  const wanted = (navigator.languages ?? [navigator.language]).map((name) => name.slice(0, 2).toLowerCase());
  return wanted.find((name) => LANGUAGES.includes(name)) ?? "en";
}

export const language = () => current;

export function setLanguage(name) {
  current = name;
  store("language", name);
  listeners.forEach((listener) => listener());
}

export function onLanguage(listener) {
  listeners.add(listener);
}

/** Texts of a page of its own, `{name: [English, Korean]}`. */
export const addTexts = (texts) => Object.assign(WORDS, texts);

/** The text of a name in the page's language; `{name}` in it stands for the values. */
export function t(name, values = {}) {
  const pair = WORDS[name];
  if (!pair) throw new RangeError(`no text is called ${name}`);
  return pair[LANGUAGES.indexOf(current)].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

const DASH = "–";

const none = (value) => value === null || value === undefined;

/** A score of 0..1 as people read it: 0 to 100. */
export const points = (value) => (none(value) ? DASH : String(Math.round(value * 100)));

/** A difference of two scores on the same scale, with its sign. */
export function pointsChange(value) {
  const rounded = Math.round(value * 100);
  return none(value) ? DASH : `${rounded > 0 ? "+" : rounded < 0 ? "−" : "±"}${Math.abs(rounded)}`;
}

/** A value of -1..1 with two decimals and its sign. */
export const signed = (value) => (none(value) ? DASH : (Math.round(value * 100) > 0 ? "+" : "") + value.toFixed(2).replace("-", "−"));

export const percent = (share) => (none(share) ? DASH : `${Math.round(share * 100)}%`);

export const whole = (value) => value.toLocaleString(current);

/** A moment of a session, ms, as `3:05` or `1:03:05`. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

/** A length, ms, in words of two units at most: `12 min 3 s`, `12분 3초`, `1 h`. */
export function length(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours) return t(minutes ? "hoursMinutes" : "hours", { hours, minutes });
  if (minutes) return t(rest ? "minutesSeconds" : "minutes", { minutes, seconds: rest });
  return t("seconds", { seconds: rest });
}

/** A length below a minute with a decimal: `1.4 s`. */
export const exactLength = (ms) => (ms < 60_000 ? t("seconds", { seconds: (ms / 1000).toFixed(1) }) : length(ms));

/** A part of a session: `26:00–27:00`. */
export const clockSpan = (startMs, endMs) => `${clock(startMs)}–${clock(endMs)}`;

/** How long ago something was, in one unit: `18 minutes ago`, `18분 전`. */
export function ago(ms) {
  const minutes = Math.floor(ms / 60_000);
  const [unit, value] = minutes < 60 ? ["minute", minutes] : minutes < 2880 ? ["hour", Math.floor(minutes / 60)] : ["day", Math.floor(minutes / 1440)];
  return new Intl.RelativeTimeFormat(current).format(-value, unit);
}

/** A day, epoch ms, in the chosen zone: `Nov 3`, `11월 3일`; with the year if it is another one than that of `thisMs`. */
export function day(ms, thisMs = Date.now()) {
  const timeZone = zone();
  const year = (each) => new Date(each).toLocaleDateString("en-CA", { timeZone, year: "numeric" });
  const other = year(ms) !== year(thisMs);
  return new Date(ms).toLocaleDateString(current, { month: "short", day: "numeric", ...(other && { year: "numeric" }), timeZone });
}

/** When a day (`2026-11-03`) begins in the chosen zone, epoch ms; null if it is none. */
export function dayStart(text) {
  const midnight = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (!(midnight >= 0)) return null;
  const shown = (ms) => Date.parse(`${new Date(ms).toLocaleString("sv-SE", { timeZone: zone() }).replace(" ", "T")}Z`);
  // Twice, as the clocks may be changed between a guess and its correction.
  let ms = midnight;
  for (let turn = 0; turn < 2; turn += 1) ms += midnight - shown(ms);
  return Math.max(0, ms);
}

/** The last moment of a day. */
export function dayEnd(text) {
  const start = dayStart(text);
  if (start === null) return null;
  const next = new Date(Date.parse(`${text}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return dayStart(next) - 1;
}

/** A time, epoch ms, in the chosen zone: of today the hour, otherwise the day with it. */
export function when(ms) {
  const [then, now] = [new Date(ms), new Date()];
  const timeZone = zone();
  const [day, today] = [then, now].map((each) => each.toLocaleDateString("en-CA", { timeZone }));
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
  const date = { month: "short", day: "numeric", ...(day.slice(0, 4) !== today.slice(0, 4) && { year: "numeric" }) };
  return then.toLocaleString(current, day === today ? time : { ...date, ...time });
}
