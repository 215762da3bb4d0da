"""Delivers the events of the outbox to their receivers, as Standard Webhooks 1.0 says (https://www.standardwebhooks.com).

At least once, and in order per session: what got no answer is sent again under the same ``webhook-id``. Each receiver has a thread of its
own, so that one that is away keeps nobody waiting.
"""

import logging
import random
import threading
from contextlib import suppress
from datetime import datetime, timezone

import msgspec
import urllib3
from standardwebhooks import Webhook

from bemore import __version__, clock
from bemore.db import connections
from bemore.errors import DatabaseUnavailable
from bemore.models import outbox
from bemore.setting_parsers import origin_of

#: The retry schedule of the specification, in seconds after the attempt before; random jitter is added to each.
RETRY_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1

#: How long connecting and an answer may take, in seconds, and for how long an event belongs to who delivers it.
CONNECT_S, ANSWER_S, LEASE_S = 5, 20, 60

#: How often an empty outbox is looked at, and how long an unusable database is left alone, in seconds.
POLL_S, AWAY_S = 1, 5

#: How often old events are deleted, in seconds.
PRUNE_S = 3600

_log = logging.getLogger("bemore.deliver")


class Receiver:
    """One address of ``WEBHOOK_URLS``."""

    def __init__(self, name, url, secret):
        self._name, self._url, self._webhook = name, url, Webhook(secret)
        self.label = origin_of(url)
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S), retries=False)

    def deliver_due(self, stopping):
        """Deliver what is due, until nothing is or until the threading.Event ``stopping`` is set; return (delivered, not delivered)."""
        counts = [0, 0]
        while not stopping.is_set() and (event := outbox.claim(self._name, clock.now_ms(), LEASE_S * 1000)):
            error, wait_s = self._send(event)
            if error is None:
                outbox.delivered(event, clock.now_ms())
            else:
                retry_s = None if wait_s is None or event.attempts > len(RETRY_S) else max(wait_s, _delay_s(event.attempts))
                outbox.failed(event, None if retry_s is None else clock.now_ms() + round(retry_s * 1000), error)
            counts[error is not None] += 1
            self._record(event, error)
        return counts

    def run(self, stopping):
        """Deliver until ``stopping`` is set, whatever happens."""
        while not stopping.is_set():
            try:
                self.deliver_due(stopping)
                stopping.wait(POLL_S)
            except DatabaseUnavailable:
                stopping.wait(AWAY_S)
            except Exception as error:
                _log.error("delivery failed", extra={"receiver": self.label, "error": type(error).__name__})
                stopping.wait(AWAY_S)
        connections.close_quietly()

    def _send(self, event):
        """(None, 0) if the receiver has taken an Event; else what went wrong, and how many seconds to wait at least, None for ever."""
        body = _body(event)
        now = datetime.now(timezone.utc)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"BeMore/{__version__}",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(event.event_id, now, body),
        }
        try:
            answer = self._pool.request("POST", self._url, body=body.encode(), headers=headers, redirect=False, preload_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return type(error).__name__, 0
        # Its body is of no interest and may have no end.
        answer.close()
        if 200 <= answer.status < 300:
            return None, 0
        wait = answer.headers.get("Retry-After", "")
        return f"status {answer.status}", None if answer.status == 410 else min(int(wait), RETRY_S[-1]) if wait.isdecimal() else 0

    def _record(self, event, error):
        facts = {"type": event.type, "event": event.event_id, "receiver": self.label, "attempt": event.attempts}
        if error is None:
            _log.info("event delivered", extra=facts)
        else:
            _log.warning("event not delivered", extra={**facts, "error": error})


def _body(event):
    data = {"sessionId": event.session_id, "revision": event.revision}
    return msgspec.json.encode({"type": event.type, "timestamp": clock.iso(event.created_ms), "data": data}).decode()


def _delay_s(attempts):
    return RETRY_S[attempts - 1] * (1 + random.uniform(0, JITTER))


def receivers(settings):
    """The Receivers of the settings."""
    return [Receiver(name, url, settings.webhook_secret) for name, url in settings.webhook_receivers.items()]


def run(settings, wait):
    """Deliver to all receivers until ``wait(seconds)``, which waits for so long at most, is true."""
    stopping = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stopping,)) for each in receivers(settings)]
    for each in threads:
        each.start()
    _log.info("delivering", extra={"receivers": len(threads)})
    while not wait(PRUNE_S):
        with suppress(DatabaseUnavailable):
            outbox.prune(list(settings.webhook_receivers), clock.now_ms())
    stopping.set()
    for each in threads:
        each.join()
