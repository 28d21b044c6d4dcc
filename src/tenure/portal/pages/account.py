"""One's own account: the teams one is in, the password, the second factor, and where one is signed in."""

from typing import Any

from tenure.core.plurals import format_count
from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.qr import encode, svg
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

LONGEST = 666
"""Bytes of an enrolment that are drawn, as a code of version 20 holds them:
squares of a larger code are too small for a camera before a screen."""


class Account:
    """The pages about oneself."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Everything on one page."""
        return await self._account(visit)

    async def _account(
        self, visit: Portal, refusal: Refusal | None = None, enrolment: Any = None, codes: Any = None
    ) -> Screen:
        api = self._server.of(visit)
        visit.who.me = await api.get("/v1/me")
        values = {"me": visit.who.me, "refusal": refusal, "enrolment": enrolment, "codes": codes}
        values["sessions"] = (await api.get("/v1/me/sessions"))["items"] if visit.who.me["person"] else []
        values["picture"] = _picture(enrolment["uri"]) if enrolment else ""
        return Screen(template="account.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def password(self, visit: Portal) -> Reply:
        """Another password."""
        form = visit.form
        body = {name: form.values.get(name, [""])[0][:256] for name in ("old", "new")}
        for name, value in body.items():
            if not value:
                form.fault(name, "Please fill this in.")
        if form.errors:
            return await self._account(visit)
        try:
            await self._server.of(visit).post("/v1/me/password", body)
        except RefusedPageError as error:
            return await self._account(visit, None if blamed(form, error.refusal) else error.refusal)
        visit.say("The password is changed. Every other session has ended.")
        return Goto("/account")

    async def propose(self, visit: Portal) -> Reply:
        """Begin with a second factor: the secret for the authenticator application, shown on this page only."""
        body = {"password": _password(visit)}
        if visit.form.errors:
            return await self._account(visit)
        try:
            made = (await self._server.of(visit).post("/v1/me/second-factor", body)).value
        except RefusedPageError as error:
            return await self._account(visit, None if blamed(visit.form, error.refusal) else error.refusal)
        return await self._account(visit, enrolment=made)

    async def confirm(self, visit: Portal) -> Reply:
        """Switch it on with a first code; the recovery codes are shown once."""
        form = visit.form
        enrolment = {"secret": form.text("secret", most=200), "uri": form.text("uri")}
        try:
            made = (
                await self._server.of(visit).post(
                    "/v1/me/second-factor/confirm", {"code": form.text("code", most=32)}, key=form.text("_key")
                )
            ).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            refusal = None if blamed(form, error.refusal) else error.refusal
            return await self._account(visit, refusal, enrolment)
        return await self._account(visit, codes=made["recovery_codes"])

    async def remove(self, visit: Portal) -> Reply:
        """Switch it off."""
        body = {"password": _password(visit), "code": visit.form.required("code", most=32)}
        if visit.form.errors:
            return await self._account(visit)
        try:
            await self._server.of(visit).post("/v1/me/second-factor/remove", body)
        except RefusedPageError as error:
            return await self._account(visit, None if blamed(visit.form, error.refusal) else error.refusal)
        visit.say("The second factor is off. Every other session has ended.")
        return Goto("/account")

    async def end_session(self, visit: Portal) -> Reply:
        """Sign out in one place; where that is this browser, here."""
        api, name = self._server.of(visit), visit.params["session"]
        here = {each["id"] for each in (await api.get("/v1/me/sessions"))["items"] if each["current"]}
        await api.delete(path("/v1/me/sessions/{name}", name=name))
        if name in here:
            visit.signs_out = True
            return Goto("/sign-in?said=out")
        visit.say("That session has ended: the browser has to sign in again.")
        return Goto("/account")

    async def end_others(self, visit: Portal) -> Reply:
        """Sign out everywhere else."""
        done = (await self._server.of(visit).post("/v1/me/sessions/end-others", key=visit.form.text("_key"))).value
        visit.say(f"{format_count(done['ended'], 'other session')} ended. You stay signed in here.")
        return Goto("/account")

    async def choose(self, visit: Portal) -> Reply:
        """Go on in another team."""
        body = {"id": visit.form.text("id", most=64)}
        visit.who.me = (await self._server.of(visit).post("/v1/me/membership", body, key=visit.form.text("_key"))).value
        visit.who.provider = ""
        return Goto("/")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/account", self.show),
            action("/account/password", self.password),
            action("/account/second-factor", self.propose),
            action("/account/second-factor/confirm", self.confirm),
            action("/account/second-factor/remove", self.remove),
            action("/account/team", self.choose),
            action("/account/sessions/{session}/end", self.end_session),
            action("/account/sessions/end-others", self.end_others),
        )


def _password(visit: Portal) -> str:
    """As typed: blanks at its ends belong to a password."""
    password = visit.form.values.get("password", [""])[0][:256]
    if not password:
        visit.form.fault("password", "Please fill this in.")
    return password


def _picture(uri: str) -> str:
    """The enrolment as a QR code for the authenticator's camera; empty where it is longer than one holds."""
    data = uri.encode()
    return svg(encode(data, "M"), "QR code for your authenticator application") if len(data) <= LONGEST else ""
