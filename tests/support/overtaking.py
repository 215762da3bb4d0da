"""Two callers at once, one of which is stopped between its reading and its writing while the other begins."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Callable, NamedTuple

import psycopg

from tests.support.servers import wait_for
from tests.support.statements import stopped_before

from bemore.db.proxy import database

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Case(NamedTuple):
    """``first`` stops before its statement with ``stop`` in it. ``check(first, second)`` asserts what must hold for their results."""

    first: Callable
    second: Callable
    stop: str
    check: Callable


def outcome(future):
    """The result of a future, or its exception."""
    return future.exception(20) or future.result()


@contextmanager
def _writes_that_wait(database_url):
    """A function that counts the writes that wait for another one."""
    if database_url.startswith("sqlite"):
        yield lambda: database.obj.queue.waiting
        return
    with psycopg.connect(database_url, autocommit=True) as watcher:
        yield lambda: watcher.execute(_WAITING).fetchone()[0]


def overlapping(case, database_url):
    """Run both callers of a case; return their results or errors, and whether the second one waited for the first."""
    with ThreadPoolExecutor(2) as pool, _writes_that_wait(database_url) as waiting, stopped_before(case.stop) as stop:
        first = pool.submit(case.first)
        assert stop.reached.wait(10), f"the first caller never came to {case.stop}: {outcome(first)!r}"
        second = pool.submit(case.second)
        wait_for(lambda: second.done() or waiting(), what="the second caller is done, or waits")
        waited = not second.done()
        stop.go_on.set()
        return outcome(first), outcome(second), waited


@contextmanager
def changed_row(database_url, sql):
    """On PostgreSQL another connection has changed a row and commits at the end of the block.

    The block is given ``wait_for_it(count)``, which returns when so many writes wait for that.
    """
    with psycopg.connect(database_url) as holder, _writes_that_wait(database_url) as waiting:
        assert holder.execute(sql).rowcount == 1
        yield lambda count: wait_for(lambda: waiting() == count, what=f"{count} writes wait")
        holder.commit()
