"""Plain heads are read as gunicorn's parser reads them, or not at all."""

import os
import socket
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.http import errors
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bemore import plain
from bemore.arrival import Arrival, Socket
from bemore.exchange import Exchange

LONG = os.environ.get("BEMORE_TEST_LONG") == "1"

CFG = Config()
BODY = b'{"items":[]}'

_NAMES = st.sampled_from(
    [b"Host", b"host", b"Content-Type", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Expect", b"X-Forwarded-For",
     b"X-Forwarded-Proto",
     b"X_Forwarded_For", b"X-Request-Id", b"Authorization", b"Cookie", b"Upgrade", b"TE", b"SCRIPT_NAME", b"Script-Name", b"",
     b"a b", b"Accept",
     b"X-Forwarded-Ssl", b"X-Forwarded-Protocol", b"Content-Encoding", b"Na\xefve", b"If-None-Match", b"!x~", b"HTTP2-Settings"]
)  # fmt: skip
_VALUES = st.one_of(
    st.sampled_from(
        [b"localhost", b"12", b"0", b"012", b"+12", b"1, 2", b"chunked", b"close", b"Close", b"keep-alive", b"keep-alive, close",
         b"upgrade",
         b"100-continue", b"https", b"http", b"on", b"application/json", b"", b" ", b"\t x \t", b"a\x00b", b"a\rb", b"a\nb",
         b"a\r\n b", b"\xff",
         b"127.0.0.1", b"a: b", b"h2c"]
    ),
    st.binary(max_size=6),
)  # fmt: skip
_ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b" \r\n", b"\r\n ", b"\r\n\t"])
_LINE = st.tuples(_NAMES, st.sampled_from([b":"] * 8 + [b": "] * 8 + [b" :", b"", b":\t"]), _VALUES, _ENDS).map(b"".join)
_TARGETS = st.one_of(
    st.sampled_from(
        [b"/", b"/a", b"/a?b=c", b"/a?b?c", b"//a", b"/a//b", b"/a#b", b"/a?b#c", b"/%41", b"/a?x=%41", b"*", b"http://h/a",
         b"/\xc3\xa9", b"/a b", b"/a;b",
         b"/a\\b", b"", b"/?", b"/a\x7f", b"/api/session/batch-tick", b"/[::1]", b"/:80/@x"]
    ),
    st.binary(max_size=6).map(lambda raw: b"/" + raw),
)  # fmt: skip
_METHODS = st.sampled_from([b"POST"] * 6 + [b"GET", b"PUT", b"DELETE", b"OPTIONS", b"HEAD", b"post", b"PO ST", b"CONNECT", b""])
_VERSIONS = st.sampled_from([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"HTTP/1.1 ", b"", b"HTTP/01.1"])


@st.composite
def _heads(draw):
    first = b" ".join((draw(_METHODS), draw(_TARGETS), draw(_VERSIONS)))
    ordinary = [b"Host: h\r\n", b"Content-Length: %d\r\n" % len(BODY)] if draw(st.booleans()) else []
    lines = [*ordinary, *draw(st.lists(_LINE, max_size=4))]
    return first + b"\r\n" + b"".join(draw(st.permutations(lines))) + b"\r\n"


def _connection(raw):
    """(connection, the other end) of a client that has sent ``raw``, and will send no more."""
    ours, theirs = socket.socketpair()
    theirs.sendall(raw)
    theirs.shutdown(socket.SHUT_WR)
    ours = Socket.of(ours)
    arrival = Arrival(CFG, ours, ("127.0.0.1", 1), 1 << 20)
    arrival.receive()
    return SimpleNamespace(sock=ours, client=("127.0.0.1", 1), server=("127.0.0.1", 80), parser=arrival), theirs


def _environ(raw, monkeypatch, plainly):
    conn, theirs = _connection(raw)
    exchange = Exchange(None, CFG)
    try:
        with monkeypatch.context() as patch:
            if not plainly:
                patch.setattr(plain, "read", lambda head: None)
            environ, keep = exchange.environ(conn)
            environ["wsgi.input"] = environ["wsgi.input"].read()
            return environ, keep
    finally:
        conn.sock.close()
        theirs.close()


@pytest.fixture(scope="module")
def patches():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@settings(max_examples=20_000 if LONG else 400)
@given(head=_heads())
@example(head=b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nContent-Length: 12\r\n\r\n")
@example(head=b"POST /a HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 12\r\n\r\n")
@example(head=b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n")
def test_a_plain_head_means_what_gunicorn_reads_in_it(patches, head):
    if plain.read(head) is None:
        return
    assert _environ(head + BODY, patches, True) == _environ(head + BODY, patches, False)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /api/session/batch-tick HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nConnection: keep-alive\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: h\r\ncookie: a=b; c=d\r\nX-Request-Id: r1\r\ncontent-length: 12\r\n\r\n",
        b"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n",
    ],
)
def test_what_browsers_curl_and_nginx_send_is_plain(head):
    """Otherwise the test above might hold two equal that are never both there."""
    assert plain.read(head) is not None


@pytest.mark.parametrize(
    "head",
    [
        b"POST /a HTTP/1.1\r\nContent-Length: 12\r\nContent-Length: 13\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: +12\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length : 12\r\n\r\n",
        b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /a HTTP/1.1\r\nSCRIPT_NAME: /x\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n",
        b"POST //a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"POST /a HTTP/1.1\nHost: a\n\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
def test_what_may_be_read_in_two_ways_is_not_plain(head):
    assert plain.read(head) is None


def test_a_long_hostile_head_takes_no_time():
    first = b"POST /a HTTP/1.1\r\n"
    for head in (first + b"a:" + b" " * 7000, first + b"a: \t\r\n" * 1500 + b"\x00", b"POST /" + b"a?" * 3900):
        assert plain.read(head) is None


def test_errors_of_the_parser_come_out():
    conn, theirs = _connection(b"POST /a HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n")
    with conn.sock, theirs, pytest.raises(errors.InvalidHeader):
        Exchange(None, CFG).environ(conn)
