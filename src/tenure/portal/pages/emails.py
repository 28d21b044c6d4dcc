"""The log of mails: to whom, about what, whether they went out and if not why; and sending one again."""

from functools import partial

from tenure.portal.sendings import of_mail
from tenure.portal.session import PAGE, Portal, PortalPages
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply


class EmailPages(PortalPages):
    """The pages about mails."""

    @page_at("/emails")
    async def show(self, visit: Portal) -> Reply:
        """The log, newest first."""
        asked = {"newest_first": True, "cursor": visit.query.get("cursor")}
        found = await self._api(visit).get_page("/v1/emails", asked)
        return PageScreen.of(
            "emails.html", rows=found.items, told=partial(of_mail, now=visit.now), pages=make_pager(visit, found, PAGE)
        )

    @form_at("/emails/{email}/resend")
    async def resend(self, visit: Portal) -> Reply:
        """Try again what was given up, and at once what waits."""
        address = visit.fill_address("/v1/emails/{email}/resend")
        try:
            await self._api(visit).post(address, key=visit.form.read_text("_key"))
        except RefusedPageError as error:
            if error.refusal.code != "nothing_to_change":
                raise
            return RedirectTo("/emails", error.refusal.detail or error.refusal.title, "warn")
        return RedirectTo("/emails", "It is tried again; the result is shown here.", "info")
