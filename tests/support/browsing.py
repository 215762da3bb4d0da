"""A page in a real Chromium with a client in it, as the tests use it."""

import sqlite3
from contextlib import closing, suppress

from tests.support.servers import wait_for

#: The origin the service allows by default.
ORIGIN = "http://localhost:5173"

EVENTS = ("sent", "retry", "queued", "dropped", "ratelimited", "unauthorized", "storage")

#: What a page remembers for the test: when it called fetch, by its own clock. And a limit of real time, also where that is held.
RECORDER = """
window.fetches = [];
const after = window.setTimeout.bind(window);
window.inTime = (promise, ms) => Promise.race([promise, new Promise((_, fail) => after(() => fail(new Error(`no end in ${ms} ms`)), ms))]);
// The disk as it is, also where a test lets it fail.
const {open} = IDBFactory.prototype, {transaction} = IDBDatabase.prototype, factory = indexedDB;
window.disk = {
  names: async () => (await factory.databases()).map(({name}) => name),
  open: (name) => open.call(factory, name),
  transaction: (database, ...values) => transaction.apply(database, values),
};
const fetchOfBrowser = window.fetch;
window.fetch = (url, options) => {
  window.fetches.push({at: Date.now(), path: new URL(url, location).pathname, keepalive: Boolean(options?.keepalive)});
  return fetchOfBrowser(url, options);
};
"""

_OPEN = """async ([options, names]) => {
  const {BeMoreClient} = await import('/bemore-client.js');
  window.BeMoreClient = BeMoreClient;
  window.events = [];
  window.client = new BeMoreClient(options);
  for (const name of names) client.addEventListener(name, ({detail}) => events.push({name, at: Date.now(), ...detail}));
}"""

_CALL = """async ([name, values]) => {
  try {
    return {value: await inTime(client[name](...values), 15000)};
  } catch (error) {
    return {error: {...error, name: error.name, message: error.message}};
  }
}"""


#: The session of tests in which the service is a script.
SESSION = "sess_1737250800_0123456789abcdef"

#: Options of tests in which waits do not matter.
QUICK = {"batchMs": 600_000, "saveMs": 5, "waitsMs": [5, 5, 5], "timeoutMs": 5000}


class Tab:
    """A page with a client in it (``client``), its events, and the moments of its requests."""

    def __init__(self, page):
        self.page = page

    def open(self, **options):
        """Go to the empty page and make a client."""
        self.page.goto(ORIGIN + "/")
        return self.make(**options)

    def make(self, **options):
        """Make a client on the page as it is, and let it send what earlier ones have left."""
        self.make_only(**options)
        self.call("flush")
        return self

    def make_only(self, **options):
        """Make a client and wait for nothing."""
        self.page.evaluate(_OPEN, [options, EVENTS])
        return self

    def call(self, name, *values):
        """What a method of the client answers; AssertionError where it rejects."""
        answer = self.page.evaluate(_CALL, [name, values])
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def error(self, name, *values):
        """What a method of the client rejects with."""
        answer = self.page.evaluate(_CALL, [name, values])
        assert "error" in answer, f"{name} did not reject"
        return answer["error"]

    def begin(self, name, *values):
        """Call a method and do not wait; its outcome is ``outcome()``."""
        self.page.evaluate(
            f"""([name, values]) => {{
              const outcome = ({_CALL})([name, values]);
              Object.assign(window, {{outcome, settled: null}});
              outcome.then((value) => {{ if (window.outcome === outcome) window.settled = value; }});
            }}""",
            [name, values],
        )

    def outcome(self):
        return self.page.evaluate("() => window.outcome")

    def settled(self):
        """The outcome if there is one by now, else None."""
        return self.page.evaluate("() => window.settled")

    def crash(self):
        """Let the page's process die, which runs none of the page's script."""
        from playwright.sync_api import Error

        with self.page.expect_event("crash"), suppress(Error):
            self.page.goto("chrome://crash", timeout=5000)

    def events(self, name=None):
        return [each for each in self.page.evaluate("() => events") if name in (None, each["name"])]

    def wait_for_events(self, name, count=1):
        wait_for(lambda: len(self.events(name)) >= count, what=f"{count} events {name}")
        return self.events(name)

    def fetches(self):
        """The requests the page has made to the service, as {at, path, keepalive}."""
        return self.page.evaluate("() => fetches")

    def stored(self):
        """Everything in all databases of the page, as JSON text."""
        return self.page.evaluate(
            """async () => {
              const asked = (request) => new Promise((resolve, reject) => {
                request.onsuccess = () => resolve(request.result);
                request.onerror = () => reject(request.error);
              });
              const all = {};
              for (const name of await disk.names()) {
                const database = await asked(disk.open(name));
                for (const store of database.objectStoreNames) {
                  all[`${name} ${store}`] = await asked(disk.transaction(database, store).objectStore(store).getAll());
                }
                database.close();
              }
              return JSON.stringify(all);
            }"""
        )


def database_of(service):
    """A connection to the SQLite file of a running service."""
    return closing(sqlite3.connect(service.env["DATABASE_URL"].removeprefix("sqlite:///")))


def stored(service, session_id):
    """How many rows the database has of a session: frames, audio chunks, snippets."""
    with database_of(service) as connection:
        count = "select count(*) from {} join session on session_id = session.id where public_id = ?"
        return tuple(
            connection.execute(count.format(table), [session_id]).fetchone()[0] for table in ("frame", "audio_chunk", "stt_snippet")
        )


def frame(number=0, **fields):
    return {"ts": number, "qualityScore": 0.5, **fields}


def send(tab, *numbers):
    """Collect frames and try to send them at once; returns what is left."""
    tab.call("frames", SESSION, [frame(number) for number in numbers])
    return tab.call("flush")


def numbers(request):
    """The numbers of a request's frames."""
    return [item["ts"] for item in request.items]


def until(tab, condition, limit_ms=60_000, step_ms=100):
    """Move the held clock on until something is true; returns what it was."""
    for _ in range(0, limit_ms, step_ms):
        if answer := condition():
            return answer
        advance(tab, step_ms, step_ms)
        tab.page.wait_for_timeout(10)  # for what does not depend on the held clock: the network, the database
    raise AssertionError(f"not within {limit_ms} ms of the page's clock")


#: Resolves when all that was asked of the page's databases before has been answered.
_DISK_TURN = """async () => {
  for (const name of await disk.names()) {
    await new Promise((resolve) => {
      const request = disk.open(name);
      request.onerror = resolve;
      request.onsuccess = () => {
        const stores = [...request.result.objectStoreNames];
        if (!stores.length) return resolve();
        const transaction = disk.transaction(request.result, stores);
        transaction.oncomplete = transaction.onabort = resolve;
        request.result.close();
      };
    });
  }
}"""


def advance(tab, ms, step_ms=100):
    """Let time pass in a tab whose clock is held, in steps small enough for answers of the network and the disk to come in between."""
    for passed in range(0, ms, step_ms):
        tab.page.clock.run_for(step_ms)
        if passed % 1000 < step_ms:
            tab.page.evaluate(_DISK_TURN)
