/** What a browser remembers of this page: its language, its colors, its time zone, whether single keys do something. Nothing of any session. */

const KEY = {
  language: "bemore.console.language",
  theme: "bemore.console.theme",
  zone: "bemore.console.zone",
  shortcuts: "bemore.console.shortcuts",
};

/** What was stored under a name of KEY, or null. */
export function stored(name) {
  try {
    return localStorage.getItem(KEY[name]);
  } catch {
    return null; // the browser keeps nothing for this page
  }
}

export function store(name, value) {
  try {
    localStorage.setItem(KEY[name], value);
  } catch {
    // It then holds until the page is left.
  }
}

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();
let chosen = ["light", "dark"].includes(stored("theme")) ? stored("theme") : null;

/** "light" or "dark", as chosen here, else as the system has it. */
export const theme = () => chosen ?? (system.matches ? "dark" : "light");

export function setTheme(name) {
  chosen = name;
  store("theme", name);
  apply();
}

/** Call `listener` whenever the colors change; gives what ends that. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply() {
  if (chosen) document.documentElement.dataset.theme = chosen;
  listeners.forEach((listener) => listener());
}

system.addEventListener("change", apply);
apply();

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneListeners = new Set();
let chosenZone = known(stored("zone")) ? stored("zone") : null;

function known(name) {
  try {
    return Boolean(name && Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false; // a name that this browser does not know
  }
}

/** The IANA name of the time zone in which times are shown: as chosen here, otherwise the system's. */
export const zone = () => chosenZone ?? ownZone;

/** The names to choose from, the likely ones first. */
export const zones = () => [...new Set([zone(), ownZone, "Asia/Seoul", "UTC", ...Intl.supportedValuesOf("timeZone")])];

export function setZone(name) {
  chosenZone = name;
  store("zone", name);
  zoneListeners.forEach((listener) => listener());
}

export const onZone = (listener) => zoneListeners.add(listener);

/** Whether single keys (B, N) do something: a speech input or a shaky hand may want them off. */
export const shortcuts = () => stored("shortcuts") !== "off";

export const setShortcuts = (on) => store("shortcuts", on ? "on" : "off");
