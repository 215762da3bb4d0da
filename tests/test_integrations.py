"""The snippets of docs/integrations.rst do what they say."""

import json
import re
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from tests.support.reported import filled, place
from tests.support.stocked import in_process

from bemore.db import connections
from bemore.settings import Settings

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "integrations.rst").read_text("utf-8")
BLOCKS = {
    name: re.sub("^   ", "", code, flags=re.MULTILINE)
    for name, code in re.findall(r"\.\. code-block:: python\n   :name: (\S+)\n\n((?:   .*\n|\n)+)", TEXT)
}
SECRET = "whsec_c2VjcmV0IG9mIHRoZSB3ZWJob29rcyBpbiB0ZXN0cyE="

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def serve():
    """``serve(app)``: the address at which a WSGI application is served in this process."""
    running = []

    def start(app):
        server = make_server("127.0.0.1", 0, app, threaded=True)
        running.append((server, Thread(target=server.serve_forever, args=(0.01,), daemon=True)))
        running[-1][1].start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_receiver_takes_what_is_delivered_and_nothing_else(client, database_url, serve, monkeypatch):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    names = {}
    exec(compile(BLOCKS["receiver"], "receiver", "exec"), names)
    assert len(BLOCKS["receiver"].strip().splitlines()) <= 24
    env = {"WEBHOOK_URLS": f"{serve(names['app'])}/webhook", "WEBHOOK_SECRET": SECRET}
    connections.connect(Settings.from_env({"DATABASE_URL": database_url, **env}))
    session_id = filled(client, "one minute")
    client.post(place(session_id, "end"))
    assert in_process("deliver", "--once", url=database_url, **env).exit_code == 0
    assert names["ended"] == [session_id]
    forged = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    assert names["app"].test_client().post("/webhook", data=json.dumps({"type": "session.ended"}), headers=forged).status_code == 401


@pytest.mark.parametrize("name", ["load-export", "load-progress"])
def test_pandas_loads_it(app, client, serve, monkeypatch, capsys, name):
    if name == "load-progress" and not any("/progress/csv" in rule.rule for rule in app.url_map.iter_rules()):
        pytest.skip("there is no progress of a client yet")
    monkeypatch.setenv("SESSION_ID", filled(client))
    monkeypatch.setenv("USER_ID", "user-1")
    monkeypatch.setenv("BEMORE_URL", serve(app))
    exec(compile(BLOCKS[name], name, "exec"), {})
    assert ("combinedScore" if name == "load-export" else "averageCombined") in capsys.readouterr().out
