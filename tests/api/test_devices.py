"""The way to the client, measured on real connections: straight to gunicorn, and through nginx."""

import socket
import struct
from contextlib import closing

import pytest

from tests.support.servers import NginxServer, Service, raw_request

from bemore.api import devices
from tests.support.samples import start_session

PATH = "/api/session/devices/check"

#: What a client may try to be believed.
FORGED = {"X-Tcpinfo-Rtt": "987654", "X-Tcpinfo-Snd-Cwnd": "1"}
FORGED_MS = 987.654


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("devices")


@pytest.fixture(scope="module")
def direct(home):
    """A service that clients reach by themselves."""
    with Service(home, DATABASE_URL=f"sqlite:///{home}/direct.db", RATE_LIMIT_ENABLED="false") as service:
        yield service
        print(service.log)


@pytest.fixture(scope="module")
def front(home):
    """nginx before a service that believes it; the service is ``front.service``."""
    with Service(home, DATABASE_URL=f"sqlite:///{home}/behind.db", RATE_LIMIT_ENABLED="false", TRUSTED_PROXIES=1) as service:
        with NginxServer(home, service) as nginx:
            yield nginx
            print(nginx.log)
        print(service.log)


def network(http, server, headers=None):
    answer = http.post(server.url + PATH, json={}, headers=headers)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["camera"] == data["microphone"] == {"available": True, "permission": "prompt"}
    return data["network"]


def test_a_connection_of_its_own_is_measured(direct, http):
    result = network(http, direct)
    # The loopback: well below a second, well above a modem.
    assert 0 < result["latency"] < 500 and result["bandwidth"] > 1


def test_nobody_is_believed_who_is_no_trusted_proxy(direct, http):
    assert network(http, direct, FORGED)["latency"] != FORGED_MS


def test_behind_nginx_it_is_the_clients_connection_that_counts(front, http):
    result = network(http, front)
    assert 0 < result["latency"] < 500 and result["bandwidth"] > 1


def test_nginx_overwrites_what_a_client_calls_its_measurements(front, http):
    result = network(http, front, FORGED)
    assert result["latency"] != FORGED_MS and result["bandwidth"] > 1


def test_a_trusted_proxy_is_believed(front, http):
    assert network(http, front.service, FORGED) == {"latency": FORGED_MS, "bandwidth": 0.012}


@pytest.mark.parametrize(
    "told", [{}, {"X-Tcpinfo-Rtt": "0"}, {"X-Tcpinfo-Rtt": "-5"}, {"X-Tcpinfo-Rtt": "1e9"}, {"X-Tcpinfo-Rtt": "9" * 10}], ids=str
)
def test_what_a_trusted_proxy_does_not_tell_is_null_and_never_the_proxys_own(front, http, told):
    assert network(http, front.service, told) == {"latency": None, "bandwidth": None}
    assert network(http, front.service, {"X-Tcpinfo-Rtt": "1500"}) == {"latency": 1.5, "bandwidth": None}


def test_devices_is_no_session(direct, http):
    assert http.get(direct.url + PATH).status_code == 405
    unknown = http.get(f"{direct.url}/api/session/devices")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "SESSION_NOT_FOUND")
    session_id = start_session(http, base=direct.url)
    assert http.post(f"{direct.url}/api/session/{session_id}/check", json={}).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{}"], ids=["none", "empty"])
def test_the_body_may_be_missing(direct, body):
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    assert raw_request(direct.url, head.encode() + body).status == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_socket_it_is_null(client):
    assert client.post(PATH, json={}).json["data"]["network"] == {"latency": None, "bandwidth": None}


# -- The kernel's structure ----------------------------------------------------------------------------------------------


def test_the_figures_are_read_from_where_the_kernel_writes_them():
    """Fields of struct tcp_info in linux/tcp.h, each with a value of its own."""
    words = list(range(1001, 1001 + 24))  # from tcpi_rto on, 32 bits each
    names = (
        "rto ato snd_mss rcv_mss unacked sacked lost retrans fackets last_data_sent last_ack_sent last_data_recv last_ack_recv"
        " pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss reordering rcv_rtt rcv_space total_retrans"
    ).split()
    result = dict(zip(names, words, strict=True))
    head = bytes(8) + struct.pack("=24I", *words)
    assert devices._INFO.unpack_from(head) == (result["snd_mss"], result["rtt"], result["snd_cwnd"])
    whole = head + bytes(160 - len(head)) + struct.pack("=Q", 12_500_000_000)
    assert devices._measured(whole) == (1.016, 100_000.0), "the delivered rate is the larger one"
    carried = result["snd_cwnd"] * result["snd_mss"] / result["rtt"] * 8
    assert devices._measured(whole[:120]) == (1.016, pytest.approx(carried, abs=0.001))
    assert devices._measured(b"short") == (None, None)


def test_a_slow_rate_delivered_does_not_hide_what_the_connection_carries():
    assert devices._figures(20_000, 10 * 1448, 1000) == (20.0, 5.792)


def test_the_kernel_of_this_machine_agrees():
    """The round trip that is read here is the one that the connection has had: more than nothing, less than a second."""
    with socket.create_server(("127.0.0.1", 0)) as server, closing(socket.create_connection(server.getsockname())) as there:
        with server.accept()[0] as here:
            for _ in range(10):
                here.sendall(b"x" * 1000)
                assert there.recv(1000)
                there.sendall(b"y")
                assert here.recv(1)
            latency, bandwidth = devices._measured(here.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256))
    assert 0 < latency < 1000 and bandwidth > 1
