"""Load from wrk: a few keep-alive connections that send as fast as they are answered (a closed loop).

wrk counts slow answers several times over (it fills up what a schedule would have sent meanwhile); that is taken back, so
percentiles are of the answers that came, as every one of the clients saw them.
"""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.figures import percentile
from bench.payloads import ADDRESS, SESSION, address, session_id

CONNECTIONS = 8

_SCRIPT = Path(__file__).with_name("load.lua")

#: How long past its time wrk may take to stop, in seconds.
_GRACE_S = 20


class LoadFailed(RuntimeError):
    """The load could not be sent, or was not answered as it should be."""


@dataclass(frozen=True)
class Load:
    """What came of a load. ``failures`` are answers of 400 and above, broken connections and time-outs."""

    requests: int
    seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    failures: int


def program():
    """wrk's path. Raises LoadFailed."""
    path = shutil.which("wrk")
    if path is None:
        raise LoadFailed("wrk is not installed (Debian: apt-get install wrk)")
    return path


class Requests:
    """A workload as a file that load.lua reads; a context manager."""

    def __init__(self, workload):
        self.workload = workload

    def __enter__(self):
        with tempfile.NamedTemporaryFile("wb", prefix="bench-", suffix=".lua", delete=False) as file:
            self._path = Path(file.name)
            file.write(_lua(self.workload))
        return self

    def __exit__(self, kind, error, trace):
        self._path.unlink()

    def send(self, port, seconds, start=0):
        """Send to a port of the loopback for whole ``seconds``, from place ``start`` of the sequence; a Load. Raises LoadFailed."""
        done = subprocess.run(
            [program(), "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "20s", "-s", str(_SCRIPT),
             f"http://127.0.0.1:{port}", "--", str(self._path), str(start)],
            capture_output=True, text=True, timeout=seconds + _GRACE_S,
        )  # fmt: skip
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or not lines:
            raise LoadFailed(f"wrk failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return summarize(json.loads(lines[-1]), CONNECTIONS)


def summarize(printed, connections):
    """The Load that load.lua ``printed`` describes."""
    requests, duration_us = printed["requests"], printed["duration_us"]
    counts = answered(dict(printed["latency_us"]), requests, duration_us, connections)
    failures = sum(printed[name] for name in ("connect", "read", "write", "status", "timeout"))
    return Load(
        requests=requests,
        seconds=duration_us / 1e6,
        per_second=requests / (duration_us / 1e6),
        p50_ms=percentile(counts, 50) / 1000,
        p99_ms=percentile(counts, 99) / 1000,
        longest_ms=max(counts, default=0) / 1000,
        failures=failures,
    )


def answered(counts, requests, duration_us, connections):
    """How often each latency (µs) was really seen, from wrk's filled-up ``counts``.

    wrk adds, for every answer slower than twice the mean interval of a connection, those at one, two, … intervals less.
    From the slowest downwards each count is known before what it added has to be taken off.
    """
    interval = duration_us // (requests // connections) if requests >= connections else 0
    counts = dict(counts)
    if interval:
        for value in sorted(counts, reverse=True):
            if value < 2 * interval:
                break
            for added in range(value - interval, interval, -interval):
                counts[added] -= counts[value]
    return {value: count for value, count in counts.items() if count > 0}


def _lua(workload):
    clients = (
        b"{session=%s,address=%s}" % (_quoted(session_id(each).encode()), _quoted(address(each).encode()))
        for each in range(workload.sessions)
    )
    templates = (b"{%s}" % b",".join(map(_quoted, _pieces(each))) for each in workload.templates)
    mixed = b"true" if workload.mixed else b"false"
    return b"return {clients={%s},\ntemplates={%s},\nmixed=%s}\n" % (b",\n".join(clients), b",\n".join(templates), mixed)


def _pieces(template):
    """Literal, mark, literal, mark, …: every second piece names what is to be put in."""
    return [piece.strip(b"@") if piece in (SESSION, ADDRESS) else piece for piece in re.split(b"(%s|%s)" % (SESSION, ADDRESS), template)]


def _quoted(raw):
    text = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\r", b"\\r").replace(b"\n", b"\\n")
    return b'"%s"' % text
