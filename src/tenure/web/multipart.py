"""Forms that carry files (RFC 7578): fields and files out of a body that is already here and bounded in size.

Reading is python-multipart's; here stands only what a form of ours may hold. Type and size are judged by `forms`.
"""

import re

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

_BOUNDARY = re.compile(r';\s*boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?\s*$', re.ASCII)
_NAME_MOST = 64
"""Bytes of a field's name."""


def read_parts(content_type: str, body: bytes, most: int) -> tuple[list[tuple[str, str]], dict[str, bytes]]:
    """Fields in their order, and files by field; a field for a file that was left empty is left out.

    Raises ValueError for what is no such form, is cut off, or has more than `most` parts. Texts are in UTF-8.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise ValueError("the type names no boundary")
    reading = _Reading(most)
    parser = MultipartParser(
        boundary[1],
        {
            "on_part_begin": reading.begin,
            "on_header_field": lambda data, start, end: reading.header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: reading.value.extend(data[start:end]),
            "on_header_end": reading.end_header,
            "on_part_data": lambda data, start, end: reading.content.extend(data[start:end]),
            "on_part_end": reading.end,
            "on_end": reading.finish,
        },
    )
    # What stands before the first part is for programs that know no forms (RFC 2046, section 5.1.1).
    begin = (b"\r\n" + body).find(b"\r\n--" + boundary[1].encode())
    try:
        parser.write(body[begin:] if begin >= 0 else body)
    except FormParserError as fault:
        raise ValueError("the parts cannot be told apart") from fault
    if not reading.whole:
        raise ValueError("the form is cut off")
    return reading.fields, reading.files


class _Reading:
    """What was read up to now, and the part that is being read."""

    def __init__(self, most: int) -> None:
        self._most, self._parts = most, 0
        self.fields: list[tuple[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.whole = False
        self.header, self.value, self.content = bytearray(), bytearray(), bytearray()
        self._told: dict[bytes, bytes] = {}

    def begin(self) -> None:
        self._parts += 1
        if self._parts > self._most:
            raise ValueError("too many parts")
        self._told = {}
        self.content.clear()

    def end_header(self) -> None:
        if bytes(self.header).lower() == b"content-disposition":
            kind, told = parse_options_header(bytes(self.value))
            self._told = told if kind == b"form-data" else {}
        self.header.clear()
        self.value.clear()

    def end(self) -> None:
        name = self._told.get(b"name", b"")
        if not 0 < len(name) <= _NAME_MOST:
            raise ValueError("a part has no name, or one that is too long")
        if not {b"filename", b"filename*"} & self._told.keys():
            self.fields.append((name.decode(), self.content.decode()))
        elif self.content:
            self.files[name.decode()] = bytes(self.content)

    def finish(self) -> None:
        self.whole = True
