"""The stack as it would run, under load: nginx, two machines of the service, PgBouncer, PostgreSQL with a replica, Redis.

Machine 2 reaches PostgreSQL through PgBouncer, machine 3 by a list of hosts. Clients send each request until it is acknowledged, as the
client library does: a fault makes them send again at most, and afterwards no acknowledged write is missing.
"""

import json
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from itertools import chain
from pathlib import Path

import pytest

import bemore
from tests.support.figures import LONG, record
from tests.support.ledger import Ledger, rows
from tests.support.load import BROKEN, REFUSED, Load
from tests.support.running import READ, WRITE, Line, install, statuses
from tests.support.samples import frames
from tests.support.servers import NginxServer, PostgresServer, RedisServer, free_port, wait_for
from tests.support.stack import Machine, PgBouncer, PostgresReplica

#: How often each is done, how many requests are answered in between, of how many clients, and how long each waits between two, in seconds.
ROUNDS, BETWEEN, CLIENTS, PAUSE_S = (5, 100, 12, 0.01) if LONG else (1, 20, 6, 0.06)


class Stack:
    """All of it, running. ``primary`` and ``replica`` change places at a failover."""

    def __init__(self, home, run):
        self.home, self.run, self.versions = home, run, 0
        self.primary = run(PostgresServer(home))
        self.primary.execute("CREATE DATABASE bemore")
        self.free_port = free_port()
        self.replicate(synchronous=True)
        self.bouncer = run(PgBouncer(home, self.primary))
        self.redis = run(RedisServer(home))
        self.code = home / "code"
        shutil.copytree(Path(bemore.__file__).parent, self.code / "bemore")
        hosts = ",".join(f"{each.host}:{each.port}" for each in (self.primary, self.replica))
        settings = {"REDIS_URL": self.redis.url, "TRUSTED_PROXIES": 1, "WEB_CONCURRENCY": 2 if LONG else 1, "LOG_LEVEL": "warning"}
        self.machines = (
            Machine(home, 2, DATABASE_URL=self.bouncer.url("bemore"), DATABASE_PGBOUNCER="true", **settings),
            Machine(home, 3, DATABASE_URL=f"postgresql://bemore@{hosts}/bemore?target_session_attrs=read-write", **settings),
        )
        for each in self.machines:
            each.env["PYTHONPATH"] = str(self.code)
        with ThreadPoolExecutor() as pool:
            list(pool.map(run, self.machines))
        self.nginx = run(NginxServer(home, *self.machines))

    @property
    def url(self):
        """The database itself."""
        return self.primary.url("bemore")

    def replicate(self, synchronous):
        self.replica = self.run(PostgresReplica(self.home, self.primary, self.free_port))
        self.replica.follow(synchronous)

    def fail_over(self):
        self.primary.kill()
        self.free_port, self.primary = self.primary.port, self.replica
        self.primary.promote()
        self.bouncer.turn_to(self.primary)


@pytest.fixture
def stack(tmp_path):
    with ExitStack() as cleaning:

        def run(server):
            cleaning.callback(lambda: print(f"-- {type(server).__name__} {server.port}\n{server.log[-3000:]}"))
            cleaning.callback(server.close)
            return server.start()

        yield Stack(tmp_path, run)


def _work(load):
    """Let the clients work, and see that they are served."""
    done = len(load.of_status(200, 201))
    wait_for(lambda: load.failed() or len(load.of_status(200, 201)) > done + BETWEEN, 60, "answers")


# -- Faults --------------------------------------------------------------------------------------------------------------


def _machine_killed(stack, load):
    for each in stack.machines if LONG else stack.machines[:1]:
        each.kill()
        _work(load)
        each.start()
        _work(load)


def _machine_silent(stack, load):
    """Nobody says that it is gone: the kernel drops what would connect to a listener whose queue is full."""
    machine, began_s = stack.machines[0], time.monotonic()
    machine.kill()
    with wait_for(lambda: _listener(machine), what="the end of its threads"), ExitStack() as queue:
        for _ in range(3):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((machine.host, machine.port))
        wait_for(lambda: load.failed() or any(each.began_s > began_s and each.took_s > 1 for each in list(load.attempts)), 60, "nginx")
        _work(load)
    machine.start()


def _listener(machine):
    with suppress(OSError):
        return socket.create_server((machine.host, machine.port), backlog=0)


def _new_version(stack, load):
    stack.versions += 1
    install(stack.code, f"9.{stack.versions}")
    for each in stack.machines:
        each.stop()
        each.start()
        with closing(Line(each)) as line:
            assert json.loads(line.answer("GET", "/health/live").body)["version"] == f"9.{stack.versions}"
        _work(load)


def _nginx_reloaded(stack, load):
    old = set(stack.nginx.processes[1:])
    stack.nginx.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not old & set(stack.nginx.processes), 20, "the end of nginx's old processes")


def _restarted(name):
    def restart(stack, load):
        getattr(stack, name).stop()
        getattr(stack, name).start()

    return restart


def _killed(name):
    def kill(stack, load):
        met = len(load.of_status(503))
        getattr(stack, name).kill()
        wait_for(lambda: load.failed() or len(load.of_status(503)) > met, 20, "somebody who meets it")
        getattr(stack, name).start()

    return kill


def _redis_killed(stack, load):
    stack.redis.kill()
    _work(load)
    stack.redis.start()
    # It is used again, and quotas are shared.
    wait_for(lambda: load.failed() or stack.redis.execute("DBSIZE") != ":0", what="the use of Redis")


def _bouncer_renewed(stack, load):
    stack.bouncer.renew()


def _failover(stack, load):
    stack.fail_over()
    if LONG:
        _work(load)
        stack.replicate(synchronous=True)


#: Each fault, and how attempts may end that clients then repeat. A machine that dies in the middle of a response breaks it off. nginx
#: closes idle connections when it is reloaded: browsers repeat by themselves what they sent into one at that moment.
FAULTS = (
    ("a machine of the service killed, and back", _machine_killed, (BROKEN,)),
    *([("a machine of the service gone without a word, and back", _machine_silent, (BROKEN,))] if LONG else []),
    ("new version on both machines, one after the other", _new_version, ()),
    ("nginx reloaded", _nginx_reloaded, (BROKEN,)),
    ("nginx restarted", _restarted("nginx"), (BROKEN, REFUSED)),
    *([("Redis restarted", _restarted("redis"), ())] if LONG else []),
    ("Redis killed, and back", _redis_killed, ()),
    ("PgBouncer renewed", _bouncer_renewed, ()),
    ("PgBouncer killed, and back", _killed("bouncer"), (503,)),
    *([("synchronous replica killed, and back", _killed("replica"), (503,))] if LONG else []),
    ("PostgreSQL killed, replica promoted", _failover, (503,)),
)


def test_faults_lose_nothing_and_clients_notice_little(stack):
    _assert_one_quota_over_both(stack)
    for fault, happen, repeated in FAULTS:
        others = Ledger.sessions_in(stack.url)
        with Load(stack.nginx.port, CLIENTS, patient=True, pause_s=PAUSE_S, roam=True) as load:
            load.ledger.others = others
            _work(load)
            for _ in range(ROUNDS):
                happen(stack, load)
                _work(load)
        # Leaving the load means that each request was acknowledged in the end.
        differences = load.ledger.differences(stack.url)
        failed = [each for each in load.attempts if each.status not in (200, 201)]
        longest_s = max(load.longest_outage_s, *(each.took_s for each in load.attempts))
        record(f"stack: {fault}", ROUNDS, load.ledger.acknowledged, len(differences), longest_s)
        print(f"{fault}: {len(load.attempts)} requests, {len(failed)} of them sent again, longest wait {longest_s:.2f} s")
        assert not differences, "\n".join([fault, *differences[:20]])
        assert {each.status for each in failed} <= set(repeated), (fault, failed[:9])


def _assert_one_quota_over_both(stack):
    """By default 600 requests of any kind in ten minutes, among them 300 writes, over both machines or, in the long form, what is left."""
    with ExitStack() as lines, ThreadPoolExecutor(4) as pool:
        clients = [lines.enter_context(closing(Line(stack.nginx, "127.250.0.1"))) for _ in range(4)]

        def ask(request, count):
            return Counter(chain.from_iterable(pool.map(lambda each: statuses(each, request, count), clients)))

        # With a key, as nginx repeats no start without one.
        write = *WRITE, {"Idempotency-Key": "one"}
        assert ask(write, 40) == {400: 160}
        if LONG:
            stack.machines[0].kill()
        assert ask(write, 40) == {400: 140, 429: 20}
        if LONG:
            stack.machines[0].start()
        assert ask(READ, 80) == {200: 300, 429: 20}


@pytest.mark.skipif(not LONG, reason="takes a stack of its own: BEMORE_TEST_LONG=1")
def test_failover_to_an_asynchronous_replica_loses_the_last_writes_at_most(stack):
    """Of a client's acknowledged writes, those are missing that came last before the failover, or none."""
    stack.primary.execute("ALTER SYSTEM RESET synchronous_standby_names")
    stack.primary.execute("SELECT pg_reload_conf()")
    acknowledged = lost = 0
    for turn in range(ROUNDS):
        ended = threading.Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            writers = [pool.submit(_write_until, ended, stack.nginx, f"127.253.{turn}.{number + 1}") for number in range(CLIENTS)]
            time.sleep(1)
            stack.fail_over()
            time.sleep(1)
            ended.set()
            told = [each.result() for each in writers]
        for session_id, count in told:
            statement = f"SELECT ts_ms FROM frame JOIN session s ON s.id = session_id WHERE s.public_id = '{session_id}'"
            missing = sorted(set(range(count)) - {ts for (ts,) in rows(stack.url, statement)})
            assert not missing or missing == list(range(missing[0], missing[-1] + 1))
            acknowledged, lost = acknowledged + count, lost + len(missing)
        stack.replicate(synchronous=False)
    record("stack: PostgreSQL killed, asynchronous replica promoted", ROUNDS, acknowledged, lost, 0)


def _write_until(ended, nginx, address):
    """Upload one frame after the other; answer the session's id, and how many were acknowledged."""
    with closing(Line(nginx, address)) as line:
        kind, count = {"Content-Type": "application/json"}, 0
        body = json.dumps({"userId": "u", "counselorId": "c"})
        session_id = json.loads(line.answer("POST", "/api/session/start", kind, body).body)["data"]["sessionId"]
        while not ended.wait(0.02):
            status, *_ = line.ask("POST", f"/api/session/{session_id}/frames", kind, json.dumps({"items": frames(1, count)}))
            assert status in (201, 503)
            count += status == 201
        return session_id, count
