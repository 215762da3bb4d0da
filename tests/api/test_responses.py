"""A response is what its operation declares: a field too many, one too few or one of another type is an error, at any depth."""

import ast
import logging
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import bemore.api
from bemore.api.http.operation import operation
from bemore.auth.access import Access
from bemore.db.connections import execute, read
from bemore.models import session
from bemore.schemas.response import Envelope, Response, Succeeded

pytestmark = pytest.mark.own_app

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Part(Response):
    share: float


class Reply(Response):
    user_id: str
    parts: list[Part]


class ReplyAnswer(Envelope):
    success: Succeeded
    message: str
    data: Reply


RIGHT = {"userId": "user-1", "parts": [{"share": 0.5}]}

WRONG = {
    "a field too many": {**RIGHT, "note": "private"},
    "a field too few": {"parts": []},
    "null for a string": {**RIGHT, "userId": None},
    "a number for a string": {**RIGHT, "userId": 7},
    "a field too many inside": {**RIGHT, "parts": [{"share": 0.5, "of": "user-1"}]},
    "a field too few inside": {**RIGHT, "parts": [{"share": 0.5}, {}]},
    "nothing": None,
}


@pytest.fixture
def ask(app):
    """``ask(content, **declaration)`` is the response of a view that returns ``content``."""

    def send(content, response=Reply, **declaration):
        view = operation("A reply", Access.ANYONE, response=response, **declaration)(lambda: content)
        app.add_url_rule("/reply", "sessions.reply", view, methods=["POST"])
        return FlaskClient(app, app.response_class).post("/reply")

    return send


@on_sqlite
def test_declared_content_is_answered_in_the_envelope(ask):
    answer = ask(RIGHT, status=201)
    assert answer.status_code == 201 and answer.json["success"] is True and answer.json["data"] == RIGHT
    assert list(answer.json) == ["success", "data", "requestId", "serverTs", "modelVersion"]


@on_sqlite
def test_struct_is_answered_like_its_fields(ask):
    assert ask(Reply("user-1", [Part(0.5)])).json["data"] == RIGHT


@on_sqlite
def test_fields_beside_data_are_those_of_the_declared_envelope(ask):
    answer = ask({"message": "stored", "data": RIGHT}, response=ReplyAnswer)
    assert list(answer.json) == ["success", "message", "data", "requestId", "serverTs", "modelVersion"]


@on_sqlite
def test_plain_response_has_no_envelope_and_may_choose_its_status(ask):
    answer = ask((RIGHT, 503), plain=True)
    assert answer.status_code == 503 and answer.json == RIGHT


@on_sqlite
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG.keys())
def test_content_that_is_not_as_declared_is_an_error_and_stays_inside(ask, caplog, content, plain):
    with caplog.at_level(logging.ERROR, "bemore.error"):
        answer = ask(content, plain=plain)
    assert answer.status_code == 500 and answer.json["error"]["code"] == "INTERNAL_ERROR"
    assert "private" not in answer.text and "user-1" not in answer.text
    assert caplog.records[-1].error == "ValidationError"


@on_sqlite
@pytest.mark.parametrize("content", [{"message": "stored", "data": RIGHT, "count": 1}, {"data": RIGHT}, RIGHT])
def test_envelope_that_is_not_as_declared_is_an_error(ask, content):
    assert ask(content, response=ReplyAnswer).status_code == 500


@on_sqlite
def test_work_whose_response_is_not_as_declared_is_undone(ask):
    def run():
        row = session.start("user-1", "counselor-1", 1_737_250_800_000)
        return {**RIGHT, "note": "private"}, row

    assert ask(run, idempotent=True).status_code == 500
    with read():
        assert execute("SELECT count(*) FROM session").fetchone()[0] == 0


@on_sqlite
def test_every_operation_that_answers_json_declares_its_response(app):
    for endpoint, view in app.view_functions.items():
        declared = view.operation
        assert (declared.media == "application/json") == (declared.response is not None), endpoint


def test_views_leave_json_to_their_declaration():
    """The document itself is the only JSON that is not made of a struct."""
    writers = {
        path.name
        for path in Path(bemore.api.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("json", "jsonify")
    }
    assert writers <= {"docs.py"}
