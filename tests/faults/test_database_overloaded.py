"""PostgreSQL that greets nobody new but answers those it knows, as one that has too much to do: it is not away."""

import signal
import threading

import pytest

from tests.support.servers import wait_for

from bemore.errors import DatabaseUnavailable
from bemore.db.proxy import database
from bemore.db import connections
from bemore.db import postgres
from bemore.db.connections import execute, read
from bemore.settings import Settings

#: Longer than anybody waits for a server that is away.
LONGER_S = postgres.ASK_AFTER_S + postgres.SIGN_S + 0.5


@pytest.fixture
def greeter(own_postgres):
    """The process of the server that makes one for every new connection."""
    connections.connect(Settings.from_env({"DATABASE_URL": own_postgres.url(own_postgres.create_database())}))
    yield own_postgres.process
    own_postgres.process.send_signal(signal.SIGCONT)
    connections.close()


def long_statement():
    with read():
        return execute("SELECT 1 FROM pg_sleep(?)", (LONGER_S,)).fetchone()


def test_one_that_answers_others_is_not_away(greeter):
    ended, known, answered = threading.Event(), threading.Event(), []

    def ask_on():
        while not ended.is_set():
            with read():
                answered.append(execute("SELECT 1").fetchone())
            known.set()
        connections.close()

    other = threading.Thread(target=ask_on)
    other.start()
    try:
        assert known.wait(10)
        with read():
            execute("SELECT 1")
        greeter.send_signal(signal.SIGSTOP)
        assert long_statement() == (1,)
        # Who comes anew is not greeted, and refused alone.
        connections.close()
        with pytest.raises(DatabaseUnavailable):
            long_statement()
        assert database.obj.outage.count == 0 and not database.obj.outage.now
        before = len(answered)
        wait_for(lambda: len(answered) > before, what="another answer to who was known")
    finally:
        ended.set()
        other.join()


def test_one_that_answers_nobody_is(greeter):
    with read():
        execute("SELECT 1")
    greeter.send_signal(signal.SIGSTOP)
    with pytest.raises(DatabaseUnavailable):
        long_statement()
    assert database.obj.outage.count == 1
