"""Operations that belong together: each function says its own route, and the group hands them to the API."""

from collections.abc import Callable
from typing import Any, TypeVar, Unpack

from tenure.http.auth import AccessRule
from tenure.http.operations import Method, Operation, OperationOptions, make_operation

R = TypeVar("R", bound=Callable[..., Any])
_ROUTES = "operation_routes"


class OperationGroup:
    """A class whose functions are operations, declared with `operation_at`."""

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group. Raises TypeError when one breaks the rules of `operations.make_operation`."""
        declared = (each for each in vars(type(self)).values() if hasattr(each, _ROUTES))
        return tuple(bind(each.__get__(self)) for each in declared for bind in vars(each)[_ROUTES])


def operation_at(method: Method, path: str, rule: AccessRule, **options: Unpack[OperationOptions]) -> Callable[[R], R]:
    """The decorated function answers `method` at `path`; see `operations.make_operation`."""

    def bind(run: Callable[..., Any]) -> Operation:
        return make_operation(method, path, rule, run, **options)

    def declare(run: R) -> R:
        # The decorator next to the function comes first; what is read from the top is kept in that order.
        vars(run).setdefault(_ROUTES, []).insert(0, bind)
        return run

    return declare
