"""Threads are for requests that have arrived: who sends half of one waits without a thread, and not for long."""

import re
import selectors
import sys
import time
from contextlib import suppress
from fcntl import ioctl
from functools import partial
from socket import SHUT_RD, socket
from termios import TIOCOUTQ
from typing import TYPE_CHECKING

from gunicorn.http.message import Request
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Within so many seconds a request has to be there.
SECONDS = 10
# Within so many a thread has to have the rest of a longer one, which is a megabyte at most; and to get rid of some of
# its answer.
SECONDS_OF_THREAD = 20
# Of what is longer the rest is read by the thread that answers it.
MOST = 65_536
END_OF_HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class Worker(ThreadWorker):
    def enqueue_req(self, conn: TConn) -> None:
        """Of a new connection, and of one on which another request begins."""
        if not conn.initialized:
            conn.sock = Line(fileno=conn.sock.detach())
            conn.init()
            # It speaks HTTP/1 alone: a proxy before it may speak more.
            conn.parser.unreader = Unreader(conn.sock)  # type: ignore[union-attr]
        if has_arrived(conn):
            super().enqueue_req(conn)
            return
        conn.timeout = time.monotonic() + SECONDS
        # The worker hangs up on these when their time is over.
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: TConn, client: socket) -> None:
        if has_arrived(conn):
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            super().enqueue_req(conn)

    def handle(self, conn: TConn) -> bool:
        conn.parser.unreader.deadline = time.monotonic() + SECONDS_OF_THREAD  # type: ignore[union-attr]
        return super().handle(conn)

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """A thread does not wait for ever either: for more of a long body, or for who does not take the answer."""
        conn.sock.settimeout(SECONDS_OF_THREAD)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            return False


class Unreader(SocketUnreader):
    """Whoever sends a byte now and then has no more time than others."""

    deadline: float

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes of a body. When time is over it fails: an end made up here would let what comes later be read
        as another request. A connection on which a body failed is closed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        try:
            return super().chunk(size_hint)  # type: ignore[call-arg]
        finally:
            self.sock.settimeout(SECONDS_OF_THREAD)


class Line(socket):
    """Whoever takes a long answer slowly gets all of it: megabytes, where staff exports."""

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        rest = memoryview(data)
        while rest:
            waiting = self.not_taken()
            try:
                rest = rest[self.send(rest, flags) :]
            except TimeoutError:
                # The machine takes more only when a good part of what it holds for them is gone.
                if self.not_taken() >= waiting:
                    raise

    def not_taken(self) -> int:
        """So many bytes the machine holds for them, where it tells: Linux does."""
        with suppress(OSError):
            return int.from_bytes(ioctl(self, TIOCOUTQ, bytes(4)), sys.byteorder)
        return 0


def has_arrived(conn: TConn) -> bool:
    """Read what is there and leave it to the parser. Also true where nobody will send more: the parser tells why."""
    conn.sock.setblocking(False)
    unreader = conn.parser.unreader  # type: ignore[union-attr]
    try:
        read = conn.sock.recv(MOST)
        is_over = not read
    except BlockingIOError:
        read, is_over = b"", False
    except OSError:
        read, is_over = b"", True
    arrived = unreader.take_buffered() + read
    unreader.unread(arrived)
    head, end, body = arrived.partition(END_OF_HEAD)
    if not end and len(head) >= MOST:
        # Nobody has so much to say before a request; a thread would wait for its end.
        with suppress(OSError):
            conn.sock.shutdown(SHUT_RD)
        is_over = True
    return is_over or bool(end) and is_whole(head, body)


def is_whole(head: bytes, body: bytes) -> bool:
    """As far as it is read here. Who waits to be asked for the body is asked by the thread."""
    if EXPECTS.search(head + b"\r\n"):
        return True
    length = LENGTH.search(head + b"\r\n")
    return len(body) >= min(int(length[1]) if length else 0, MOST - len(head))
