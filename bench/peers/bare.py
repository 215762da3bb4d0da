"""A Flask view that only reads the body."""

import os

from flask import Flask, Response, request

app = Flask("bare", static_folder=None)


@app.get("/ready")
def ready():
    return {"pid": os.getpid()}


@app.post("/api/session/batch-tick")
def batch_tick():
    return _read()


@app.post("/api/session/<session_id>/frames")
def frames(session_id):
    return _read()


def _read():
    request.get_data(cache=False)
    return Response(b'{"success":true}', 201, content_type="application/json")
