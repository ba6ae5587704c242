"""Who asks: wrk, which costs the machine little beside the shop, and visitors who all come in one instant."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SCRIPTS = Path(__file__).parent / "wrk"
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers in a second, how many were refusals, and how long 50 and 99 of 100 took, in seconds."""

    per_second: float
    count: int
    refused: int
    median: float
    p99: float


def wrk(url: str, *, connections: int, seconds: int, script: str = "", arguments: Sequence[str] = ()) -> Load:
    """One thread of wrk: the other core is the shop's."""
    program = shutil.which("wrk")
    if not program:
        raise SystemExit("wrk is needed: install it (on Debian: apt install wrk) and run this again.")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency"]
    if script:
        command += ["-s", str(SCRIPTS / script)]
    done = subprocess.run([*command, url, "--", *arguments], check=True, capture_output=True, text=True)
    return read(done.stdout)


def read(printed: str) -> Load:
    def number(pattern: str) -> float:
        found = re.search(pattern, printed)
        return float(found[1]) * UNITS.get(found[2] if found.lastindex == 2 else "s", 1) if found else 0.0

    return Load(
        per_second=number(r"Requests/sec:\s+([\d.]+)"),
        count=int(number(r"(\d+) requests in")),
        refused=int(number(r"Non-2xx or 3xx responses: (\d+)")),
        median=number(r"50%\s+([\d.]+)(us|ms|s|m)"),
        p99=number(r"99%\s+([\d.]+)(us|ms|s|m)"),
    )


@dataclass(frozen=True)
class Answer:
    status: int
    # From the moment in which all asked.
    seconds: float


def in_one_instant(
    url: str, count: int, *, method: str = "POST", headers: str = "", patience: float = 120
) -> list[Answer]:
    """So many ask at once, each on a connection of its own that was open before; 0 is the status of no answer."""
    return asyncio.run(all_at_once(url, count, method, headers, patience))


async def all_at_once(url: str, count: int, method: str, headers: str, patience: float) -> list[Answer]:
    address = urlsplit(url)
    request = (
        f"{method} {address.path or '/'} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 0\r\n"
        f"Accept: application/json\r\n{headers}Connection: close\r\n\r\n"
    ).encode()
    gate = asyncio.Event()
    opened = [await asyncio.open_connection(address.hostname, address.port) for _ in range(count)]
    started = 0.0

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
        await gate.wait()
        try:
            writer.write(request)
            async with asyncio.timeout(patience):
                answer = await reader.read()
            status = int(answer.split(b" ", 2)[1]) if answer else 0
        except (ConnectionError, TimeoutError, ValueError, IndexError):
            status = 0
        finally:
            writer.close()
        return Answer(status, time.perf_counter() - started)

    asking = [asyncio.create_task(ask(*streams)) for streams in opened]
    await asyncio.sleep(0)
    started = time.perf_counter()
    gate.set()
    return list(await asyncio.gather(*asking))


def sent(url: str, requests: Sequence[bytes], *, senders: int, patience: float) -> list[Answer]:
    """Each of them once, by so many who keep a connection and wait for an answer before they send another."""
    return asyncio.run(all_sent(url, requests, senders, patience))


async def all_sent(url: str, requests: Sequence[bytes], senders: int, patience: float) -> list[Answer]:
    address, waiting, answers = urlsplit(url), iter(requests), list[Answer]()
    started = time.perf_counter()

    async def send(request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        try:
            writer.write(request)
            async with asyncio.timeout(patience):
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(content_length(head))
            return int(head.split(b" ", 2)[1])
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            return 0

    async def sender() -> None:
        streams = await asyncio.open_connection(address.hostname, address.port)
        for request in waiting:
            answers.append(Answer(await send(request, *streams), time.perf_counter() - started))
            if not answers[-1].status:
                streams[1].close()
                streams = await asyncio.open_connection(address.hostname, address.port)
        streams[1].close()

    await asyncio.gather(*(sender() for _ in range(senders)))
    return answers


def content_length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else 0
