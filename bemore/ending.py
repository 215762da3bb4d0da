"""How a worker lets go of its connections, and how it ends without breaking a request.

gunicorn's worker closes a connection that is kept open as soon as it is told to end, also one whose next request is on its way,
never looks at connections that the kernel has taken but nobody has accepted, and waits for each client to close its end. A worker
whose first process was killed stops listening only after half a minute, in which nobody else can have the port; and one that is
told to end while it starts does not hear it.
"""

import os
import selectors
import signal
import socket
import time
from collections import deque
from functools import partial

from gunicorn.workers.gthread import ThreadWorker

from bemore.connections import CONNECTIONS
from bemore.worker import Worker

#: How long a kept connection may still bring a request to a worker that ends, in seconds; its answer says ``Connection: close``.
LINGER_S = 0.3

#: How long a client may take to close its end after the last answer, and how much it may still send, which nobody reads.
CLOSE_S, MOST_UNREAD = 2.0, 65536

#: How often an ending worker looks whether a connection has lingered long enough, in seconds.
_LOOK_S = 0.05


class EndingWorker(Worker):
    """The worker of ``bemore serve``."""

    # The two ends of a pipe that the first process alone holds open: whoever reads of it learns at once of that one's death.
    _life = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)  # still in the first process
        if EndingWorker._life is None:
            EndingWorker._life = os.pipe()
        self._closing = deque()
        self._lingers = False

    def init_process(self):
        os.close(self._life[1])
        super().init_process()

    def init_signals(self):
        # What came until now went into the queue of the first process's handler, which this one has inherited and does not read.
        inherited = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        super().init_signals()
        queue = getattr(inherited, "SIG_QUEUE", None)
        while queue is not None and not queue.empty():
            if queue.get_nowait() in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                self.alive = False

    def run(self):
        self.poller.register(self._life[0], selectors.EVENT_READ, self._orphaned)
        super().run()

    def _orphaned(self, _end):
        self.poller.unregister(self._life[0])
        self.log.warning("the first process is gone; worker %s ends", self.pid)
        self.alive = False

    def is_parent_alive(self):
        # Never set ``alive`` to what it was a moment ago: a signal may have changed it meanwhile.
        if not super().is_parent_alive():
            self.alive = False
        return self.alive

    def set_accept_enabled(self, enabled):
        super().set_accept_enabled(enabled)
        if not self.alive and not self._lingers:
            self._stop_listening()

    def _stop_listening(self):
        """Take what waits to be accepted, close the port, and give every connection its last while."""
        self._lingers = True
        CONNECTIONS.leave(self.age)
        for listener in self.sockets:
            before = -1
            while before < self.nr_conns:
                before = self.nr_conns
                ThreadWorker.accept(self, listener)
            listener.close()
        for connection in (*self.keepalived_conns, *self.pending_conns):
            connection.timeout = time.monotonic() + LINGER_S

    def wait_for_and_dispatch_events(self, timeout):
        super().wait_for_and_dispatch_events(timeout if self.alive else min(timeout, _LOOK_S))

    def enqueue_req(self, conn):
        super().enqueue_req(conn)
        if not self.alive and conn in self.pending_conns:
            conn.timeout = time.monotonic() + LINGER_S

    def finish_request(self, conn, fs):
        result = False if fs.cancelled() or fs.exception() else fs.result()
        if self.alive and result:
            super().finish_request(conn, fs)
        elif result is not True:
            self._let_go(conn)
        elif conn.parser.receive():  # the next request is here already, whole
            self.enqueue_req(conn)
        else:
            self._keep_for_a_while(conn)

    def _keep_for_a_while(self, conn):
        """Keep a connection whose answer went out before we were told to end, and so did not say that it was the last one."""
        try:
            self._wait(conn, self.keepalived_conns)
        except (OSError, ValueError, KeyError):
            self.keepalived_conns.remove(conn)
            self._close(conn)
        else:
            conn.timeout = time.monotonic() + LINGER_S

    def murder_keepalived(self):
        super().murder_keepalived()
        now = time.monotonic()
        for conn in [each for each in self._closing if each.timeout < now]:
            self._end(conn)

    def _let_go(self, conn):
        """Say that no more comes, and close once the client has, too: closed at once, what it has not read yet might be lost.

        gunicorn waits for that in the one thread that has to look after all connections.
        """
        conn.timeout, conn.unread = time.monotonic() + (CLOSE_S if self.alive else LINGER_S), 0
        try:
            self._unpoll(conn)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._skip, conn))
        except (OSError, ValueError, KeyError):
            self._close(conn)
        else:
            self._closing.append(conn)

    def _skip(self, conn, sock):
        try:
            data = sock.recv(MOST_UNREAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.unread += len(data)
        if not data or conn.unread > MOST_UNREAD:
            self._end(conn)

    def _end(self, conn):
        self._closing.remove(conn)
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _close(self, conn):
        self.nr_conns -= 1
        conn.close()
