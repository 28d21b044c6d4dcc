"""A connection that compiles a statement once by SQLAlchemy and then runs it on the driver's own connection.

SQLAlchemy's account of one execution costs several times what the database takes for the statement. What is built for
one call, streams, or needs its values changed on the way goes through SQLAlchemy as ever. How a driver runs a
statement is said by `lite_connection` and `postgres_connection`.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa

VARIANTS = 64
"""Of one statement, by the length of its lists or the columns it is given; beyond them it goes through SQLAlchemy."""

Values = Callable[[Mapping[str, Any]], tuple[Any, ...]]


class Found(NamedTuple):
    """What one statement found and changed, as the driver says it."""

    rows: Sequence[Any]
    described: Any
    """What the driver tells of the columns, wherever there is a row."""
    changed: int
    """Rows that an INSERT, UPDATE or DELETE changed; -1 where the driver does not say."""


class DirectRow(tuple[Any, ...]):
    """A row whose columns also have names, as SQLAlchemy's have."""

    __slots__ = ()
    _places: ClassVar[dict[str, int]] = {}

    def __getattr__(self, name: str) -> Any:
        try:
            return self[self._places[name]]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def _mapping(self) -> dict[str, Any]:
        return {name: self[place] for name, place in self._places.items()}


class DirectResult:
    """What a statement found, all of it; the part of SQLAlchemy's result that the store uses."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[tuple[Any, ...]], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount
        """Rows that an INSERT, UPDATE or DELETE changed."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)

    def all(self) -> Sequence[tuple[Any, ...]]:
        """Every row."""
        return self._rows

    def first(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> tuple[Any, ...] | None:
        """The only row, or None; raises for more than one."""
        if len(self._rows) > 1:
            raise sa.exc.MultipleResultsFound("Multiple rows were found when one or none was required")
        return self.first()

    def one(self) -> tuple[Any, ...]:
        """The only row; raises for none and for more than one."""
        found = self.one_or_none()
        if found is None:
            raise sa.exc.NoResultFound("No row was found when one was required")
        return found

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, or None."""
        found = self.one_or_none()
        return None if found is None else found[0]

    def scalars(self) -> "DirectScalars":
        """The first column of every row."""
        return DirectScalars([row[0] for row in self._rows])


class DirectScalars(list[Any]):
    """The first column of every row."""

    def all(self) -> list[Any]:
        """Every value."""
        return list(self)

    def first(self) -> Any:
        """The first value, or None."""
        return self[0] if self else None

    def one_or_none(self) -> Any:
        """The only value, or None; raises for more than one."""
        if len(self) > 1:
            raise sa.exc.MultipleResultsFound("Multiple rows were found when one or none was required")
        return self.first()


class _Variant:
    """One spelling of a statement, ready to run."""

    __slots__ = ("finds", "row", "sql", "values")

    def __init__(self, sql: str, values: Values, *, finds: bool) -> None:
        self.sql, self.values, self.finds = sql, values, finds
        self.row: type[DirectRow] | None = None
        """Made when rows were found for the first time."""


class _Plan:
    """The spellings of one statement by what they depend on."""

    __slots__ = ("lists", "variants")

    def __init__(self, lists: tuple[str, ...]) -> None:
        self.lists = lists
        """Parameters that are lists: each of their lengths is spelled otherwise."""
        self.variants: dict[object, _Variant | None] = {}
        """None: such a call goes through SQLAlchemy."""


class DirectConnection(sa.Connection):
    """`sa.Connection` to one kind of database."""

    _plans: ClassVar[WeakKeyDictionary[Any, _Plan | None]]
    """By statement, for every connection of the process to that kind of database: all of them spell it alike. None:
    seen once."""

    @abstractmethod
    def run_sql(self, sql: str, values: Sequence[Any], *, finds: bool) -> Found:
        """Run one statement on the driver's connection, in a transaction, which begins if need be.

        `finds`: it has columns, so that it finds rows or none; otherwise it changes some.
        """

    @abstractmethod
    def run_sql_many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> int:
        """Run one statement once for each of `values`, in order; the rows that all of them changed, or -1."""

    @abstractmethod
    def column_names(self, described: Any) -> Sequence[str]:
        """Of what `run_sql` found."""

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """See `sa.Connection.execute`."""
        many = isinstance(parameters, list | tuple)
        first: Any = parameters[0] if many and parameters else parameters or {}
        variant = None if execution_options or not isinstance(first, dict) else self._variant_of(statement, first)
        if variant is None:
            return super().execute(statement, parameters, execution_options=execution_options)
        if many:
            return DirectResult((), self.run_sql_many(variant.sql, list(map(variant.values, parameters))))
        found = self.run_sql(variant.sql, variant.values(first), finds=variant.finds)
        return DirectResult(self._named_rows(found, variant), found.changed)

    def _named_rows(self, found: Found, variant: _Variant) -> Sequence[tuple[Any, ...]]:
        if not found.rows:
            return ()
        if variant.row is None:
            variant.row = _row_type(self.column_names(found.described))
        return list(map(variant.row, found.rows))

    def scalar(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """See `sa.Connection.scalar`."""
        return self.execute(statement, parameters, execution_options=execution_options).scalar()

    def scalars(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """See `sa.Connection.scalars`."""
        return self.execute(statement, parameters, execution_options=execution_options).scalars()

    def _variant_of(self, statement: Any, given: Mapping[str, Any]) -> _Variant | None:
        """How to run `statement` past SQLAlchemy, or None.

        Seen for the first time it is only remembered: what is built for one call never comes again.
        """
        plan = self._plans.get(statement, _UNSEEN)
        if plan is _UNSEEN:
            stays = isinstance(statement, _KINDS) and not statement.get_execution_options()
            self._plans[statement] = None if stays else _NEVER
            return None
        if plan is _NEVER:
            return None
        if plan is None:
            plan = self._plans[statement] = _plan_of(statement, self.dialect, given)
        lengths = tuple([len(given.get(name, ())) for name in plan.lists])
        key = (tuple(given), lengths) if statement.is_dml else lengths
        if key not in plan.variants and len(plan.variants) < VARIANTS:
            plan.variants[key] = _make_variant(statement, self.dialect, given, plan.lists)
        return plan.variants.get(key)


_KINDS = (sa.Select, sa.CompoundSelect, sa.Insert, sa.Update, sa.Delete)
_UNSEEN = _Plan(())
_NEVER = _Plan(())
"""Of a statement that goes through SQLAlchemy each time."""


def _compile(statement: Any, dialect: sa.Dialect, given: Mapping[str, Any]) -> Any:
    return statement.compile(dialect=dialect, column_keys=list(given) if statement.is_dml else None)


def _plan_of(statement: Any, dialect: sa.Dialect, given: Mapping[str, Any]) -> _Plan:
    compiled = _compile(statement, dialect, given)
    return _Plan(tuple(sorted(compiled.bind_names[each] for each in compiled.post_compile_params)))


def _make_variant(
    statement: Any, dialect: sa.Dialect, given: Mapping[str, Any], lists: tuple[str, ...]
) -> _Variant | None:
    """The statement as it runs with such values; None where SQLAlchemy has to change values on the way."""
    compiled = _compile(statement, dialect, given)
    finds = bool(getattr(statement, "exported_columns", ()))
    binds = {name: compiled.binds[name] for name in compiled.bind_names.values()}
    if statement.is_dml and compiled.prefetch:
        return None
    columns = getattr(statement, "exported_columns", ())
    kinds = [each.type for each in (*binds.values(), *columns)]
    if any(each.callable is not None or each.literal_execute for each in binds.values()):
        return None
    if any(_is_changed(kind, dialect) for kind in kinds):
        return None
    names = tuple(compiled.positiontup or ())
    fixed = {name: each.value for name, each in binds.items() if not each.required}
    if not lists:
        return _Variant(str(compiled), _values_of(names, fixed), finds=finds)
    shown = {name: given.get(name, fixed.get(name)) for name in lists}
    if any(isinstance(value, tuple | list) for each in shown.values() for value in each):
        return None
    spelled = compiled.construct_expanded_state({**dict.fromkeys(names), **fixed, **shown})
    order = {
        each: (name, place) for name, many in spelled.parameter_expansion.items() for place, each in enumerate(many)
    }
    places = [order.get(name, (name, None)) for name in spelled.positiontup or ()]
    return _Variant(spelled.statement, _flat_values_of(places, fixed), finds=finds)


def _is_changed(kind: Any, dialect: sa.Dialect) -> bool:
    """Whether values of this type are another thing to the program than to the driver; bytes are bytes to both."""
    if isinstance(kind, sa.LargeBinary):
        return False
    known = kind.dialect_impl(dialect)
    return known.bind_processor(dialect) is not None or known.result_processor(dialect, None) is not None


def _values_of(names: tuple[str, ...], fixed: dict[str, Any]) -> Values:
    """Takes the values in the order of their places; `fixed` are those that the statement brings along."""
    if not names:
        return lambda given: ()
    if fixed or len(names) == 1:
        return lambda given: tuple([given[name] if name in given else fixed[name] for name in names])
    return itemgetter(*names)


def _flat_values_of(places: Sequence[tuple[str, int | None]], fixed: dict[str, Any]) -> Values:
    """`_values_of` for a spelling in which lists are written out: of a list, the value at that place of it."""

    def take(given: Mapping[str, Any]) -> tuple[Any, ...]:
        values: list[Any] = []
        for name, place in places:
            value = given[name] if name in given else fixed[name]
            values.append(value if place is None else value[place])
        return tuple(values)

    return take


def _row_type(names: Sequence[str]) -> type[DirectRow]:
    return type("Row", (DirectRow,), {"__slots__": (), "_places": {name: place for place, name in enumerate(names)}})
