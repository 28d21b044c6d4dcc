"""The pages kit of portal and console: frame, session, forms, refusals, drawings, one style sheet, one script.

How a program uses it::

    from tenure.web.page_app import PageParts, PageRoute, PageVisit, build_pages, form_route, page_route
    from tenure.web.frame import MenuEntry, MenuGroup, PageFrame
    from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError
    from tenure.web.sessions import MemorySessions

    async def licenses(visit: PageVisit[ConsoleSession]) -> PageScreen:
        return PageScreen(template="licenses.html", values={"rows": await visit.session_value.api.get("/v1/licenses")})

    async def rename_form(visit, refusal=None) -> PageScreen:       # with faults beside their fields
        return form_screen(visit, "rename.html", refusal)

    async def rename(visit: PageVisit[ConsoleSession]) -> Reply:  # a POST: session, origin and token were checked
        name = visit.form.read_required("name")                 # read_text, read_whole, read_money …
        visit.form.require_valid()                              # else the form is shown again
        await visit.session_value.api.put("/v1/name", {"name": name})   # as it is when this is refused
        return RedirectTo("/licenses", "The server has another name.")      # said on the next page

    async def frame(visit):
        return PageFrame(title="…", groups=(MenuGroup(text="", entries=(MenuEntry(path=…, text=…),)),), …)

    sessions = MemorySessions(FairPlaces(MOST, EACH), block_of)                # of `http.fairness`
    application = build_pages(PageParts(program="console", package="tenure.site", sessions=sessions, frame=frame,
                              clock=now, owner=lambda who: who.name, routes=(page_route("/licenses", licenses),
                              form_route("/licenses/rename", rename, again=rename_form))))

- `PageVisit`: `params` (of the path), `query`, `form`, `session_value` (what the session holds), `session`, `now`,
  `place`, `flash_message()`, `with_query()`; signing in is `visit.signs_in = ConsoleSession(…)`,
  signing out `visit.signs_out = True`.
- The pages for signing in are `sign_in.SignInPages`, and what a session holds is an `ApiSession`. A page that is told
  `not_authenticated` by the API leads to signing in again, with what was entered.
- Routes need a session unless `stranger=True`; a browser without one is sent to `sign_in_path?next=…`.
- Replies: `PageScreen` (template, values, status), `RedirectTo` (303), `FileDownload`;
  `RefusedPageError(PageRefusal(…))` from anywhere becomes a page in the same frame.
- Templates live in the program's own `templates/`, begin with `{% extends "web/layout.html" %}` and fill the blocks
  `title` and `main`; there `ui` holds the parts: `when day away badge phase copied head cell pager empty notice
  refused faults hidden field area choice radios check act timeline plot`, and `icon(name)`. Every form writes
  `{{ ui.hidden() }}` (token and idempotency key `_key`). Values: `form flashes frame visit now`; filters: `money date
  moment duration spoken cause lasting`.
- A table that becomes cards on a phone: `<table class="cards" role="table">{{ ui.head([…]) }}`, rows of
  `<td {{ ui.cell("Label") }}>`; figures end their heading with `#` and use `ui.cell("Label", "figure")`.
- A tree is a `MenuEntry` with `children`. A part that refreshes itself: `<div id="steps" data-poll="/here"
  data-every="2">`; the address answers a page that has the same id, without `data-poll` when it is over.
- Persistent sessions: give `PageParts` another `sessions.SessionStore`.

It takes no decision, reads no clock and knows no API.
"""
