"""A small HTTP/1.1 load generator: raw sockets, keep-alive, no parsing beyond what it needs.

An ordinary client library costs more per request than the proxy that is to be measured.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from dataclasses import dataclass, field

__all__ = ["Result", "Streamed", "closed_loop", "streams"]


@dataclass
class Result:
    """Latencies in seconds, and how long all of it took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    ways: list[float] = field(default_factory=list)  # until the backend had read the request
    errors: int = 0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """A latency percentile in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def halves(self) -> tuple[float, float]:
        """Median milliseconds there, until the backend had read the request, and back."""
        back = [whole - way for whole, way in zip(self.latencies, self.ways, strict=True)]
        return 1000 * statistics.median(self.ways), 1000 * statistics.median(back)


@dataclass
class Streamed:
    """What one streamed answer felt like, in seconds."""

    first: float  # until the first text event
    gaps: list[float]
    events: int


def request(body: bytes, path: str = "/v1/chat/completions") -> bytes:
    """The bytes of one POST."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer bench\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[bool, float]:
    """Whether it went well, and when the backend heard of it (its clock is this machine's)."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    ok = head.startswith(b"HTTP/1.1 200")
    heard = float(lower.partition(b"x-heard:")[2].split(b"\r\n")[0] or 0)
    if b"transfer-encoding: chunked" in lower:
        while True:
            size = int((await reader.readline()).split(b";")[0], 16)
            await reader.readexactly(size + 2)
            if size == 0:
                return ok, heard
    length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return ok, heard


async def closed_loop(port: int, bodies: list[bytes], *, clients: int, seconds: float) -> Result:
    """`clients` connections, each sending its next request when the last was answered."""
    result = Result()
    raw = [request(body) for body in bodies]
    stop = time.perf_counter() + seconds

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while (began := time.perf_counter()) < stop:
            writer.write(raw[turn % len(raw)])
            turn += clients
            ok, heard = await _answer(reader)
            result.latencies.append(time.perf_counter() - began)
            result.ways.append(heard - began)
            result.errors += not ok
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(n) for n in range(clients)))
    result.seconds = time.perf_counter() - began
    return result


async def streams(port: int, bodies: list[bytes]) -> list[Streamed]:
    """One streamed answer for each body, all at once, started over one second."""

    async def one(number: int) -> Streamed:
        await asyncio.sleep(number / len(bodies))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.perf_counter()
        writer.write(request(bodies[number]))
        await reader.readuntil(b"\r\n\r\n")
        arrivals: list[float] = []
        buffer = b""
        events = 0
        while b"[DONE]" not in buffer[-200:]:
            chunk = await reader.read(65536)
            if not chunk:
                break
            buffer += chunk
            seen = chunk.count(b'"content"')
            events += seen
            if seen:
                arrivals.append(time.perf_counter())
        writer.close()
        gaps = [b - a for a, b in itertools.pairwise(arrivals)]
        return Streamed(arrivals[0] - began, gaps, events)

    return list(await asyncio.gather(*(one(n) for n in range(len(bodies)))))
