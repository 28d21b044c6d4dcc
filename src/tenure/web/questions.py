"""The question before something is withdrawn or removed names it: found among what its page lists, put into its words.

How a question is shown and agreed to is `visits`'; what is lost is said by the page that asks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tenure.web.replies import PageRefusal, RefusedPageError
from tenure.web.visits import ConfirmationQuestion

GONE = PageRefusal(
    title="It is not there any more.",
    status=404,
    code="not_found",
    cause="Another user, or you in another tab, has withdrawn or removed it.",
    remedy="Nothing was done. Go back and load the page again.",
)


def name_question(question: ConfirmationQuestion, name: str, *shown: tuple[str, str]) -> ConfirmationQuestion:
    """`question` with `name` where its title has `{}`, above what else tells the thing from others of its kind."""
    title = question.title.replace("{}", f"“{name}”")
    return msgspec.structs.replace(question, title=title, shown=tuple((label, text) for label, text in shown if text))


def find_meant(rows: Iterable[Mapping[str, Any]], id_: str) -> Mapping[str, Any]:
    """The row of that id; raises `RefusedPageError` when there is none, before anything is asked."""
    for row in rows:
        if row["id"] == id_:
            return row
    raise RefusedPageError(GONE)
