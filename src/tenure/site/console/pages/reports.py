"""Report on usage: devices in use by day, drawn and as a table, by product and group; the same as CSV."""

import datetime
from typing import Any

from tenure.core.plurals import format_count
from tenure.core.whole_numbers import read_whole_number
from tenure.site.console.pages.licenses import as_csv
from tenure.site.console.session import Console, ConsolePages
from tenure.web import charts
from tenure.web.formatting import format_date
from tenure.web.page_groups import page_at
from tenure.web.replies import FileDownload, PageScreen, Reply

SPANS = (7, 30, 90, 365)
"""Days that are offered."""
COLUMNS = ("date", "product", "group", "most", "latest")


class ReportPages(ConsolePages):
    """The page and the file."""

    @page_at("/reports")
    async def show(self, visit: Console) -> Reply:
        """Use against the limit, and day by day."""
        licenses = (await self._api(visit).get("/v1/licenses"))["items"]
        chosen, days = visit.query.get("product", ""), _days_asked(visit)
        shown = [each for each in licenses if chosen in ("", each["product"])]
        report = await self._load_usage(visit, days)
        found = report["items"]
        return PageScreen.of(
            "reports.html",
            licenses=shown,
            chosen=chosen,
            days=days,
            spans=SPANS,
            plots={each["product"]: _draw_days(report, each["product"], days) for each in shown},
            groups={each["product"]: _by_group(found, each["product"]) for each in shown},
            export=visit.with_query().replace("/reports", "/reports.csv", 1),
        )

    @page_at("/reports.csv")
    async def export(self, visit: Console) -> Reply:
        """Every day, product and group."""
        body = as_csv((await self._load_usage(visit, _days_asked(visit)))["items"], COLUMNS)
        return FileDownload(name="usage.csv", media_type="text/csv; charset=utf-8", body=body)

    async def _load_usage(self, visit: Console, days: int) -> dict[str, Any]:
        asked = {"product": visit.query.get("product") or None, "days": days}
        found: dict[str, Any] = await self._api(visit).get("/v1/usage", **asked)
        return found


def _days_asked(visit: Console) -> int:
    days = read_whole_number(visit.query.get("days", "")) or 0
    return days if days in SPANS else 30


def _draw_days(report: dict[str, Any], product: str, days: int) -> charts.ChartPlot:
    """A column for every day, also for those on which nothing was in use."""
    first = datetime.date.fromisoformat(report["since"])
    by_day = {(first + datetime.timedelta(days=number)).isoformat(): 0 for number in range(days)}
    for each in report["items"]:
        if each["product"] == product:
            by_day[each["date"]] = by_day.get(each["date"], 0) + each["most"]
    title = f"Devices in use by day, at most, of the last {format_count(days, 'day')}"
    return charts.draw_bars(title, [(format_date(f"{day}T00:00:00Z"), used) for day, used in by_day.items()])


def _by_group(found: list[dict[str, Any]], product: str) -> list[tuple[str, int]]:
    """Groups with what was in use when it was looked at last."""
    latest = {each["group"]: each["latest"] for each in found if each["product"] == product}
    return sorted(latest.items(), key=lambda each: -each[1])
