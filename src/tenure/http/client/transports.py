"""Moves the bytes of `api_exchange` over HTTP, waiting or not; every fault is told as a value.

Whose fault it was is found out here, because only here the exception is at hand.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import httpx2

from tenure.http.client.api_exchange import ANSWER_CAP, FaultPlace, HttpReply, HttpRequest, NoAnswer, Steps

T = TypeVar("T")
_OWN = frozenset(
    {
        errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM,
        errno.ENETDOWN, errno.ENETUNREACH, errno.EAFNOSUPPORT,
    }
)  # fmt: skip
"""What a computer says when it cannot even begin to ask."""


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
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    _add_chunk(body, chunk)
        except _FAULTS as fault:
            return _no_answer_of(fault)
        return HttpReply(response.status_code, response.headers, bytes(body))


class _EndlessAnswerError(Exception):
    """More than one answer of ours holds."""


_FAULTS = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, _EndlessAnswerError)


def _add_chunk(body: bytearray, chunk: bytes) -> None:
    body += chunk
    if len(body) > ANSWER_CAP:
        raise _EndlessAnswerError("its answer does not end")


def _no_answer_of(fault: Exception) -> NoAnswer:
    return NoAnswer(_place_of(fault), str(fault).strip().rstrip(".") or type(fault).__name__)


def _place_of(fault: Exception) -> FaultPlace:
    if isinstance(fault, _EndlessAnswerError | httpx2.ProtocolError | httpx2.DecodingError):
        return FaultPlace.ANSWER
    if isinstance(fault, httpx2.InvalidURL | ValueError) and not isinstance(fault, OSError):
        return FaultPlace.REQUEST
    if isinstance(fault, httpx2.HTTPError) and not isinstance(fault, httpx2.ConnectError):
        return FaultPlace.NETWORK
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in _exception_tree(fault)):
        return FaultPlace.CERTIFICATE
    return FaultPlace.COMPUTER if any(map(_is_own, _exception_tree(fault))) else FaultPlace.NETWORK


def _is_own(fault: BaseException) -> bool:
    # Numbers of TLS and of name resolution are of other tables.
    return isinstance(fault, OSError) and not isinstance(fault, ssl.SSLError | socket.gaierror) and fault.errno in _OWN


def _exception_tree(fault: BaseException) -> Iterator[BaseException]:
    """The exception and those behind it; a connection tried to several addresses failed for each of them."""
    yield fault
    parts = fault.exceptions if isinstance(fault, BaseExceptionGroup) else ()
    for each in (fault.__cause__ or fault.__context__, *parts):
        if each is not None:
            yield from _exception_tree(each)
