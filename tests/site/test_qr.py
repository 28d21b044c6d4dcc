"""QR codes: the figures of the standard, and codes read back by a reader that shares nothing with their maker."""

import pytest

from tenure.web import qr
from tenure.web.qr import Level, Squares
from tests.site.site_env import SiteProcess
from tests.site.test_console import signed_in

RULES = (
    "(r + c) % 2 == 0", "r % 2 == 0", "c % 3 == 0", "(r + c) % 3 == 0", "(r // 2 + c // 3) % 2 == 0",
    "r * c % 2 + r * c % 3 == 0", "(r * c % 2 + r * c % 3) % 2 == 0", "((r + c) % 2 + r * c % 3) % 2 == 0",
)  # fmt: skip
BLOCKS = {
    (1, "M"): [(16, 10)],
    (5, "L"): [(108, 26)],
    (7, "M"): [(31, 18)] * 4,
    (10, "L"): [(68, 18)] * 2 + [(69, 18)] * 2,
    (27, "L"): [(122, 30)] * 8 + [(123, 30)] * 4,
    (40, "L"): [(118, 30)] * 19 + [(119, 30)] * 6,
    (40, "M"): [(47, 28)] * 18 + [(48, 28)] * 31,
}
"""Data and correcting bytes of each block, as table 9 of the standard has them."""
CENTERS = {
    1: (), 5: (6, 30), 7: (6, 22, 38), 10: (6, 28, 50), 27: (6, 34, 62, 90, 118),
    32: (6, 34, 60, 86, 112, 138), 40: (6, 30, 58, 86, 114, 142, 170),
}  # fmt: skip


CAPACITY = {
    (1, "M"): 14,
    (5, "L"): 106,
    (7, "M"): 122,
    (10, "L"): 271,
    (27, "L"): 1_465,
    (40, "L"): 2_953,
    (40, "M"): 2_331,
}
"""Bytes of text, as table 7 of the standard has them."""


@pytest.mark.parametrize(("version", "level"), BLOCKS)
def test_a_code_is_read_back(version: int, level: Level) -> None:
    text = bytes(number * 7 % 251 for number in range(CAPACITY[version, level]))
    squares = qr.encode(text, level)
    assert len(squares) == 17 + 4 * version
    assert read(squares, version, level, BLOCKS[version, level]) == text
    if version < 40:
        assert len(qr.encode(text + b"x", level)) == 17 + 4 * (version + 1)


@pytest.mark.parametrize("text", [b"12345678", b"HTTPS://X", "ü€".encode(), b"\x00\xff"])
def test_text_is_read_back_byte_by_byte_whatever_it_looks_like(text: bytes) -> None:
    assert read(qr.encode(text, "M"), 1, "M", BLOCKS[1, "M"]) == text


def test_what_does_not_fit_is_refused() -> None:
    assert len(qr.encode(bytes(qr.MOST), "L")) == 177
    with pytest.raises(ValueError, match="too large"):
        qr.encode(bytes(qr.MOST + 1), "L")


def test_the_pictures_show_every_square() -> None:
    squares = qr.encode(b"tenure", "M")
    assert qr.to_svg(squares, "Request").count("h1v1h-1z") == sum(map(sum, squares))
    lines = qr.to_blocks(squares).split("\n")
    assert {len(line) for line in lines} == {29}
    assert lines[0] == lines[1] == "\u2588" * 29


def read(squares: Squares, version: int, level: Level, blocks: list[tuple[int, int]]) -> bytes:
    """As a camera would, but for the correction: every block must be free of errors."""
    side = len(squares)
    name = int("".join("01"[squares[8][c]] for c in (0, 1, 2, 3, 4, 5, 7, 8)), 2) << 7
    name |= int("".join("01"[squares[r][8]] for r in (7, 5, 4, 3, 2, 1, 0)), 2)
    rule = RULES[(name ^ 0b101010000010010) >> 10 & 7]
    assert (name ^ 0b101010000010010) >> 13 == {"L": 1, "M": 0}[level]
    stays = reserved(side, version)
    bits, column, up = "", side - 1, True
    while column > 0:
        column -= column == 6
        for r in range(side - 1, -1, -1) if up else range(side):
            for c in (column, column - 1):
                if (r, c) not in stays:
                    bits += "01"[squares[r][c] != eval(rule, {"r": r, "c": c})]  # noqa: S307 - one of RULES
        column, up = column - 2, not up
    stream = [int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)]
    parts: list[list[int]] = [[] for _ in blocks]
    for place in range(max(size for size, _ in blocks)):
        for part, (size, _) in zip(parts, blocks, strict=True):
            if place < size:
                part.append(stream.pop(0))
    data = [each for part in parts for each in part]
    for _ in range(blocks[0][1]):
        for part in parts:
            part.append(stream.pop(0))
    for part, (_, correcting) in zip(parts, blocks, strict=True):
        assert not any(syndrome(part, power) for power in range(correcting))
    text = "".join(f"{each:08b}" for each in data)
    assert text[:4] == "0100"
    begin = 12 if version < 10 else 20
    length = int(text[4:begin], 2)
    return bytes(int(text[at : at + 8], 2) for at in range(begin, begin + 8 * length, 8))


def reserved(side: int, version: int) -> set[tuple[int, int]]:
    far = side - 8
    found = {(r, c) for r in range(side) for c in range(side)
             if r == 6 or c == 6 or (r < 9 and c < 9) or (r < 9 and c >= far) or (r >= far and c < 9)}  # fmt: skip
    centers = [(r, c) for r in CENTERS[version] for c in CENTERS[version]]
    for r, c in centers:
        if (r, c) not in {(6, 6), (6, side - 7), (side - 7, 6)}:
            found |= {(r + down, c + aside) for down in range(-2, 3) for aside in range(-2, 3)}
    if version >= 7:
        found |= {(r, c) for r in range(6) for c in range(side - 11, far)}
        found |= {(c, r) for r in range(6) for c in range(side - 11, far)}
    return found


def syndrome(block: list[int], power: int) -> int:
    table = [1]
    while len(table) < 255:
        value = table[-1] * 2
        table.append(value ^ 0x11D if value > 255 else value)
    logs = {value: number for number, value in enumerate(table)}
    value = 0
    for each in block:
        value = each ^ (table[(logs[value] + power) % 255] if value else 0)
    return value


async def test_the_console_shows_the_offline_request_as_a_code(house: SiteProcess) -> None:
    tab = await signed_in(house, "/licenses/editor/offline")
    await tab.send(tab.form(action="/licenses/editor/offline/request"))
    assert tab.answer is not None
    assert 'aria-label="QR code of the request"' in tab.answer.text
