"""Pages that belong together: each function says its own address, and the group hands them to the application."""

from collections.abc import Callable
from typing import Any, TypeVar

from tenure.web.visits import Again, Ask, ConfirmationQuestion, PageRoute, Run, form_route, page_route

R = TypeVar("R", bound=Callable[..., Any])
_ADDRESSES = "page_addresses"


class PageGroup:
    """A class whose functions are pages, declared with `page_at`, and what forms do, declared with `form_at`."""

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        declared = (each for each in vars(type(self)).values() if hasattr(each, _ADDRESSES))
        return tuple(make_route(self, each.__get__(self)) for each in declared for make_route in vars(each)[_ADDRESSES])


def page_at(path: str, *, stranger: bool = False) -> Callable[[R], R]:
    """The decorated function is the page at `path`; see `visits.page_route`."""
    return _declare(lambda group, run: page_route(path, run, stranger=stranger))


def form_at(
    path: str,
    *,
    stranger: bool = False,
    sure: ConfirmationQuestion | Callable[..., Any] | None = None,
    again: Callable[..., Any] | None = None,
) -> Callable[[R], R]:
    """The decorated function is what the form sent to `path` does; see `visits.form_route`.

    A function given as `sure` or `again` is one of the same group.
    """

    def make_route(group: PageGroup, run: Run) -> PageRoute:
        ask: ConfirmationQuestion | Ask | None = sure.__get__(group) if callable(sure) else sure
        show: Again | None = again.__get__(group) if again is not None else None
        return form_route(path, run, stranger=stranger, sure=ask, again=show)

    return _declare(make_route)


def _declare(make_route: Callable[[PageGroup, Run], PageRoute]) -> Callable[[R], R]:
    def declare(run: R) -> R:
        # The decorator next to the function comes first; what is read from the top is kept in that order.
        vars(run).setdefault(_ADDRESSES, []).insert(0, make_route)
        return run

    return declare
