"""A standby of PostgreSQL, for reads that may come from it because it is not older than what the primary has confirmed."""

import logging
import time

import peewee

from bemore.db.postgres import Outage, Postgres
from bemore.errors import DatabaseUnavailable

#: How long a read waits for a standby that is behind, how often it looks, and how long it is then left alone; in seconds.
WAIT_S, LOOK_S, REST_S = 0.05, 0.002, 1.0

_CAUGHT_UP = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ?::pg_lsn"

_log = logging.getLogger("bemore.database")


class _ReplicaOutage(Outage):
    AWAY, BACK = "replica away; reads go to the primary until it is back", "replica is back"

    def _count(self):
        """Nothing: no request is refused."""


class Replica(Postgres):
    """The database of DATABASE_REPLICA_URL, which is only read."""

    def __init__(self, url, pool_size, busy_seconds):
        super().__init__(url, pool_size, busy_seconds)
        self.outage = _ReplicaOutage()
        self._rest_until, self._was_behind = 0.0, False

    def has(self, lsn):
        """Whether the replica shows everything up to a position of the primary's log, after a short wait if need be."""
        if time.monotonic() < self._rest_until:
            return False
        deadline = time.monotonic() + WAIT_S
        try:
            while not self._has(lsn):
                if time.monotonic() > deadline:
                    self._rest_until = time.monotonic() + REST_S
                    self._note(behind=True)
                    return False
                time.sleep(LOOK_S)
        except (DatabaseUnavailable, peewee.PeeweeException):
            return False
        self._note(behind=False)
        return True

    def _has(self, lsn):
        return self.run_statement(lambda: self.execute_sql(self.translate(_CAUGHT_UP), (lsn,)).fetchone()[0])

    def _note(self, behind):
        if behind is not self._was_behind:
            self._was_behind = behind
            _log.info("replica is behind; reads go to the primary" if behind else "replica has caught up")
