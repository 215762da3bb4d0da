"""Bodies that are no JSON, types, encodings, sizes, and paths nobody would send on purpose: a clear 4xx, and no change."""

import gzip
import json
import zlib
from urllib.parse import unquote_to_bytes

import pytest

from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.stored import contents, totals

#: No database has a part in what is refused before it is asked.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DEEP = 100_000


def endpoints(session_id):
    """Every endpoint that takes a body: its path, and a good body."""
    return {
        "/api/session/start": {"userId": "u", "counselorId": "c"},
        f"/api/session/{session_id}/frames": {"items": frames(1)},
        f"/api/session/{session_id}/audio": {"items": audio(1)},
        f"/api/session/{session_id}/stt": {"items": stt(1)},
        f"/api/session/{session_id}/tick": {"minuteIndex": 0},
        f"/api/session/{session_id}/feedback": {"rating": 3},
        f"/api/session/{session_id}/pause": {},
        f"/api/session/{session_id}/resume": {},
        f"/api/session/{session_id}/end": {},
        "/api/session/batch-tick": {"sessionId": session_id, "items": scores(1)},
    }


#: Bodies that no endpoint takes.
NO_OBJECT = {
    "null": b"null",
    "true": b"true",
    "a list": b"[]",
    "a list of an object": b"[{}]",
    "a number": b"42",
    "a string": b'"{}"',
    "a word": b"hello",
    "NaN": b"NaN",
    "truncated": b'{"userId": "u", "counselorId": "c"',
    "truncated in a string": b'{"userId": "u", "counsel',
    "two objects": b"{}{}",
    "garbage behind": b"{} x",
    "a comma too many": b'{"userId": "u", "counselorId": "c",}',
    "a comment": b"{} // nothing",
    "single quotes": b"{'rating': 3}",
    "a form": b"rating=3&minuteIndex=0",
    "not UTF-8": b'{"userId": "\xff\xfe", "counselorId": "c", "text": "\xc3\x28"}',
    "not UTF-8 in a field nobody knows": b'{"userId": "u", "counselorId": "c", "rating": 3, "minuteIndex": 0, "extra": "\xff"}',
    "Latin-1": '{"extra": "é"}'.encode("latin-1"),
    "UTF-16": '{"rating": 3}'.encode("utf-16"),
    "CP949": '{"userId": "홍길동", "counselorId": "상담"}'.encode("cp949"),
    "a lone surrogate in UTF-8": b'{"userId": "\xed\xa0\x80", "counselorId": "c"}',
    "NUL bytes": b"\0" * 10,
    "a NUL in a string": b'{"userId": "a\0b", "counselorId": "c"}',
    "a line break in a string": b'{"userId": "a\nb", "counselorId": "c"}',
    "a wrong escape": b'{"userId": "\\x41", "counselorId": "c"}',
    "brackets": b"[" * DEEP,
    "brackets closed": b"[" * DEEP + b"]" * DEEP,
    "braces": b'{"a":' * DEEP,
    "deep items": b'{"items":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep in a field nobody knows": b'{"userId": "u", "counselorId": "c", "rating": 3, "extra":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep without an end": b'{"userId":' + b'{"a":' * DEEP,
}


def test_a_body_that_is_no_json_object_is_refused(client):
    session_id = start_session(client)
    before = contents()
    for name, raw in NO_OBJECT.items():
        for path in endpoints(session_id):
            answer = client.post(path, data=raw, content_type="application/json")
            assert answer.status_code == 400, f"{path}: {name}"
            error = answer.json["error"]
            assert error["code"] == "VALIDATION_ERROR" and error["message"].startswith("body "), f"{path}: {name}: {error['message']}"
        assert contents() == before, name


def test_an_empty_body_is_an_empty_object(client):
    session_id = start_session(client)
    before = contents()
    for raw in (b"", b"  \n", b"{}"):
        for path, body in endpoints(session_id).items():
            if body and "tick" not in path.rpartition("/")[2][:4]:
                answer = client.post(path, data=raw, content_type="application/json")
                assert answer.status_code == 400
                assert answer.json["error"]["message"].partition(" ")[0] in body, path
    assert contents() == before


REFUSED_TYPES = (
    "application/xml", "text/xml", "text/html", "text/csv", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/octet-stream", "image/png", "application/jsonp", "application/json5", "text/json-seq", "json", "plain/text",
)  # fmt: skip
TAKEN_TYPES = (
    "application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.bemore.v1+json", "application/ld+json",
    "text/plain", "text/plain;charset=UTF-8", None, "",
)  # fmt: skip


def test_other_types_than_json_and_plain_text_are_415(client):
    session_id = start_session(client)
    before = contents()
    for path, body in endpoints(session_id).items():
        for kind in REFUSED_TYPES:
            answer = client.post(path, data=json.dumps(body).encode(), content_type=kind)
            assert answer.status_code == 415, f"{path} {kind}"
            assert answer.json["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert contents() == before


def test_json_is_read_under_each_type_that_browsers_send(client):
    for kind in TAKEN_TYPES:
        for path, body in endpoints(start_session(client)).items():
            answer = client.post(path, data=json.dumps(body).encode(), content_type=kind)
            assert answer.status_code in (200, 201), f"{path} {kind}: {answer.text}"


def send_packed(client, path, raw, encoding="gzip"):
    return client.post(path, data=raw, content_type="application/json", headers={"Content-Encoding": encoding})


def test_gzip_is_unpacked(client):
    session_id = start_session(client)
    for path, body in endpoints(session_id).items():
        raw = json.dumps(body).encode()
        for encoding, packed in (("gzip", gzip.compress(raw)), ("GZIP", gzip.compress(raw, 0)), ("identity", raw)):
            assert send_packed(client, path, packed, encoding).status_code in (200, 201), path
    assert totals(client, session_id) == (1, 1, 1)


def test_gzip_of_several_members_is_one_body(client):
    for index, encoding in enumerate(("gzip", "x-gzip", "X-GZIP")):
        session_id = start_session(client)
        for path, body in endpoints(session_id).items():
            raw = json.dumps(body).encode()
            packed = b"".join(map(gzip.compress, (b"\xef\xbb\xbf", raw[:5], b"", raw[5:], b" ")))
            assert send_packed(client, path, packed, encoding).status_code in (200, 201), path
        assert totals(client, session_id) == (1, 1, 1), index


def test_byte_order_mark_is_skipped(client):
    session_id = start_session(client)
    for path, body in endpoints(session_id).items():
        raw = b"\xef\xbb\xbf" + json.dumps(body).encode()
        assert client.post(path, data=raw, content_type="application/json").status_code in (200, 201), path
        refused = client.post(path, data=b"\xef\xbb\xbf" + raw, content_type="application/json")
        assert (refused.status_code, refused.json["error"]["message"]) == (400, "body must be valid JSON in UTF-8"), "one of them"


@pytest.mark.settings(MAX_BODY_BYTES=2000)
def test_members_share_the_bound_of_a_body(client):
    raw = b'{"userId": "u", "counselorId": "c"}'
    for room, status in ((2000 - len(raw), 200), (2001 - len(raw), 413)):
        packed = gzip.compress(raw) + gzip.compress(b" " * 1000) + gzip.compress(b" " * (room - 1000))
        assert send_packed(client, "/api/session/start", packed).status_code == status


def test_what_is_not_one_whole_gzip_is_refused(client):
    session_id = start_session(client)
    before = contents()
    for path, body in endpoints(session_id).items():
        raw = json.dumps(body).encode()
        good = gzip.compress(raw)
        wrong_sum = good[:-8] + bytes(byte ^ 255 for byte in good[-8:-4]) + good[-4:]
        for packed in (
            raw,
            b"\x1f\x8b",
            good[:-1],
            good[: len(good) // 2],
            good + b"x",
            good + b"\0",
            good + gzip.compress(b" x"),
            good + gzip.compress(b" ")[:-1],
            b"".join([gzip.compress(b"")] * 101),
            wrong_sum,
            zlib.compress(raw),
            gzip.compress(good),
            gzip.compress(b"null"),
        ):
            answer = send_packed(client, path, packed)
            assert answer.status_code == 400, f"{path} {packed[:12]}"
            assert answer.json["error"]["message"].startswith("body ")
    assert contents() == before


def test_other_encodings_than_gzip_are_415(client):
    session_id = start_session(client)
    before = contents()
    for path, body in endpoints(session_id).items():
        raw = json.dumps(body).encode()
        for encoding in ("deflate", "br", "zstd", "compress", "gzip, gzip", "gzip, deflate", "chunked", "utf-8"):
            answer = send_packed(client, path, zlib.compress(raw) if encoding == "deflate" else gzip.compress(raw), encoding)
            assert answer.status_code == 415, f"{path} {encoding}"
    assert contents() == before


def test_a_body_of_30_megabytes_is_413(client):
    session_id = start_session(client)
    before = contents()
    packed = gzip.compress(b'{"extra": "' + b"x" * (30 << 20) + b'"}')
    zeros = gzip.compress(bytes(30 << 20))
    assert len(packed) < 100_000
    large = b" " * (30 << 20)
    for path in endpoints(session_id):
        answers = [send_packed(client, path, packed), send_packed(client, path, zeros)]
        if path.endswith(("start", "frames", "end")):
            answers.append(client.post(path, data=large, content_type="application/json"))
        for answer in answers:
            assert answer.status_code == 413, path
            assert answer.json["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert contents() == before


@pytest.mark.settings(MAX_BODY_BYTES=2048)
def test_the_largest_body_is_taken_and_one_byte_more_is_not(client):
    for size, status in ((2047, 200), (2048, 200), (2049, 413)):
        raw = b'{"userId": "u", "counselorId": "c"}'.ljust(size)
        assert client.post("/api/session/start", data=raw, content_type="application/json").status_code == status, size
        assert send_packed(client, "/api/session/start", gzip.compress(raw)).status_code == status, size


def test_a_body_shorter_than_it_says_is_refused(client):
    session_id = start_session(client)
    before = contents()
    for path, body in endpoints(session_id).items():
        raw = json.dumps(body).encode()
        claimed = {"CONTENT_LENGTH": str(len(raw) + 10)}
        answer = client.post(path, data=raw, content_type="application/json", environ_overrides=claimed)
        assert answer.status_code == 400, path
        assert answer.json["error"]["message"].startswith("body ")
    assert contents() == before


def ask(client, method, path, **options):
    """As ``client.open``, but the bytes of the path are exactly those that its %-signs tell, as from a real server."""
    return client.open(path, method=method, environ_overrides={"PATH_INFO": unquote_to_bytes(path).decode("latin-1")}, **options)


ODD_IDS = (
    "%27", "%22", "%27%20OR%201=1--", "sess_1_%27aaaaaaaaaaaaaaaa", "%00", "sess_1_aaaaaaaaaaaaaaaa%00", "%0a", "x" * 5000,
    "%ff", "%ed%a0%80", "%c0%80", "%F0%9F%99%82", "%", "%zz", "undefined", "null", "-1", "%20", "..%5c..", "__proto__", "%3Cb%3E",
)  # fmt: skip


def test_odd_ids_in_a_path_find_no_session(client):
    session_id = start_session(client)
    before = contents()
    for odd in ODD_IDS:
        for path, body in endpoints(odd).items():
            if odd in path:
                answer = ask(client, "POST", path, json=body)
                assert answer.status_code in (400, 404), path[:80]
                assert answer.json["error"]["code"] in ("SESSION_NOT_FOUND", "VALIDATION_ERROR")
        for method, path in (("GET", odd), ("DELETE", odd), ("GET", f"{odd}/inferences")):
            assert ask(client, method, f"/api/session/{path}").status_code in (400, 404), path[:80]
    assert contents() == before and client.get(f"/api/session/{session_id}").status_code == 200


def test_odd_user_ids_in_a_path_are_refused_or_nobodys(client):
    start_session(client)
    for odd in ("%00", "a%00", "%0a", "%7f", "x" * 129, "x" * 5000, "%ff", "a%ff", "%ed%a0%80"):
        answer = ask(client, "GET", f"/api/session/user/{odd}")
        assert answer.status_code == 400, odd[:80]
        assert answer.json["error"]["message"].startswith("userId "), odd[:80]
    for odd in ("%27", "%22", "%27%20OR%201=1--", "%25", "_", "%F0%9F%99%82", "x" * 128, "%20"):
        answer = ask(client, "GET", f"/api/session/user/{odd}")
        assert (answer.status_code, answer.json["data"]["sessions"]) == (200, []), odd


def test_wrong_paths_are_404(client):
    session_id = start_session(client)
    before = contents()
    wrong = ["/-", "/api", "/api/", "/api/session/", "/api/sessions/start", "/session/start"]
    wrong += ["/api/session/start/", "/API/SESSION/START", "/%2e%2e/%2e%2e/etc/passwd", "/" + "a" * 5000]
    inside = ("/frame", "/frames/", "/frames/1", "/end/now", "/END", "/tick%20", "/pause%00", "/%ff")
    for path in (*wrong, *(f"/api/session/{session_id}{each}" for each in inside)):
        answer = ask(client, "POST", path, json={})
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "NOT_FOUND"), path[:80]
    assert contents() == before


def test_a_path_with_a_slash_too_many_is_404(client):
    session_id = start_session(client)
    before = contents()
    too_many = ("//api/session/start", "///api/session/start", "/%2Fapi/session/start", "/%2F%2fapi/session/start", "//", "//health")
    for path in (*too_many, "/api//session/start", f"/api/session//{session_id}/pause", f"/api/session/{session_id}//end"):
        answer = ask(client, "POST", path, json={"userId": "u", "counselorId": "c"})
        assert answer.status_code == 404, f"{path}: {answer.status_code} {answer.headers.get('Location')}"
        assert answer.json["error"]["code"] == "NOT_FOUND"
    assert contents() == before


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="4 per 10 minutes")
def test_a_slash_too_many_makes_no_path_free_of_quotas(client):
    assert [ask(client, "GET", path).status_code for path in ("//health", "//metrics", "/%2Fconsole/x", "//static/x", "//api/docs")] == [
        *[404] * 4, 429,
    ]  # fmt: skip
