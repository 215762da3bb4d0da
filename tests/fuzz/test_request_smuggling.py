"""A request hidden in another one's body is never carried out: straight at gunicorn and through nginx.

Each exchange is a connection of its own with a request whose framing is damaged, and in whose body stands another one: a DELETE of a
session that exists, or a GET. The service's access log tells which requests it has seen; the session tells whether it was erased. The
short form makes some hundreds of exchanges, the same ones every time. BEMORE_TEST_LONG=1 makes thousands of a new seed, which it prints
with the figures; ``FUZZ_SEED`` repeats such a run.
"""

import http.client
import os
import random
import re
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.support.figures import LONG
from tests.support.samples import start_session
from tests.support.servers import NginxServer, Service, raw_request, wait_for
from tests.support.smuggling import Smuggler, meant

EXCHANGES = 6000 if LONG else 400
SEED = int(os.environ.get("FUZZ_SEED") or (random.SystemRandom().randrange(2**31) if LONG else 20250119))
AT_ONCE = 24

#: How long a connection is left open on which nothing comes any more, in seconds. What the service was sent it reads even then.
SILENCE_S = 0.25

HIDDEN = {"DELETE": "DELETE /api/session/{}", "end": "POST /api/session/{}/end", "GET": "GET /health/ready"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    home = tmp_path_factory.mktemp("smuggling")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", RATE_LIMIT_ENABLED="false", TRUSTED_PROXIES=1) as running:
        yield running
        print(running.log[-20_000:])


@pytest.fixture(scope="module")
def front(service, tmp_path_factory):
    with NginxServer(tmp_path_factory.mktemp("front"), service) as nginx:
        yield nginx


@pytest.fixture(params=["gunicorn", "nginx"])
def server(request, service):
    """What clients reach: gunicorn itself, or nginx before it."""
    return service if request.param == "gunicorn" else request.getfixturevalue("front")


@pytest.fixture
def victim(http, service):
    """A session that nobody but a smuggled request ends or erases."""
    return start_session(http, base=service.url)


def talk(server, data):
    """Send bytes over a connection of their own, and read what comes until nothing does any more."""
    came = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(SILENCE_S)
            while part := connection.recv(1 << 16):
                came += part
        except OSError:  # a reset, or silence
            pass
    return came


def seen(service):
    """Ids of the requests that the service has answered so far."""
    raw_request(service.url, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n")
    return Counter(re.findall(r" request_id=(\S+) ", service.log))


@contextmanager
def innocent_client(server):
    """Asks on while the block lasts, and is given its own answers."""
    ended, problems, answers = threading.Event(), [], []

    def ask():
        number = 0
        while not ended.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
                for _ in range(50):
                    number += 1
                    connection.request("GET", "/no/such/address", headers={"X-Request-Id": f"innocent-{number}"})
                    with connection.getresponse() as answer:
                        answers.append((answer.status, answer.headers["X-Request-Id"], f"innocent-{number}"))
                        answer.read()
                    if ended.wait(0.01):
                        break

    def run():
        try:
            ask()
        except Exception as error:
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert not problems, problems
    assert answers and [each for each in answers if each[0] != 404 or each[1] != each[2]] == []


def may_be_seen(server, data):
    """Ids that the service may have seen of these bytes: nginx takes lines that end in LF alone, as RFC 9112 allows, and mends them."""
    ids = set(meant(data))
    return ids if isinstance(server, Service) else ids | set(meant(data, bare_line_feeds=True))


def test_nothing_hidden_in_a_body_is_carried_out(server, service, http, victim, capsys):
    smuggler, exchanges = Smuggler(SEED), []
    for number in range(EXCHANGES):
        label = f"{type(server).__name__.lower()}-{number}"
        kind = smuggler.random.choice(list(HIDDEN))
        state = smuggler.random.getstate()
        data, outer, hidden = smuggler.exchange(label, HIDDEN[kind].format(victim).encode())
        if hidden in may_be_seen(server, data):
            # The damage made it a request of its own, that follows the other: it must not hit the session.
            smuggler.random.setstate(state)
            data, outer, hidden = smuggler.exchange(label, HIDDEN[kind].format("x" * len(victim)).encode())
        exchanges.append((data, outer, hidden))
    before = seen(service)
    with innocent_client(server), ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda exchange: talk(server, exchange[0]), exchanges))
    ids = seen(service) - before

    for (data, outer, hidden), answer in zip(exchanges, answers, strict=True):
        ours = {outer, hidden, outer.replace("outer", "before")}
        beyond = {each for each in ours if ids[each] > (each in may_be_seen(server, data))}
        assert not beyond, f"seed {SEED}: {beyond} were carried out of {data!r}, answered {answer!r}"
    assert http.get(f"{service.url}/api/session/{victim}").json()["data"]["status"] == "active"
    assert service.running and "unexpected error" not in service.log and "error while handling" not in service.log
    # The damage was not all the same: some were read, most were refused.
    outers = sum(ids[outer] for _, outer, _ in exchanges)
    assert EXCHANGES / 10 < outers < EXCHANGES
    if LONG:
        statuses = Counter(status for answer in answers for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer))
        hiddens = sum(ids[hidden] for _, _, hidden in exchanges)
        totals = ", ".join(f"{status.decode()}: {count}" for status, count in sorted(statuses.items()))
        with capsys.disabled():
            print(
                f"\nsmuggling, {type(server).__name__}: seed {SEED}, {EXCHANGES} exchanges, {outers} outer requests seen,"
                f" {hiddens} that the damage made requests of their own, 0 smuggled; answers {totals}"
            )


# -- What was found once ---------------------------------------------------------------------------------------------------


def hidden_request(line):
    return b"%b HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: hidden\r\n\r\n" % line.encode()


def found_once(victim):
    """name: (framing headers, body)"""
    erase, read = hidden_request(f"DELETE /api/session/{victim}"), hidden_request("GET /metrics")
    return {
        "name that begins like Transfer-Encoding": (b"Transfer-Encoding-X: 1\r\nContent-Length: %d" % len(erase), erase),
        "name that begins like it, read of /metrics": (b"Transfer-Encoding-X: chunked\r\nContent-Length: %d" % len(read), read),
        "length of 41 digits": (b"Content-Length: %041d" % len(erase), erase),
        "length of 11 digits": (b"Content-Length: %011d" % len(erase), erase),
        "length with a sign": (b"Content-Length: +%d" % len(erase), erase),
        "two lengths": (b"Content-Length: %d\r\nContent-Length: 0" % len(erase), erase),
        "two lengths in one": (b"Content-Length: 0, %d" % len(erase), erase),
        "length and chunks": (b"Content-Length: %d\r\nTransfer-Encoding: chunked" % (len(erase) + 5), b"0\r\n\r\n" + erase),
        "chunks and length": (b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n" + erase),
        "coding twice": (b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked, identity", b"0\r\n\r\n" + erase),
        "folded coding": (b"Transfer-Encoding:\r\n chunked", b"0\r\n\r\n" + erase),
        "blank before the colon": (b"Transfer-Encoding : chunked", b"0\r\n\r\n" + erase),
    }


@pytest.mark.parametrize("case", found_once(""))
def test_found_once_is_one_request_or_none(server, service, http, victim, case):
    framing, body = found_once(victim)[case]
    before = seen(service)
    data = b"POST /api/session/%b/frames HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: outer\r\n%b\r\n\r\n%b"
    answer = talk(server, data % (victim.encode(), framing, body))
    statuses = re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)
    assert statuses == [b"400"] or statuses == [b"501"], answer
    assert (seen(service) - before)["hidden"] == 0
    assert http.get(f"{service.url}/api/session/{victim}").json()["data"]["status"] == "active"


@pytest.mark.parametrize("length", [b"0" * 39 + b"22", b"00000000022", b"+22", b"22.0", b"0x16", b"22 ", b"\xb2\xb2"])
def test_length_that_is_no_plain_number_is_refused_and_the_connection_closed(server, length):
    body = b'{"userId": "u"}       '
    data = b"POST /api/session/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: %b\r\n\r\n%b"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(data % (length, body))
        with closing(http.client.HTTPResponse(connection)) as answer:
            answer.begin()
            assert answer.status == 400
            if length != b"22 ":  # the blank is no part of the value
                assert answer.headers["Connection"] == "close"
                answer.read()
                wait_for(lambda: connection.recv(1) == b"", what="the end of the connection")
