"""The manners of pages, shared by portal and console: frame, session, forms, refusals, drawings, one sheet, one script.

How a program uses it::

    from tenure.web.app import Parts, Route, Visit, action, build, page
    from tenure.web.frame import Entry, Frame, Group
    from tenure.web.replies import Goto, Refusal, RefusedPageError, Screen
    from tenure.web.sessions import MemorySessions

    async def licenses(visit: Visit[SignedIn]) -> Screen:
        return Screen(template="licenses.html", values={"rows": await visit.who.api.get("/v1/licenses")})

    async def rename(visit: Visit[SignedIn]) -> Reply:          # a POST: session, origin and token were checked
        name = visit.form.required("name")                      # text, whole, money, choice, flag, many
        if visit.form.errors:
            return Screen(template="rename.html", status=422)   # the form is shown again, faults beside its fields
        visit.say("The server has another name.")               # shown on the next page
        return Goto("/licenses")

    async def frame(visit): return Frame(title="…", groups=(Group(text="", entries=(Entry(path=…, text=…),)),), …)

    sessions = MemorySessions(FairPlaces(MOST, EACH), block_of)                # of `http.fairness`
    application = build(Parts(program="console", package="tenure.site", sessions=sessions, frame=frame, clock=now,
                              owner=lambda who: who.name, routes=(page("/licenses", licenses),
                              action("/licenses/rename", rename))))

- `Visit`: `params` (of the path), `query`, `form`, `who` (what the session holds), `session`, `now`, `place`, `say()`,
  `with_query()`; signing in is `visit.signs_in = SignedIn(…)`, signing out `visit.signs_out = True`.
- Routes need a session unless `stranger=True`; whoever has none is sent to `sign_in_path?next=…`.
- Replies: `Screen` (template, values, status), `Goto` (303), `Download`; `RefusedPageError(Refusal(…))` from anywhere
  becomes a page in the same frame.
- Templates live in the program's own `templates/`, begin with `{% extends "web/layout.html" %}` and fill the blocks
  `title` and `main`; there `ui` holds the parts: `when day away badge phase copied head cell pager empty notice
  refused faults hidden field area choice radios check act timeline plot`, and `icon(name)`. Every form writes
  `{{ ui.hidden() }}` (token and idempotency key `_key`). Values: `form flashes frame visit now`; filters: `money date
  moment duration spoken cause lasting`.
- A table that becomes cards on a phone: `<table class="cards" role="table">{{ ui.head([…]) }}`, rows of
  `<td {{ ui.cell("Label") }}>`; figures end their heading with `#` and use `ui.cell("Label", "figure")`.
- A tree is an `Entry` with `children`. A part that refreshes itself: `<div id="steps" data-poll="/here"
  data-every="2">`; the address answers a page that has the same id, without `data-poll` when it is over.
- Persistent sessions: give `Parts` another `sessions.Keeping`.

It takes no decision, reads no clock and knows no API.
"""
