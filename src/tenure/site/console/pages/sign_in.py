"""Signing in and out of the console: by name and password, or with the token of the folder, which always works."""

from tenure.site.console.session import ConsoleSession, LocalServer
from tenure.web.sign_in import SignInPages, SignInTexts

TEXTS = SignInTexts(
    name_field="name",
    secure_way="Open the console on the server itself, or through its https address.",
    token_refused="This is not the token of this administration server.",  # noqa: S106 - a sentence
)


def console_sign_in(server: LocalServer) -> SignInPages:
    """The pages that are open to strangers."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """The sign-in page."""
        if visit.session is not None:
            return RedirectTo(local_path(visit.query.get("next", "/")))
        if said := SAID.get(visit.query.get("said", "")):
            visit.flash_message(said[1], said[0])
        return _sign_in(visit)

    async def enter(self, visit: Console) -> Reply:
        """With the token: the API itself says whether it is the right one."""
        secret = visit.form.read_required("token", most=200)
        if not secret:
            return _sign_in(visit, 422)
        try:
            await self._server.with_secret(secret if secret.isascii() else "?").get("/v1/status")
        except RefusedPageError as error:
            if error.refusal.status not in {401, 403}:
                return _sign_in(visit, error.refusal.status, error.refusal)
            visit.form.add_fault("token", "This is not the token of this administration server.")
            return _sign_in(visit, 422)
        visit.signs_in = ConsoleSession(secret)
        return RedirectTo(local_path(visit.form.read_text("next")))

    async def enter_person(self, visit: Console) -> Reply:
        """By name and password; whoever has a second factor is asked for it next."""
        form = visit.form
        body = {"name": form.read_required("name", most=256), "password": form.read_required("password", most=256)}
        if form.errors:
            return _sign_in(visit, 422, person=True)
        try:
            entered = await self._server.with_secret("").post("/v1/sign-in", body)
        except RefusedPageError as error:
            return _sign_in(visit, error.refusal.status, _refusal_here(error.refusal), person=True)
        if entered["second_factor"]:
            return _second_factor(visit, entered["ticket"])
        return await self._signed_in(visit, entered["session"])

    async def enter_factor(self, visit: Console) -> Reply:
        """With the second factor."""
        form = visit.form
        ticket, code = form.read_text("ticket", most=128), form.read_required("code", most=32)
        if not code:
            return _second_factor(visit, ticket, 422)
        try:
            entered = await self._server.with_secret("").post(
                "/v1/sign-in/second-factor", {"ticket": ticket, "code": code}
            )
        except RefusedPageError as error:
            return _second_factor(visit, ticket, error.refusal.status, _refusal_here(error.refusal))
        return await self._signed_in(visit, entered["session"])

    async def _signed_in(self, visit: Console, secret: str) -> Reply:
        me = await self._server.with_secret(secret).get("/v1/me")
        visit.signs_in = ConsoleSession(secret, me["name"], me["role"])
        return RedirectTo("/account" if me["change_password"] else local_path(visit.form.read_text("next")))

    async def leave(self, visit: Console) -> Reply:
        """Sign out; a person's session ends at the API, too."""
        if visit.session is not None:
            with suppress(RefusedPageError):
                await self._server.api_for(visit).post("/v1/sign-out")
        visit.signs_out = True
        return RedirectTo("/sign-in?said=out")

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            page_route("/sign-in", self.show, stranger=True),
            form_route("/sign-in", self.enter, stranger=True),
            form_route("/sign-in/person", self.enter_person, stranger=True),
            form_route("/sign-in/second-factor", self.enter_factor, stranger=True),
            form_route("/sign-out", self.leave, stranger=True),
        )


def _refusal_here(refusal: PageRefusal) -> PageRefusal:
    """A refusal at the door, with what helps at this server, where nobody is sent a link."""
    if refusal.code != "sign_in_refused":
        return refusal
    cause = "Name, password or code do not belong together, or the sign-in took too long."
    remedy = "Try again with care. For a lost password, ask an administrator of this server for a new one."
    return msgspec.structs.replace(refusal, cause=cause, detail="", remedy=remedy)


def _sign_in(
    visit: Console, status: int = 200, refusal: PageRefusal | None = None, *, person: bool = False
) -> PageScreen:
    aim = local_path(visit.form.read_text("next") or visit.query.get("next", "/"))
    insecure = not visit.place.secure and not visit.place.own_machine
    by_token = not (person or visit.query.get("by") == "person")
    other = "/sign-in?" + urlencode({"next": aim, **({"by": "person"} if by_token else {})})
    values = {"next": aim, "refusal": refusal, "insecure": insecure, "by_token": by_token, "other": other}
    return PageScreen(template="sign_in.html", values=values, status=status)


def _second_factor(visit: Console, ticket: str, status: int = 200, refusal: PageRefusal | None = None) -> PageScreen:
    values = {"next": local_path(visit.form.read_text("next")), "ticket": ticket, "refusal": refusal}
    return PageScreen(template="second_factor.html", values=values, status=status)


def session_over(visit: Console) -> Reply:
    """The API no longer knows the session: sign in again, then go on."""
    return SignInAgain()
