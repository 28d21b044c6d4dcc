"""Files of settings that people write: TOML read as one type. What the values must be is each program's."""

from pathlib import Path
from typing import TypeVar

import msgspec

from tenure.core.field_errors import field_refusal, without_label
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.toml_text import parse_toml

S = TypeVar("S", bound=msgspec.Struct)


def read_settings_file(path: Path, kind: type[S], field: str, remedy: str) -> S | Refused:
    """The settings in the file at `path`. Refuses `not_found` and `field_invalid`, with the field at fault.

    `field` stands for the file as a whole; `remedy` says how such a file is made.
    """
    try:
        written = parse_toml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Refused(RefusalCode.NOT_FOUND, f"There is no {path}: {remedy}.", field)
    except (OSError, UnicodeDecodeError) as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path} cannot be read: {fault}.", field)
    except ValueError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path}: {fault}.", field)
    try:
        return msgspec.convert(written, kind)
    except msgspec.ValidationError as fault:
        told = field_refusal(str(fault), kind=kind, value=written)
        return Refused(told.code, f"{path}: {told.field}: {without_label(told.field, told.detail)}", told.field)
