"""Moves the bytes of `api_exchange` over HTTP, waiting or not; every fault is told as a value.

Whose fault it was is found out here, because only here the exception is at hand.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import httpx2

from tenure.http.client.api_exchange import ANSWER_CAP, FaultPlace, HttpReply, HttpRequest, NoAnswer, Steps
from tenure.http.own_faults import exception_tree, is_own_fault

T = TypeVar("T")


class SyncTransport:
    """Over a client that waits."""

    def __init__(self, http: httpx2.Client, sleep: Callable[[float], None]) -> None:
        self._http, self._sleep = http, sleep

    def run(self, steps: Steps[T]) -> T:
        """Takes the steps and gives back what they come to."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, HttpRequest):
                    step = steps.send(self._fetch(step))
                else:
                    self._sleep(step)
                    step = next(steps)
        except StopIteration as ended:
            found: T = ended.value
            return found

    def _fetch(self, sent: HttpRequest) -> HttpReply | NoAnswer:
        try:
            with self._http.stream(
                sent.method, sent.path, params=sent.params, content=sent.content, headers=sent.headers
            ) as response:
                _refuse_encoded(response.headers)
                body = bytearray()
                for chunk in response.iter_bytes():
                    _add_chunk(body, chunk)
        except _FAULTS as fault:
            return _no_answer_of(fault)
        return HttpReply(response.status_code, response.headers, bytes(body))


class AsyncTransport:
    """Over a client that others work beside."""

    def __init__(self, http: httpx2.AsyncClient, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._http, self._sleep = http, sleep

    async def run(self, steps: Steps[T]) -> T:
        """Takes the steps and gives back what they come to."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, HttpRequest):
                    step = steps.send(await self._fetch(step))
                else:
                    await self._sleep(step)
                    step = next(steps)
        except StopIteration as ended:
            found: T = ended.value
            return found

    async def _fetch(self, sent: HttpRequest) -> HttpReply | NoAnswer:
        try:
            async with self._http.stream(
                sent.method, sent.path, params=sent.params, content=sent.content, headers=sent.headers
            ) as response:
                _refuse_encoded(response.headers)
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    _add_chunk(body, chunk)
        except _FAULTS as fault:
            return _no_answer_of(fault)
        return HttpReply(response.status_code, response.headers, bytes(body))


class _StrangeAnswerError(Exception):
    """It is not read to its end, because no answer of ours is like it."""


_FAULTS = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, _StrangeAnswerError)


def _refuse_encoded(headers: Mapping[str, str]) -> None:
    """A compressed answer was not asked for: a few bytes of it could fill the memory [spec: connection-rules]."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise _StrangeAnswerError("it answered with a compressed body, which was not asked for")


def _add_chunk(body: bytearray, chunk: bytes) -> None:
    body += chunk
    if len(body) > ANSWER_CAP:
        raise _StrangeAnswerError("its answer does not end")


def _no_answer_of(fault: Exception) -> NoAnswer:
    return NoAnswer(_place_of(fault), str(fault).strip().rstrip(".") or type(fault).__name__)


def _place_of(fault: Exception) -> FaultPlace:
    if isinstance(fault, _StrangeAnswerError | httpx2.ProtocolError | httpx2.DecodingError):
        return FaultPlace.ANSWER
    if isinstance(fault, httpx2.InvalidURL | ValueError) and not isinstance(fault, OSError):
        return FaultPlace.REQUEST
    if isinstance(fault, httpx2.PoolTimeout):  # too many requests of our own are under way
        return FaultPlace.COMPUTER
    if isinstance(fault, httpx2.HTTPError) and not isinstance(fault, httpx2.ConnectError):
        return FaultPlace.NETWORK
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in exception_tree(fault)):
        return FaultPlace.CERTIFICATE
    return FaultPlace.COMPUTER if is_own_fault(fault) else FaultPlace.NETWORK
