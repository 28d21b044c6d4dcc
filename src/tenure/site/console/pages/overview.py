"""The top of the tree: how everything is, in figures that lead to what is behind them; settings; the banner alone."""

from tenure.site.console.reasons import shown_events
from tenure.site.console.session import Console, ConsolePages, open_warnings
from tenure.web.page_groups import page_at
from tenure.web.replies import PageScreen, Reply

EVENTS_SHOWN = 6


class OverviewPages(ConsolePages):
    """Start and settings."""

    @page_at("/")
    async def show(self, visit: Console) -> Reply:
        """The start."""
        api = self._api(visit)
        status = await api.get("/v1/status")
        licenses = (await api.get("/v1/licenses"))["items"]
        latest = (await api.get_page("/v1/events", limit=EVENTS_SHOWN)).items
        return PageScreen.of(
            "overview.html",
            status=status,
            licenses=licenses,
            used=sum(each["in_use"] for each in licenses if each["phase"] in ("active", "grace")),
            free=sum(each["free"] for each in licenses),
            waiting=sum(each["waiting"] for each in licenses),
            limit=sum(each["device_limit"] for each in licenses),
            latest=shown_events(latest),
            open_alarms=await open_warnings(api),
        )

    @page_at("/banner")
    async def banner(self, visit: Console) -> Reply:
        """The banner alone, for pages that keep it up to date."""
        return PageScreen(template="banner.html")

    @page_at("/settings")
    async def settings(self, visit: Console) -> Reply:
        """What this administration server is, and where each thing is set."""
        api = self._api(visit)
        return PageScreen.of(
            "settings.html", status=await api.get("/v1/status"), forwardings=await api.get_all("/v1/forwardings")
        )
