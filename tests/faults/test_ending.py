"""Connections that are let go of: what a client does with its end after the last answer concerns nobody else."""

import socket
import time
from contextlib import ExitStack

import pytest

from tests.support.servers import raw_request

ASK = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_clients_that_leave_their_end_open_delay_nobody(service):
    """gunicorn alone waits two seconds for each of them, in the thread that looks after all connections."""
    running = service()
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=10))
            connection.sendall(ASK)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        assert raw_request(running.url, ASK).status == 200
        assert time.monotonic() - began < 1.5
