"""Health for the supervisor of the process: alive (it answers) and ready (it takes work), as two operations."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import PUBLIC
from tenure.http.operations import Operation, make_operation

Check = Callable[[], Awaitable[bool]]
"""True when the part works; an exception or a slow answer counts as False."""


class HealthState(msgspec.Struct, frozen=True):
    """The process answers; `checks` are the parts that were asked and work."""

    status: str = "ok"
    checks: tuple[str, ...] = ()


def health_operations(
    checks: Mapping[str, Check], draining: Callable[[], bool] = lambda: False, timeout_seconds: float = 2.0
) -> tuple[Operation, ...]:
    """`GET /livez` and `GET /readyz`; ready means that every check holds and the server is not `draining`.

    A check that takes longer than `timeout_seconds` seconds does not hold.
    """

    async def read_liveness() -> HealthState:
        """Whether the process answers; restart it when not."""
        return HealthState()

    async def read_readiness() -> HealthState | Refused:
        """Whether to send requests here: 503 while a part is missing or the server is being stopped."""
        if draining():
            return Refused(RefusalCode.SERVER_BUSY, "The server is being stopped.")
        held = await asyncio.gather(*(_check_passes(check, timeout_seconds) for check in checks.values()))
        failed = [name for name, good in zip(checks, held, strict=True) if not good]
        # Names only: what exactly is wrong is in the logs, not for every stranger.
        return (
            Refused(RefusalCode.SERVER_BUSY, f"Not ready: {', '.join(failed)}.")
            if failed
            else HealthState("ok", tuple(checks))
        )

    return (
        make_operation("GET", "/livez", PUBLIC, read_liveness),
        make_operation("GET", "/readyz", PUBLIC, read_readiness),
    )


async def _check_passes(check: Check, timeout_seconds: float) -> bool:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await check()
    except Exception:  # whatever goes wrong inside a check is what the check is there to find
        return False
