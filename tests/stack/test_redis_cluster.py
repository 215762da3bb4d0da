"""Quotas of two machines in a cluster of Redis: three masters, a replica of each, one of the masters killed."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from bemore.app import create_app
from bemore.db.connections import close
from bemore.settings import Settings
from tests.support.figures import LONG
from tests.support.running import READ, Line, quota, statuses
from tests.support.servers import wait_for
from tests.support.stack import Machine, RedisNode, redis_cluster

#: The quota, and how many clients use it: enough for each master to have some of them.
QUOTA, CLIENTS = 20, 60 if LONG else 12

_numbers = itertools.count(1)


@pytest.fixture
def nodes(tmp_path):
    with redis_cluster(tmp_path) as nodes:
        yield nodes


def _url(*nodes):
    return "redis+cluster://" + ",".join(f"{node.host}:{node.port}" for node in nodes)


def test_quotas_are_exact_over_two_machines_while_a_master_of_the_cluster_dies(nodes, tmp_path):
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        settings = {"REDIS_URL": _url(*nodes[:3]), "RATE_LIMIT_ALL": f"{QUOTA} per hour"}
        machines = [Machine(tmp_path, number, DATABASE_URL=f"sqlite:///{tmp_path}/{number}.db", **settings) for number in (2, 3)]
        list(pool.map(lambda each: stack.enter_context(each), machines))

        clients = [f"127.251.0.{number}" for number in range(1, CLIENTS + 1)]
        for client in clients:
            assert _asked(machines, client, QUOTA // 4) == [200] * (QUOTA // 2)
        assert all(int(each.ask("DBSIZE")) >= 1 for each in nodes[:3])
        wait_for(lambda: all(map(_is_replicated, nodes[:3])), what="the replicas")

        nodes[0].kill()
        # Nobody notices but for the smaller quota, until the replica has taken over.
        wait_for(lambda: sum(_has_whole_quota(each) for each in machines * 4) == 8, 30, "the replica's promotion")
        for client in clients:
            assert sorted(_asked(machines, client, QUOTA // 4 + 1)) == [200] * (QUOTA // 2) + [429] * 2


def _asked(machines, address, times):
    """The statuses of a client's requests, so many to each machine."""
    found = []
    for each in machines:
        with closing(Line(each, address)) as line:
            found += statuses(line, READ, times)
    return found


def _is_replicated(master):
    found = master.ask("INFO", "replication")
    return found["slave0"]["offset"] == found["master_repl_offset"]


def _has_whole_quota(machine):
    """Whether a machine counts in the cluster, as a client that it has not met is told."""
    with closing(Line(machine, f"127.252.0.{next(_numbers) % 250 + 1}")) as line:
        status, headers, _ = line.ask(*READ)
        assert status in (200, 429)
        return quota(headers)[0] == QUOTA


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_cluster_may_be_away_when_the_process_starts(environ, tmp_path):
    node = RedisNode(tmp_path)
    quotas = {"RATE_LIMIT_ENABLED": "true", "REDIS_URL": _url(node), "RATE_LIMIT_ALL": "20 per hour"}
    try:
        client = create_app(Settings.from_env({**environ, **quotas})).test_client()

        def limit():
            answer = client.get(READ[1])
            assert answer.status_code in (200, 429)
            return int(answer.headers["RateLimit-Limit"])

        assert limit() == 10 and client.get("/health/ready").json["redis"] == "down"
        with node:
            node.ask("CLUSTER ADDSLOTSRANGE", 0, 16_383)
            wait_for(lambda: limit() == 20, what="the use of the cluster")
            assert client.get("/health/ready").json["redis"] == "up"
    finally:
        close()
