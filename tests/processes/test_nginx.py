"""nginx with ``deploy/nginx.conf`` in front of the service: whose quota counts, how much passes, who answers when.

Clients come from addresses of their own, 127.0.0.2 and on, which all belong to the loopback.
"""

import http.client
import json
import re
import socket
import time
from contextlib import closing

import pytest

from tests.support.answers import CheckingSession, check_envelope
from tests.support.samples import start_session
from requests.adapters import HTTPAdapter

from tests.support.servers import NginxServer, Service, raw_request, wait_for

MAX_BODY_BYTES = 8_388_608

LIMITED = "/api/session/stats/summary"


def ask(server, client="127.0.0.1", headers=(), path=LIMITED):
    """One request from a client's address, with headers of which a name may come twice; (status, headers)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10, source_address=(client, 0))
    with closing(connection):
        connection.putrequest("GET", path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        check_envelope("GET", path, answer.status, answer.headers, answer.read())
        return answer.status, answer.headers


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def behind(home):
    """A service without quotas that believes one proxy."""
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", RATE_LIMIT_ENABLED="false", TRUSTED_PROXIES=1) as service:
        yield service
        print(service.log)


@pytest.fixture(scope="module")
def front(home, behind):
    """nginx before it."""
    with NginxServer(home, behind) as nginx:
        yield nginx
        print(nginx.log)


@pytest.fixture
def limited(request, tmp_path, redis_url):
    """nginx before a service that lets each client pass five requests; ``TRUSTED_PROXIES`` is the parameter, or 1."""
    settings = {"RATE_LIMIT_ALL": "5 per hour", "TRUSTED_PROXIES": getattr(request, "param", 1), "LOG_FORMAT": "json"}
    with Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", REDIS_URL=redis_url, **settings) as service:
        with NginxServer(tmp_path, service) as nginx:
            yield nginx
        print(service.log)


# -- Whose quota ---------------------------------------------------------------------------------------------------------


def test_each_client_behind_nginx_has_a_quota_of_its_own(limited):
    for client in ("127.0.0.2", "127.0.0.3"):
        assert [ask(limited, client)[0] for _ in range(6)] == [200] * 5 + [429]
    logged = [json.loads(line) for line in limited.service.log.splitlines()]
    clients = [line["client"] for line in logged if line.get("route") == LIMITED]
    assert sorted(clients) == ["127.0.0.2"] * 6 + ["127.0.0.3"] * 6


#: What a client may send in the hope of being taken for somebody else.
FORGED = {
    "one": [("X-Forwarded-For", "127.0.0.9")],
    "several in one": [("X-Forwarded-For", "127.0.0.9, 127.0.0.9,127.0.0.9")],
    "several": [("X-Forwarded-For", "127.0.0.9")] * 3,
    "trailing comma": [("X-Forwarded-For", "127.0.0.9,")],
    "empty": [("X-Forwarded-For", "")],
    "nonsense": [("X-Forwarded-For", "' OR 1=1 --, \t ,,")],
    "another spelling": [("x-forwarded-FOR", "127.0.0.9"), ("X_Forwarded_For", "127.0.0.9")],
    "other names for it": [
        ("Forwarded", "for=127.0.0.9"), ("X-Real-IP", "127.0.0.9"), ("Client-IP", "127.0.0.9"), ("True-Client-IP", "127.0.0.9"),
        ("X-Forwarded-Host", "127.0.0.9"), ("X-Forwarded-Prefix", "/health"), ("X-Original-URL", "/health"),
    ],
    "IPv6": [("X-Forwarded-For", "::ffff:127.0.0.9")],
    "long": [("X-Forwarded-For", ", ".join(["127.0.0.9"] * 500))],
}  # fmt: skip


def test_forged_addresses_evade_no_quota_and_charge_nobody_else(limited):
    """Ten requests that claim to be the victim, each in another way; then the victim still has its five."""
    codes = [ask(limited, "127.0.0.2", headers)[0] for headers in FORGED.values()]
    assert codes == [200] * 5 + [429] * 5
    assert [ask(limited, "127.0.0.9")[0] for _ in range(6)] == [200] * 5 + [429]
    assert {name: ask(limited, "127.0.0.2", headers)[0] for name, headers in FORGED.items()} == dict.fromkeys(FORGED, 429)


@pytest.mark.parametrize("limited", [0], indirect=True)
def test_without_trusted_proxies_the_header_is_ignored(limited):
    """Then nginx itself is the client, whoever stands behind it and whatever the header says."""
    codes = [ask(limited, f"127.0.0.{number}", [("X-Forwarded-For", f"10.0.0.{number}")])[0] for number in range(2, 8)]
    assert codes == [200] * 5 + [429]


@pytest.mark.parametrize("limited", [0], indirect=True)
def test_without_trusted_proxies_a_direct_client_cannot_choose_its_address(limited):
    direct = limited.service
    codes = [ask(direct, "127.0.0.2", [("X-Forwarded-For", f"10.0.0.{number}")])[0] for number in range(6)]
    assert codes == [200] * 5 + [429]
    assert [ask(direct, client)[0] for client in ("127.0.0.3", "127.0.0.2")] == [200, 429]


def test_refusal_and_quota_headers_pass_through(limited):
    for left in (4, 3, 2, 1, 0):
        status, headers = ask(limited, "127.0.0.2")
        assert (status, headers["RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == (200, "5", str(left))
    status, headers = ask(limited, "127.0.0.2", [("Origin", "http://localhost:5173")])
    assert status == 429
    assert 3500 < int(headers["Retry-After"]) <= 3600
    assert headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert headers.get_all("X-Request-Id") == [headers["X-Request-Id"]]


# -- How much passes -----------------------------------------------------------------------------------------------------


def largest_batch(size):
    """A body of exactly ``size`` bytes: 100 frames with the longest landmarks, and a field that nobody reads."""
    items = [{"ts": 100 * index, "faceLandmarksCompressed": "A" * 65_536, "qualityScore": 0.8} for index in range(100)]
    body = json.dumps({"items": items, "padding": ""})
    return f'{body[:-2]}{"x" * (size - len(body))}"}}'.encode()


def test_largest_body_passes_and_one_byte_more_does_not(front, behind, http):
    session_id = start_session(http, base=front.url)
    url = f"/api/session/{session_id}/frames"
    body = largest_batch(MAX_BODY_BYTES)
    assert len(body) == MAX_BODY_BYTES
    for server in (front, behind):
        answer = http.post(server.url + url, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["data"] == {"frameCount": 100, "totalFramesInSession": 100}
        refused = http.post(server.url + url, data=largest_batch(MAX_BODY_BYTES + 1), headers={"Content-Type": "application/json"})
        assert refused.status_code == 413
        assert refused.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert http.get(f"{front.url}/api/session/{session_id}").json()["data"]["landmarkCount"] == 100


@pytest.mark.parametrize("server", ["front", "behind"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_sender_of_30_mb_gets_to_read_the_refusal(request, http, server, chunked):
    url = f"{request.getfixturevalue(server).url}/api/session/start"
    part = b" " * 1_000_000
    body = (part for _ in range(30)) if chunked else part * 30
    refused = http.post(url, data=body, headers={"Content-Type": "application/json", "Origin": "http://localhost:5173"})
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    # The page that sent it may read it as well.
    assert refused.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"


@pytest.mark.parametrize("server", ["front", "behind"])
def test_sender_that_reads_only_when_all_is_sent_gets_the_refusal(request, server):
    """As simple clients do: all of the body first, then the answer, over a connection that must not be reset meanwhile."""
    url = request.getfixturevalue(server).url
    head = b"POST /api/session/start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 30000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(head)
        for _ in range(300):
            connection.sendall(b" " * 100_000)
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            assert answer.status == 413
            check_envelope("POST", "/api/session/start", 413, answer.headers, answer.read())


# -- What passes both ways -----------------------------------------------------------------------------------------------


def test_request_id_is_the_same_at_the_client_in_nginx_and_in_the_service(front, behind, http):
    answer = http.get(f"{front.url}{LIMITED}", headers={"X-Request-Id": "through.nginx:1"})
    assert answer.json()["requestId"] == "through.nginx:1"
    wait_for(lambda: "through.nginx:1" in front.access_log, what="nginx's line")
    assert "request_id=through.nginx:1" in behind.log


@pytest.mark.parametrize("sent", ["", "with space", "<script>", "a" * 129, "한글".encode().decode("latin-1")])
def test_request_id_that_is_not_well_formed_is_replaced_by_one_for_all(front, behind, http, sent):
    answer = http.get(f"{front.url}{LIMITED}", headers={"X-Request-Id": sent})
    made = answer.json()["requestId"]
    assert made != sent
    wait_for(lambda: f'"request_id":"{made}"' in front.access_log, what="nginx's line")
    assert f"request_id={made}" in behind.log


def test_preflight_passes(front, http):
    wanted = "content-type,x-request-id,x-device-id,idempotency-key"
    headers = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}
    answer = http.options(f"{front.url}/api/session/start", headers=headers)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert set(wanted.split(",")) <= {each.strip().lower() for each in answer.headers["Access-Control-Allow-Headers"].split(",")}


def test_errors_of_the_service_pass_as_they_are(front, http):
    answers = [
        http.get(f"{front.url}/api/session/sess_1_0123456789abcdef"),
        http.post(f"{front.url}/api/session/start", json={}),
        http.get(f"{front.url}/api/session/start"),
        http.post(f"{front.url}/api/session/start", data=b"<a/>", headers={"Content-Type": "text/xml"}),
    ]
    codes = [(answer.status_code, answer.json()["error"]["code"]) for answer in answers]
    assert codes == [(404, "SESSION_NOT_FOUND"), (400, "VALIDATION_ERROR"), (405, "METHOD_NOT_ALLOWED"), (415, "UNSUPPORTED_MEDIA_TYPE")]
    assert answers[0].json()["error"]["message"] == "세션을 찾을 수 없습니다: sess_1_0123456789abcdef"


def test_large_answer_is_packed_and_arrives_whole(front, http):
    packed = http.get(f"{front.url}/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    plain = http.get(f"{front.url}/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"GARBAGE\r\n\r\n", {400}),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {414}),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {414}),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n", {431}),
        (b"GET /health HTTP/1.1\r\n\r\n", {400}),
        (b"POST /api/session/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: two\r\n\r\n", {400}),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", {405}),
        (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", {403}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    ],
    ids=["garbage", "path 70000", "path 9000", "header 70000", "no host", "length", "TRACE", "metrics", "TLS"],
)
def test_what_nginx_itself_refuses_has_the_envelope(front, data, statuses):
    status, headers, body = raw_request(front.url, data)
    assert status in statuses
    check_envelope("GET", "/refused", status, headers, body)


def test_what_nginx_refuses_of_a_page_is_korean(front, http):
    answers = [
        http.get(f"{front.url}/metrics"),
        http.get(f"{front.url}/.once"),
        http.post(f"{front.url}/api/session/start", data=b" " * (MAX_BODY_BYTES + 1), headers={"Content-Type": "application/json"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 404, 413]
    assert all(re.search("[가-힣]", answer.json()["error"]["message"]) for answer in answers)


def test_no_answer_names_its_server_more_than_nginx(front, http):
    for path in ("/health/live", "/no/such/address", LIMITED):
        assert http.get(f"{front.url}{path}").headers.get("Server", "nginx") == "nginx"


def test_logs_of_both_hold_no_id_and_no_name(front, behind, http):
    session_id = start_session(http, "marke-c4f1a7", base=front.url)
    http.get(f"{front.url}/api/session/{session_id}")
    http.post(f"{front.url}/api/session/{session_id}/end")
    http.get(f"{front.url}/api/session/user/marke-c4f1a7?limit=1")
    http.get(f"{front.url}/api/session/{session_id}/no/such", headers={"X-Request-Id": "last-of-these"})
    wait_for(lambda: "last-of-these" in front.access_log, what="nginx's last line")
    for log in (front.access_log, front.log, behind.log):
        assert session_id not in log and "marke-c4f1a7" not in log
    for line in front.access_log.splitlines():
        assert {"method", "route", "status", "ms", "request_id", "client"} <= set(json.loads(line))


class FromAddress(HTTPAdapter):
    """Connections of ``requests`` from an address of the loopback."""

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, source_address=("127.0.0.2", 0), **options)


def test_kept_connections_are_used_again(front, behind):
    """A client's connection to nginx, and nginx's to the service: what a slow client costs stays with nginx."""
    with CheckingSession() as session:
        session.mount("http://", FromAddress())
        for _ in range(20):
            assert session.get(f"{front.url}{LIMITED}").status_code == 200
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as slow:
        # A body that does not come takes none of the service's four threads.
        slow.sendall(b"POST /api/session/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        others = [socket.create_connection(("127.0.0.1", front.port), timeout=10) for _ in range(8)]
        try:
            for other in others:
                other.sendall(b"POST /api/session/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            assert ask(front)[0] == 200
        finally:
            for other in others:
                other.close()


# -- The service away ----------------------------------------------------------------------------------------------------


def test_service_that_goes_and_comes_is_told_and_used_again(tmp_path, http):
    service = Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", RATE_LIMIT_ENABLED="false", TRUSTED_PROXIES=1)
    with NginxServer(tmp_path, service) as nginx:
        page = {"Origin": "http://localhost:5173", "X-Request-Id": "nobody-there"}
        # nginx was there first.
        down = http.get(f"{nginx.url}{LIMITED}", headers=page)
        assert down.status_code in (502, 503)
        assert down.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
        assert down.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
        assert down.json()["requestId"] == "nobody-there"
        assert abs(down.json()["serverTs"] - time.time() * 1000) < 10_000
        with service:
            assert wait_for(lambda: http.get(f"{nginx.url}{LIMITED}").status_code == 200, what="the service behind nginx")
            session_id = start_session(http, base=nginx.url)
            service.kill()
            assert http.post(f"{nginx.url}/api/session/{session_id}/end").status_code in (502, 503)
            service.start()
            assert wait_for(lambda: http.post(f"{nginx.url}/api/session/{session_id}/end").status_code == 200, what="the service again")
            service.kill()
