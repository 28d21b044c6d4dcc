"""Forms as browsers send them: urlencoded or with files, bounded, read field by field; what is wrong stands beside its
field.

What a value may mean is decided by the API; here it only becomes a number, an amount, a choice.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from tenure.core.field_errors import without_label
from tenure.core.pricing import parse_money
from tenure.core.refusals import Refused
from tenure.web.formatting import format_instants_in
from tenure.web.multipart import read_parts
from tenure.web.replies import PageRefusal

CAP = 1024 * 1024
"""Bytes of a form: room for a pasted list."""
FIELDS_MOST = 400
_WHOLE = re.compile(r"-?[0-9]{1,12}")


class FormRefusedError(Exception):
    """A body that is no form of ours: too large, of another type, unreadable. `status` is the HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class FormAgainError(Exception):
    """Ends what a form does: its page is shown again, with the faults that stand in it; see `page_groups.form_at`."""


@dataclass
class SentForm:
    """What was sent, and what is wrong with it; templates show both again."""

    values: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """By field; `""` for what concerns no field of the form."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What was chosen to be sent along, by field; nothing for a field that was left empty."""

    @classmethod
    def of(cls, **values: Any) -> "SentForm":
        """A form filled in beforehand."""
        return cls({name: _text_values(value) for name, value in values.items()})

    def read_text(self, name: str, *, most: int = 1_000) -> str:
        """The field's text without outer blanks; empty when it was not sent."""
        return self.values.get(name, [""])[0].strip()[:most]

    def read_many(self, name: str) -> list[str]:
        """Every value of a field with several, such as check boxes."""
        return [value for value in self.values.get(name, []) if value]

    def read_flag(self, name: str) -> bool:
        """Whether a box was checked."""
        return self.read_text(name) in {"on", "yes", "true", "1"}

    def read_required(self, name: str, *, most: int = 1_000) -> str:
        """Text that must be there."""
        value = self.read_text(name, most=most)
        if not value:
            self.add_fault(name, "Please fill this in.")
        return value

    def read_password(self, name: str) -> str:
        """A password, which must be there, as typed: blanks at its ends belong to it."""
        password = self.values.get(name, [""])[0][:256]
        if not password:
            self.add_fault(name, "Please fill this in.")
        return password

    def read_whole(self, name: str, *, least: int = 0, most: int = 10_000_000) -> int:
        """A whole number within bounds; 0 with a fault when it is none."""
        text = self.read_text(name)
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            self.add_fault(name, f"A whole number from {least:,} to {most:,}, please.")
            return 0
        return int(text)

    def read_choice(self, name: str, among: Collection[str]) -> str:
        """One of several; empty with a fault when it is none of them."""
        text = self.read_text(name)
        if text not in among:
            self.add_fault(name, "Please choose one.")
            return ""
        return text

    def read_money(self, name: str, currency: str) -> int:
        """An amount in minor units of `currency`; 0 with a fault when it is none. A comma may divide as well."""
        text = self.read_text(name).replace("\u00a0", " ")
        if re.fullmatch(r"[0-9]+,[0-9]{1,2}", text):
            text = text.replace(",", ".")
        found = parse_money(text, currency, name)
        if isinstance(found, Refused):
            self.add_fault(name, format_instants_in(found.detail))
            return 0
        return found

    def add_fault(self, name: str, words: str) -> None:
        """Something is wrong with a field; the first complaint about it stays."""
        self.errors.setdefault(name, words)

    def require_valid(self) -> None:
        """Raises `FormAgainError` when something is wrong with a field."""
        if self.errors:
            raise FormAgainError

    def place_complaint(self, name: str, words: str) -> bool:
        """Put the API's complaint beside its field, if this form has it; whether it does.

        `bands[2].unit` is the field `unit2` of a form with rows, `features[3]` the field `features`.
        """
        plain, number = re.sub(r"\[[0-9]*\]", "", name), re.search(r"\[([0-9]+)\]", name)
        last = plain.rpartition(".")[2]
        rows = [f"{last}{number[1]}"] if number else []
        known = next((each for each in (name, plain, *rows, last, plain.partition(".")[0]) if each in self.values), "")
        if known:
            self.add_fault(known, format_instants_in(without_label(name, words)))
        return bool(known)

    def place_refusal(self, refusal: PageRefusal) -> PageRefusal | None:
        """Put the API's refusal beside its field; the refusal itself where this form has none, to be shown above it."""
        placed = bool(refusal.field) and self.place_complaint(refusal.field, refusal.detail or refusal.title)
        return None if placed else refusal


async def read_form(request: Request) -> SentForm:
    """The form in a request's body. Raises `FormRefusedError`."""
    said = request.headers.get("content-type", "")
    media = said.partition(";")[0].strip().lower()
    if media not in {"", "application/x-www-form-urlencoded", "multipart/form-data"}:
        raise FormRefusedError(415, "A form is sent as application/x-www-form-urlencoded or multipart/form-data.")
    body = await _read_body(request)
    try:
        if media == "multipart/form-data":
            pairs, files = read_parts(said, body, FIELDS_MOST)
            return SentForm(_group_pairs(pairs), files=files)
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST)
    except ValueError as fault:
        raise FormRefusedError(400, "The form cannot be read.") from fault
    return SentForm(_group_pairs(pairs))


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > CAP:
                raise FormRefusedError(413, "The form is too large.")
    except ClientDisconnect as fault:
        raise FormRefusedError(400, "The connection ended before the form did.") from fault
    return bytes(body)


def _group_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\x00", ""))
    return values


def _text_values(value: Any) -> list[str]:
    if isinstance(value, list | tuple | set | frozenset):
        return [str(each) for each in value]
    if value is None:
        return [""]
    if value is True:
        return ["on"]
    return [] if value is False else [str(value)]
