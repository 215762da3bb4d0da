"""What a service on several machines stands on: machines, a replica of PostgreSQL, PgBouncer, a cluster of Redis."""

import signal
from contextlib import ExitStack, contextmanager

import redis

from tests.support.servers import REPOSITORY, PostgresServer, RedisServer, Service, UnprivilegedServer, free_port, need, wait_for

PASSWORD = "of-the-stack"


class Machine(Service):
    """The service on a machine of its own: another address of the loopback."""

    def __init__(self, directory, number, **env):
        self.host = f"127.0.0.{number}"
        super().__init__(directory, **env)


class PostgresReplica(PostgresServer):
    """A streaming replica of another PostgreSQL, until it is promoted; on ``port``, if that is given."""

    def __init__(self, directory, primary, port=None):
        super().__init__(directory)
        self.primary, self.port = primary, port or self.port

    def _command_of_data(self, data):
        primary = f"host={self.primary.host} port={self.primary.port} user=bemore"
        return [self.programs / "pg_basebackup", "-D", data, "-d", primary, "-R", "-c", "fast", "--no-sync"]

    def follow(self, synchronous):
        """Wait until it streams; if ``synchronous``, the primary's commits wait for it from then on."""
        wait_for(lambda: self._state("streaming"), what="streaming")
        if synchronous:
            self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.primary.execute("SELECT pg_reload_conf()")
            wait_for(lambda: self._state("sync"), what="synchronous replication")

    def _state(self, wanted):
        return any(wanted in row for row in self.primary.execute("SELECT state, sync_state FROM pg_stat_replication"))

    def promote(self):
        """Make it a primary, whose commits wait for nobody."""
        assert self.execute("SELECT pg_promote()") == [(True,)]


class PgBouncer(UnprivilegedServer):
    """PgBouncer with ``deploy/pgbouncer.ini``, of which only addresses and the path are replaced, in front of a PostgreSQL."""

    stop_signal = signal.SIGINT  # finishes the transactions

    def __init__(self, directory, postgres):
        super().__init__(directory)
        self.program = need("pgbouncer")
        self.postgres, self._starts = postgres, 0

    def _command(self):
        self._configure()
        self._starts += 1
        return [self.program, self.home / "pgbouncer.ini"]

    def _ready(self):
        return self.log.count("process up:") == self._starts

    def _configure(self):
        configuration = (REPOSITORY / "deploy" / "pgbouncer.ini").read_text("utf-8")
        for original, replacement in {
            "\nbemore = host=127.0.0.1 port=5432 ": f"\n* = host={self.postgres.host} port={self.postgres.port} ",
            "\nlisten_port = 6432": f"\nlisten_port = {self.port}",
            "\nauth_file = /etc/pgbouncer": f"\nauth_file = {self.home}",
        }.items():
            assert original in configuration, original
            configuration = configuration.replace(original, replacement)
        (self.home / "userlist.txt").write_text(f'"bemore" "{PASSWORD}"\n', "utf-8")
        (self.home / "pgbouncer.ini").write_text(configuration, "utf-8")

    def turn_to(self, postgres):
        """Send transactions to another PostgreSQL from now on."""
        self.postgres = postgres
        self._configure()
        self.process.send_signal(signal.SIGHUP)

    def renew(self):
        """Start another process beside this one, which then ends."""
        old = self.process
        self.process = None
        self.start()
        old.send_signal(self.stop_signal)
        old.wait(self.stop_timeout_s)

    def url(self, name):
        """The DATABASE_URL of a database behind it."""
        return f"postgresql://bemore:{PASSWORD}@{self.host}:{self.port}/{name}"


class RedisNode(RedisServer):
    """A node of a cluster."""

    #: How long a node may be away before another takes its place.
    timeout_ms = 500

    def __init__(self, directory):
        super().__init__(directory)
        self.bus_port = free_port()

    def _command(self):
        options = {
            "--cluster-enabled": "yes",
            "--cluster-config-file": f"nodes-{self.port}.conf",
            "--cluster-port": self.bus_port,
            "--cluster-node-timeout": self.timeout_ms,
            "--repl-diskless-sync-delay": 0,
        }
        return [*super()._command(), *(part for option in options.items() for part in option)]

    def ask(self, *command):
        """The answer to a command, read by its client."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            return client.execute_command(*command)


@contextmanager
def redis_cluster(directory, masters=3):
    """The nodes of a running cluster: its masters, then a replica of each."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(RedisNode(directory)) for _ in range(2 * masters)]
        slots = 16_384
        for number, node in enumerate(nodes[:masters]):
            node.ask("CLUSTER ADDSLOTSRANGE", slots * number // masters, slots * (number + 1) // masters - 1)
            node.ask("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for node in nodes[1:]:
            nodes[0].ask("CLUSTER MEET", node.host, node.port, node.bus_port)
        wait_for(lambda: all(_state(node, "known_nodes") == str(len(nodes)) for node in nodes), what="the nodes' acquaintance")
        for master, replica in zip(nodes[:masters], nodes[masters:], strict=True):
            replica.ask("CLUSTER REPLICATE", master.ask("CLUSTER MYID"))
        wait_for(lambda: all(_state(node, "state") == "ok" for node in nodes), what="the cluster")
        wait_for(lambda: all(node.ask("INFO", "replication")["connected_slaves"] for node in nodes[:masters]), what="replicas")
        yield nodes


def _state(node, name):
    return node.ask("CLUSTER INFO")[f"cluster_{name}"]
