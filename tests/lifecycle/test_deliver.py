"""Events for other systems: what stores them, and how ``bemore deliver`` delivers them."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from standardwebhooks import Webhook

from tests.support.receiving import Receiver
from tests.support.reported import place, send
from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.servers import REPOSITORY, free_port, wait_for
from tests.support.stocked import in_process, unrestricted

from bemore.db import connections
from bemore.lifecycle import deliver
from bemore.models import outbox, session
from bemore.settings import Settings, SettingsError

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB3ZWJob29rcyBpbiB0ZXN0cyE="
NOWHERE = "http://127.0.0.1:9/hooks/T0KEN"

with_receiver = pytest.mark.settings(WEBHOOK_URLS=NOWHERE, WEBHOOK_SECRET=SECRET)


def events(session_id):
    """(type, revision) of the events about a session that wait, in their order."""
    return [(event.type, event.revision) for event in outbox.waiting() if event.session_id == session_id]


def types(session_id):
    return [kind for kind, _ in events(session_id)]


def revision(session_id):
    return session.get(unrestricted(session_id)).revision


# -- What stores them ----------------------------------------------------------------------------------------------------------


def test_without_webhook_urls_nothing_is_stored(client):
    session_id = start_session(client)
    send(client, session_id, "end")
    send(client, session_id, "frames", {"items": frames(1)})
    client.delete(place(session_id))
    assert outbox.waiting() == []


@with_receiver
def test_the_end_late_data_and_the_erasure_of_a_session_are_events(client):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(2)})
    send(client, session_id, "tick", {"minuteIndex": 0})
    send(client, session_id, "pause")
    assert types(session_id) == []
    send(client, session_id, "end")
    send(client, session_id, "end")
    send(client, session_id, "feedback", {"rating": 3})
    assert types(session_id) == ["session.ended"]
    for path, items in (("frames", frames(1, 500)), ("audio", audio(1)), ("stt", stt(1))):
        send(client, session_id, path, {"items": items})
        assert events(session_id)[1:] == [("report.changed", revision(session_id))], "one at most, of the newest revision"
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1, 3)})
    send(client, session_id, "tick", {"minuteIndex": 0})
    assert events(session_id)[1:] == [("report.changed", revision(session_id))]
    client.delete(place(session_id))
    assert types(session_id) == ["session.ended", "report.changed", "session.erased"]
    assert all(event.attempts == 0 for event in outbox.waiting())


@with_receiver
def test_a_demonstration_is_no_event(client):
    session_id = client.post("/api/session/start", json={"userId": "u", "counselorId": "c", "demo": True}).json["data"]["sessionId"]
    send(client, session_id, "end")
    send(client, session_id, "frames", {"items": frames(1)})
    client.delete(place(session_id))
    assert outbox.waiting() == []


@with_receiver
def test_what_is_undone_leaves_no_event(client, monkeypatch):
    session_id = start_session(client)
    monkeypatch.setattr(session, "_count", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), connections.write_transaction():
        session.end_at(session.touch(unrestricted(session_id)), 0)
    assert outbox.waiting() == []


def test_commands_that_end_and_erase_store_events(client, database_url, tmp_path):
    mine, idle, old = (start_session(client, user) for user in ("user-1", "user-2", "user-3"))
    env = {"WEBHOOK_URLS": f"{NOWHERE},{NOWHERE}/2", "WEBHOOK_SECRET": SECRET}
    with connections.write_transaction():
        connections.execute("UPDATE session SET started_ms = 1 WHERE public_id IN (?, ?)", (idle, old))
    in_process("close-idle", "--after", "12h", url=database_url, **env)
    in_process("erase", "user-1", "--yes", url=database_url, **env)
    in_process("purge", "--older-than", "90d", "--yes", url=database_url, **env)
    connections.connect(Settings.from_env({"DATABASE_URL": database_url}))
    assert types(mine) == ["session.erased"] * 2
    assert types(idle) == types(old) == ["session.ended"] * 2 + ["session.erased"] * 2


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "example.org", "https:///x", "https://user:pw@example.org/", "https://e.org:0/", "https://e.org/#x"]
)
def test_addresses_that_are_none_stop_the_start(url):
    with pytest.raises(SettingsError, match="^WEBHOOK_URLS must list addresses such as") as refused:
        Settings.from_env({"WEBHOOK_URLS": url, "WEBHOOK_SECRET": SECRET})
    assert "pw" not in str(refused.value)


def test_secrets_that_are_too_short_or_missing_stop_the_start():
    for secret in ("whsec_c2hvcnQ=", "no base64, but long enough for one, as you see"):
        with pytest.raises(SettingsError, match="^WEBHOOK_SECRET must be") as refused:
            Settings.from_env({"WEBHOOK_URLS": NOWHERE, "WEBHOOK_SECRET": secret})
        assert secret not in str(refused.value)
    with pytest.raises(SettingsError, match="^WEBHOOK_URLS needs WEBHOOK_SECRET"):
        Settings.from_env({"WEBHOOK_URLS": NOWHERE})
    assert "T0KEN" not in repr(Settings.from_env({"WEBHOOK_URLS": NOWHERE, "WEBHOOK_SECRET": SECRET}))


# -- How they are delivered ----------------------------------------------------------------------------------------------------


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


class Delivery:
    """Sessions in this process, and the command, for some receivers."""

    def __init__(self, url, *receivers):
        self.url, self.env = url, {"WEBHOOK_URLS": ",".join(receivers), "WEBHOOK_SECRET": SECRET}
        self.connect()

    def connect(self):
        connections.connect(Settings.from_env({"DATABASE_URL": self.url, **self.env}))

    def end_session(self):
        """The id of a session that has ended."""
        with connections.write_transaction():
            row = session.start("user-1", "counselor-1", 1)
        with connections.write_transaction():
            session.end_at(session.touch(unrestricted(row.public_id)), 2)
        return row.public_id

    def run(self, *options):
        """The result of ``bemore deliver``."""
        result = in_process("deliver", *options, url=self.url, **self.env)
        self.connect()
        assert "T0KEN" not in result.output and SECRET not in result.output
        return result

    def started(self):
        """The command as a process."""
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "DATABASE_URL": self.url, **self.env}
        return subprocess.Popen([sys.executable, "-m", "bemore", "deliver"], env=env, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def delivery(database_url, receiver):
    yield Delivery(database_url, receiver.url)
    connections.close()


def bodies(receiver):
    return [json.loads(body) for _, _, body in receiver.got]


def test_an_event_arrives_signed_with_id_and_revision_and_is_forgotten(delivery, receiver):
    session_id = delivery.end_session()
    ((kind, at_revision),) = events(session_id)
    assert delivery.run("--once").output.splitlines()[-1] == "delivered 1 event"
    ((path, headers, body),) = receiver.got
    assert path == "/hooks/T0KEN" and headers["Content-Type"] == "application/json"
    told = Webhook(SECRET).verify(body, headers)
    assert datetime.fromisoformat(told.pop("timestamp").replace("Z", "+00:00"))
    assert told == {"type": kind, "data": {"sessionId": session_id, "revision": at_revision}}
    assert outbox.waiting() == []
    assert delivery.run("--once").output.splitlines()[-1] == "delivered 0 events"


def test_a_failure_is_retried_under_the_same_id_and_the_events_of_that_session_wait(delivery, receiver, clock):
    session_id = delivery.end_session()
    clock.advance(1)
    other = delivery.end_session()
    session.erase(unrestricted(session_id))
    receiver.answers = [(500, {}), (204, {}), (503, {"Retry-After": "4000"})]
    failed = delivery.run("--once")
    assert failed.exit_code == 1 and failed.output.splitlines()[-1] == "delivered 1 event, 1 failed"
    assert [each["data"]["sessionId"] for each in bodies(receiver)] == [session_id, other]
    assert types(session_id) == ["session.ended", "session.erased"]
    clock.advance(4000)
    delivery.run("--once")
    assert len(receiver.got) == 2, "too early"
    clock.advance(2000)
    delivery.run("--once")
    assert receiver.got[2][1]["webhook-id"] == receiver.got[0][1]["webhook-id"]
    clock.advance(1_000_000)
    delivery.run("--once")
    assert len(receiver.got) == 3, "Retry-After is longer than the schedule's five minutes"
    clock.advance(3_000_001)
    assert delivery.run("--once").exit_code == 0
    assert [each["type"] for each in bodies(receiver)[2:]] == ["session.ended", "session.ended", "session.erased"]


def test_after_the_last_attempt_an_event_is_given_up_and_a_retry_starts_anew(delivery, receiver, clock):
    session_id = delivery.end_session()
    receiver.answers = [(302, {"Location": receiver.url})] * 10
    for _ in range(20):
        delivery.run("--once")
        clock.advance(100_000_000)
    assert len(receiver.got) == 10, "as many attempts as the specification's schedule; redirects are not followed"
    session.erase(unrestricted(session_id))
    assert delivery.run("--once").exit_code == 0 and bodies(receiver)[-1]["type"] == "session.erased"
    (line,) = delivery.run("--list").output.splitlines()
    assert session_id in line and "given up  10 attempts (status 302)" in line
    assert delivery.run("--retry").output.splitlines()[-1] == "1 event due now"
    delivery.run("--once")
    assert bodies(receiver)[-1]["type"] == "session.ended" and outbox.waiting() == []


def test_a_receiver_that_is_gone_gets_nothing_more_of_an_event(delivery, receiver):
    delivery.end_session()
    receiver.answers = [(410, {})]
    delivery.run("--once")
    assert [event.next_ms for event in outbox.waiting()] == [None]


def test_an_event_that_changes_while_it_is_sent_is_sent_again_under_another_id(delivery, receiver):
    """As the receiver may know the first one, it would not take the second for a new one."""
    session_id, target = delivery.end_session(), outbox.REPORT_CHANGED
    delivery.run("--once")
    (to,) = deliver.receivers(Settings.from_env({"DATABASE_URL": delivery.url, **delivery.env}))

    def change():
        with connections.write_transaction():
            outbox.add(target, session.touch(unrestricted(session_id)))

    change()
    receiver.open.clear()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(to.deliver_due, _never())
        wait_for(lambda: len(receiver.got) == 2)
        change()
        receiver.open.set()
        assert sending.result() == [2, 0]
    (_, first, _), (_, second, _) = receiver.got[1:]
    assert first["webhook-id"] != second["webhook-id"]
    assert bodies(receiver)[2]["data"]["revision"] == bodies(receiver)[1]["data"]["revision"] + 1
    assert outbox.waiting() == []


def _never():
    import threading

    return threading.Event()


def test_old_events_that_were_given_up_or_have_no_receiver_are_deleted(delivery, clock):
    delivery.end_session()
    (event,) = outbox.waiting()
    clock.advance(outbox.KEPT_MS + 1)
    now = clock.now_ms
    assert outbox.prune([event.receiver], now) == 0
    outbox.failed(event, None, "status 500")
    assert outbox.prune([event.receiver], event.created_ms + 1) == 0
    assert outbox.prune([event.receiver], now) == 1
    delivery.end_session()
    assert outbox.prune(["another"], now + outbox.KEPT_MS + 1) == 1


def test_a_receiver_that_is_away_keeps_nobody_waiting_and_two_deliverers_send_each_event_once(database_url, receiver):
    with Receiver() as silent:
        silent.open.clear()
        delivery = Delivery(database_url, silent.url, f"http://127.0.0.1:{free_port()}/", receiver.url)
        ids = [delivery.end_session() for _ in range(20)]
        for session_id in ids:
            session.erase(unrestricted(session_id))
        processes = [delivery.started() for _ in range(2)]
        try:
            for each in processes:
                assert any(" delivering " in line for line in each.stderr), "until it waits for signals"
            wait_for(lambda: len(receiver.got) >= 40, 30)
            silent.open.set()
            for each in processes:
                each.send_signal(signal.SIGTERM)
            assert [each.wait(30) for each in processes] == [0, 0]
        finally:
            for each in processes:
                each.kill()
                each.communicate()
    told = [(each["data"]["sessionId"], each["type"]) for each in bodies(receiver)]
    assert sorted(told) == sorted((session_id, kind) for session_id in ids for kind in ("session.ended", "session.erased"))
    for session_id in ids:
        assert told.index((session_id, "session.ended")) < told.index((session_id, "session.erased"))
    connections.close()


def test_what_a_killed_deliverer_was_sending_is_sent_again(delivery, receiver, monkeypatch):
    session_id = delivery.end_session()
    receiver.open.clear()
    process = delivery.started()
    try:
        wait_for(lambda: receiver.got, 30)
    finally:
        process.kill()
        process.communicate()
    receiver.open.set()
    assert delivery.run("--once").output.splitlines()[-1] == "delivered 0 events", "it may still be on its way"
    with connections.write_transaction():
        connections.execute("UPDATE outbox SET next_ms = next_ms - ?", (deliver.LEASE_S * 1000,))
    delivery.run("--once")
    assert [each["data"]["sessionId"] for each in bodies(receiver)] == [session_id] * 2
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
