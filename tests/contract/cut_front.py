"""A line to a PostgreSQL server that is cut when it is told to: after a COMMIT has arrived, before its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class CutFront:
    """What stands between; `cuts` is how many commits are still to be cut off, `silent` that nothing passes."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self.port = 0
        self.cuts = 0
        self.silent = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or it is cut."""
        try:
            answers, questions = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:
            writer.close()
            return
        back = asyncio.create_task(self._copy(answers, writer))
        with suppress(OSError):
            while data := await reader.read(65_536):
                if self.cuts and b"COMMIT" in data:
                    self.cuts -= 1
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)
                    await _finish(answers, questions, data)
                    break
                if not self.silent:
                    questions.write(data)
        for each in (writer, questions):
            each.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if not self.silent:
                    writer.write(data)
        if not self.silent:
            writer.close()


async def _finish(answers: asyncio.StreamReader, questions: asyncio.StreamWriter, data: bytes) -> None:
    """The commit is done, and its answer is lost."""
    questions.write(data)
    await answers.read(1)


@asynccontextmanager
async def cut_front(behind: int) -> AsyncIterator[CutFront]:
    """The front of 127.0.0.1:`behind`, while the block lasts."""
    front = CutFront(behind)
    server = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    front.port = server.sockets[0].getsockname()[1]
    async with server:
        yield front
