"""For the vendor: which keys sign, when the root document expires, and what is due; the steps are taken elsewhere."""

from tenure.portal.session import Portal, PortalPages
from tenure.portal.vendor_only import require_vendor
from tenure.web.page_groups import page_at
from tenure.web.replies import PageScreen, Reply

STATES = {
    "signing": ("signs", "good"),
    "waiting": ("waits until clients know it", "info"),
    "spare": ("ready, a newer one signs", "calm"),
    "closed": ("signs nothing more", "calm"),
}
STEPS = {
    "extend": "Issue the root document again, before it expires",
    "publish": "Publish a fresh key, before this one ends",
    "close": "Close the older key, a newer one signs",
    "retire": "Retire the key: everything that it signed has expired",
}


class KeyPages(PortalPages):
    """The page about keys."""

    @page_at("/keys")
    async def show(self, visit: Portal) -> Reply:
        """Root document, steps, keys."""
        require_vendor(visit, "server:read")
        found = await self._api(visit).get("/v1/keys")
        return PageScreen.of("keys.html", root=found, states=STATES, steps=STEPS)
