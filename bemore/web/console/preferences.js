/** What a browser remembers of this page: its language and its colors. Nothing of any session. */

const KEY = { language: "bemore.console.language", theme: "bemore.console.theme" };

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
