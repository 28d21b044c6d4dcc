"""Operations that belong together: each function says its own route, and the group hands them to the API."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tenure.core.refusals import RefusalCode
from tenure.http.auth import AccessRule
from tenure.http.bodies import BODY_CAP
from tenure.http.operations import Method, Operation, make_operation
from tenure.http.responses import JSON

R = TypeVar("R", bound=Callable[..., Any])
_ROUTES = "operation_routes"


class OperationGroup:
    """A class whose functions are operations, declared with `operation_at`."""

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group. Raises TypeError when one breaks the rules of `operations.make_operation`."""
        declared = (each for each in vars(type(self)).values() if hasattr(each, _ROUTES))
        return tuple(bind(each.__get__(self)) for each in declared for bind in vars(each)[_ROUTES])


def operation_at(
    method: Method,
    path: str,
    rule: AccessRule,
    *,
    status: int = 200,
    refusals: Iterable[RefusalCode] = (),
    exempt: Iterable[str] = (),
    cap: int = BODY_CAP,
    media_type: str = JSON,
    documented: bool = True,
) -> Callable[[R], R]:
    """The decorated function answers `method` at `path`; see `operations.make_operation`."""

    def bind(run: Callable[..., Any]) -> Operation:
        return make_operation(
            method,
            path,
            rule,
            run,
            status=status,
            refusals=refusals,
            exempt=exempt,
            cap=cap,
            media_type=media_type,
            documented=documented,
        )

    def declare(run: R) -> R:
        # The decorator next to the function comes first; what is read from the top is kept in that order.
        vars(run).setdefault(_ROUTES, []).insert(0, bind)
        return run

    return declare
