"""Reports: use by product, group and day, as JSON and as CSV [spec: events]."""

import csv
import io
from typing import Annotated

import msgspec

from tenure.core.periods import format_date
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.http.operation_groups import operation_at
from tenure.http.problems import RefusedError
from tenure.http.responses import ApiResponse
from tenure.site.api.local import LOOKS, LocalOperations
from tenure.site.store import uses
from tenure.site.store.uses import DailyUse

Days = Annotated[int, msgspec.Meta(ge=1, le=uses.KEPT_DAYS)]
MOST = 20_000
"""Rows of one report; beyond that it is refused, so that none is shown in part."""


class UseView(msgspec.Struct, frozen=True, kw_only=True):
    """One product's group on one day."""

    date: str
    product: str
    group: str
    """Empty: unassigned."""
    most: int
    """Devices that counted at once, at most."""
    latest: int
    """Devices that counted when it was looked at last."""


class UsageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Use, oldest day first."""

    since: str
    until: str
    """The day after the last one."""
    items: tuple[UseView, ...]


class ReportOperations(LocalOperations):
    """The operations."""

    @operation_at("GET", "/v1/usage", LOOKS, refusals=[RefusalCode.FIELD_INVALID])
    async def report_usage(self, product: str = "", group: str | None = None, days: Days = 30) -> UsageReport | Refused:
        """Reports devices in use by day, for the last days; `group=` asks for unassigned ones."""
        today = self._local.site.now() // DAY
        found = await self._find_uses(product, group, today - days + 1, today + 1)
        since, until = format_date((today - days + 1) * DAY), format_date((today + 1) * DAY)
        return UsageReport(since=since, until=until, items=tuple(map(_use_view, found)))

    @operation_at("GET", "/v1/usage.csv", LOOKS, media_type="text/csv", refusals=[RefusalCode.FIELD_INVALID])
    async def export_usage(
        self, product: str = "", group: str | None = None, days: Days = 30
    ) -> ApiResponse[bytes] | Refused:
        """Reports the same as CSV, with a line of headings."""
        today = self._local.site.now() // DAY
        found = await self._find_uses(product, group, today - days + 1, today + 1)
        written = io.StringIO()
        sheet = csv.writer(written)
        sheet.writerow(UseView.__struct_fields__)
        sheet.writerows([_safe_cell(cell) for cell in msgspec.structs.astuple(_use_view(each))] for each in found)
        headers = (("Content-Disposition", 'attachment; filename="usage.csv"'),)
        return ApiResponse(body=written.getvalue().encode(), media_type="text/csv", headers=headers)

    async def _find_uses(self, product: str, group: str | None, since: int, until: int) -> list[DailyUse]:
        """The uses of those days. Raises `field_invalid` where they are too many for one report."""
        found = await self._local.read_tx(lambda conn: uses.page(conn, product, group, since, until, MOST + 1))
        if len(found) > MOST:
            detail = f"More than {MOST:,} lines: ask for fewer days, or one product."
            raise RefusedError(Refused(RefusalCode.FIELD_INVALID, detail, "days"))
        return found


def _use_view(use: DailyUse) -> UseView:
    return UseView(
        date=format_date(use.day * DAY), product=use.product, group=use.group, most=use.most, latest=use.latest
    )


def _safe_cell(cell: object) -> object:
    """A spreadsheet takes a text that begins like a formula for one."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell
