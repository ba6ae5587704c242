"""Who sends half a request keeps no page from anybody else; who sends one in pieces is answered like others."""

import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from payments.tests.shop_process import Shop, running_shop, sandbox_keypair
from storefront.worker import MOST, SECONDS, SECONDS_OF_THREAD, Line

pytestmark = pytest.mark.processes
HEAD = b"GET /item/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
STYLES = b"GET /static/shop/shop.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /webhooks/stripe HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    # So few threads that a handful of slow senders could hold all of them.
    with running_shop(folder, WEB_CONCURRENCY="1", WEB_THREADS="4", **sandbox_keypair("USD")) as shop:
        yield shop


@pytest.fixture
def connection(shop: Shop) -> Iterator[socket.socket]:
    with closing(connected_to(shop)) as connection:
        yield connection


def connected_to(shop: Shop) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", shop.port))
    connection.settimeout(30)
    return connection


def send(connection: socket.socket, *pieces: bytes) -> None:
    for piece in pieces:
        connection.sendall(piece)
        time.sleep(0.1)


def statuses(connection: socket.socket, count: int) -> list[bytes]:
    """Of so many answers on this connection."""
    received = b""
    while received.count(b"HTTP/1.1 ") < count:
        more = connection.recv(65_536)
        assert more, received
        received += more
    return [answer[:3] for answer in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("half", [b"", HEAD, POST + b"Content-Length: 1000\r\n\r\n{", HEAD + b"\r\n" + HEAD])
def test_a_hundred_who_send_half_a_request_keep_no_page_from_others(shop: Shop, half: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(closing(connected_to(shop))).sendall(half)
        for _ in range(5):
            assert requests.get(f"{shop.url}/item/1", timeout=SECONDS / 2).status_code == 200


def test_who_does_not_send_the_rest_is_hung_up_on(connection: socket.socket) -> None:
    started = time.monotonic()
    send(connection, HEAD)
    for _ in range(SECONDS // 2):
        time.sleep(1)
        send(connection, b"X-Slow: yes\r\n")
    assert connection.recv(1) == b""
    assert SECONDS - 1 < time.monotonic() - started < SECONDS + 5


def test_a_head_in_pieces_is_read(connection: socket.socket) -> None:
    send(connection, HEAD[:10], HEAD[10:], b"\r", b"\n")
    assert statuses(connection, 1) == [b"200"]


def test_a_body_in_pieces_is_read(connection: socket.socket) -> None:
    send(connection, POST + b"CONTENT-LENGTH:  9\r\n\r\n", b"not a", b" web")
    assert statuses(connection, 1) == [b"400"]


@pytest.mark.parametrize("length", [MOST - 1, MOST, MOST * 3])
def test_a_long_body_is_read(shop: Shop, length: int) -> None:
    assert requests.post(f"{shop.url}/webhooks/stripe", data=b"x" * length, timeout=30).status_code == 400


def test_who_waits_to_be_asked_for_a_body_is_asked(connection: socket.socket) -> None:
    send(connection, POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
    connection.settimeout(SECONDS / 2)
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    send(connection, b"not a web")
    assert statuses(connection, 1) == [b"400"]


def test_who_does_not_send_the_rest_of_a_long_body_keeps_no_thread_for_ever(shop: Shop, capfd: Any) -> None:
    half = POST + b"Content-Length: %d\r\n\r\n" % (MOST * 2) + b"x" * MOST
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(connected_to(shop))) for _ in range(4)]
        for connection in slow:
            send(connection, half)
        assert requests.get(f"{shop.url}/item/1", timeout=SECONDS_OF_THREAD * 2).status_code == 200
        assert [statuses(connection, 1) for connection in slow] == [[b"400"]] * 4
    assert "Traceback" not in capfd.readouterr().err


BYTE_BY_BYTE = {
    "long": POST + b"Content-Length: %d\r\n\r\n" % (MOST * 2) + b"x" * MOST,
    "that nobody asked for": HEAD.replace(b"item/1", b"lost") + b"Transfer-Encoding: chunked\r\n\r\nFFFF\r\n",
}


@pytest.mark.parametrize("begun", BYTE_BY_BYTE.values(), ids=BYTE_BY_BYTE)
def test_who_sends_a_body_byte_by_byte_keeps_no_thread_for_ever_and_is_hung_up_on(
    shop: Shop, connection: socket.socket, begun: bytes, capfd: Any
) -> None:
    send(connection, begun)
    started = time.monotonic()
    connection.settimeout(1)
    received, more = b"", b"nothing yet"
    while more:
        assert time.monotonic() - started < SECONDS_OF_THREAD + 5
        with suppress(OSError):
            # Late bytes of a body are never taken for a request.
            connection.sendall(b"x" if time.monotonic() - started < SECONDS_OF_THREAD else HEAD + b"\r\n")
        try:
            more = connection.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
        received += more
    assert received[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404")
    assert received.count(b"HTTP/1.1 ") == 1
    assert "Traceback" not in capfd.readouterr().err


def test_who_takes_no_answer_keeps_no_thread_for_ever(shop: Shop, capfd: Any) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            deaf = stack.enter_context(closing(socket.socket()))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", shop.port))
            deaf.setblocking(False)
            # As many as it takes until nothing more fits between them.
            with suppress(BlockingIOError):
                for _ in range(1_000):
                    deaf.sendall(STYLES)
        time.sleep(4)
        assert requests.get(f"{shop.url}/item/1", timeout=SECONDS_OF_THREAD * 2).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, Line]]:
    """Both ends of one whose sender waits for half a second, in which little of what the machine holds is taken."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        closing(socket.create_connection(server.getsockname())) as far,
    ):
        far.settimeout(5)
        near, _ = server.accept()
        with closing(Line(fileno=near.detach())) as near:
            near.settimeout(0.5)
            yield far, near


def test_who_takes_a_long_answer_slowly_gets_all_of_it(line: tuple[socket.socket, Line]) -> None:
    far, near = line
    answer = bytes(8_000_000)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(near.sendall, answer)
        taken = 0
        while taken < len(answer):
            taken += len(far.recv(50_000))
            time.sleep(0.02)
        sent.result()


def test_who_stops_taking_a_long_answer_is_hung_up_on(line: tuple[socket.socket, Line]) -> None:
    _, near = line
    with pytest.raises(TimeoutError):
        near.sendall(bytes(20_000_000))


def test_a_body_of_unknown_length_is_read(shop: Shop) -> None:
    pieces = (b"x" * 1000 for _ in range(3))
    assert requests.post(f"{shop.url}/webhooks/stripe", data=pieces, timeout=30).status_code == 400


def test_a_head_that_never_ends_is_not_read_to_its_end(connection: socket.socket) -> None:
    send(connection, HEAD + b"X-Long: " + b"x" * MOST)
    # What was not read is thrown away.
    with suppress(ConnectionResetError):
        assert not connection.recv(1)


def test_who_hangs_up_in_a_head_that_never_ends_ends_no_worker(shop: Shop) -> None:
    before = shop.workers
    for _ in range(5):
        with closing(connected_to(shop)) as connection:
            send(connection, HEAD + b"X-Long: " + b"x" * (MOST - len(HEAD) - 9))
            # The last bytes, and that nobody listens any more, arrive together.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(b"x" * 10)
    time.sleep(0.5)
    assert shop.workers == before


def test_two_requests_sent_at_once_are_both_answered(connection: socket.socket) -> None:
    send(connection, HEAD + b"\r\n" + HEAD + b"\r\n")
    assert statuses(connection, 2) == [b"200", b"200"]


def test_a_connection_is_used_again(connection: socket.socket) -> None:
    for _ in range(3):
        send(connection, HEAD + b"\r\n")
        assert statuses(connection, 1) == [b"200"]


def test_who_hangs_up_in_the_middle_is_no_mistake(shop: Shop, capfd: Any) -> None:
    for half in (b"", HEAD, POST + b"Content-Length: 10\r\n\r\n{"):
        with closing(connected_to(shop)) as connection:
            connection.sendall(half)
    time.sleep(0.5)
    assert requests.get(f"{shop.url}/item/1", timeout=10).status_code == 200
    assert "Traceback" not in capfd.readouterr().err
