"""QR codes (ISO/IEC 18004) of bytes, as squares, as SVG and as text: no library earns its place by this one picture.

Byte mode, error correction L or M, versions 1 to 40; reading them is left to cameras.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final, Literal

Level = Literal["L", "M"]
Squares = tuple[tuple[bool, ...], ...]
"""Rows from the top; dark where true. Without the quiet zone."""

QUIET: Final = 4
"""Squares of light that have to be around the code."""
_BITS: Final[dict[str, int]] = {"L": 1, "M": 0}
_CORRECTING: Final[dict[str, tuple[int, ...]]] = {
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28,
          *[30] * 14),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, *[28] * 19),
}  # fmt: skip
"""Correcting bytes of each block, by version."""
_BLOCKS: Final[dict[str, tuple[int, ...]]] = {
    "L": (1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18,
          19, 19, 20, 21, 22, 24, 25),
    "M": (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31,
          33, 35, 37, 38, 40, 43, 45, 47, 49),
}  # fmt: skip
_MASKS: Final[tuple[Callable[[int, int], int], ...]] = (
    lambda row, column: (row + column) % 2,
    lambda row, column: row % 2,
    lambda row, column: column % 3,
    lambda row, column: (row + column) % 3,
    lambda row, column: (row // 2 + column // 3) % 2,
    lambda row, column: row * column % 2 + row * column % 3,
    lambda row, column: (row * column % 2 + row * column % 3) % 2,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2,
)
"""Turned over where the rule gives 0."""


def capacity(version: int, level: Level) -> int:
    """The most bytes of text that a version holds."""
    return _data(version, level) - (2 if version < 10 else 3)


def encode(data: bytes, level: Level = "M") -> Squares:
    """The smallest code for `data`. Raises ValueError where it does not fit into the largest one."""
    version = next((each for each in range(1, 41) if len(data) <= capacity(each, level)), 0)
    if not version:
        raise ValueError(f"{len(data)} bytes are more than a QR code of level {level} holds")
    stream = _interleaved(_padded(data, version, level), version, level)
    frame = _Frame(version)
    frame.fill(stream)
    drawn = [frame.masked(mask, format_bits(level, mask)) for mask in range(8)]
    return min(drawn, key=_penalty)


def svg(squares: Squares, label: str) -> str:
    """A picture with its quiet zone, black on white whatever the page's colours are; `label` needs no escaping."""
    size = len(squares) + 2 * QUIET
    path = "".join(
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for row, line in enumerate(squares)
        for column, dark in enumerate(line)
        if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" aria-label="{label}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def blocks(squares: Squares) -> str:
    """Lines of half blocks for a terminal: two rows of squares in each, light squares drawn, as on dark ground."""
    side = len(squares) + 2 * QUIET
    light = [[True] * side for _ in range(side + side % 2)]
    for row, line in enumerate(squares):
        for column, dark in enumerate(line):
            light[row + QUIET][column + QUIET] = not dark
    signs = {(True, True): "\u2588", (True, False): "\u2580", (False, True): "\u2584", (False, False): " "}
    pairs = zip(light[::2], light[1::2], strict=True)
    return "\n".join("".join(signs[both] for both in zip(upper, lower, strict=True)) for upper, lower in pairs)


def format_bits(level: Level, mask: int) -> int:
    """The 15 bits that name level and mask, protected by a BCH code."""
    value = _BITS[level] << 3 | mask
    rest = value
    for _ in range(10):
        rest = rest << 1 ^ (rest >> 9) * 0x537
    return (value << 10 | rest) ^ 0x5412


def version_bits(version: int) -> int:
    """The 18 bits that name a version from 7 on."""
    rest = version
    for _ in range(12):
        rest = rest << 1 ^ (rest >> 11) * 0x1F25
    return version << 12 | rest


def alignment(version: int) -> tuple[int, ...]:
    """Rows and columns of the centres of the alignment patterns."""
    if version == 1:
        return ()
    count, side = version // 7 + 2, 4 * version + 17
    step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
    return (6, *sorted(side - 7 - each * step for each in range(count - 1)))


def remainder(data: bytes, degree: int) -> bytes:
    """The correcting bytes of one block: Reed-Solomon over GF(256) with the polynomial 0x11d."""
    divisor = _divisor(degree)
    rest = [0] * degree
    for each in data:
        factor = each ^ rest.pop(0)
        rest.append(0)
        rest = [have ^ _times(part, factor) for have, part in zip(rest, divisor, strict=True)]
    return bytes(rest)


def _divisor(degree: int) -> list[int]:
    found, root = [0] * (degree - 1) + [1], 1
    for _ in range(degree):
        for place in range(degree):
            found[place] = _times(found[place], root) ^ (found[place + 1] if place + 1 < degree else 0)
        root = _times(root, 2)
    return found


def _times(one: int, other: int) -> int:
    product = 0
    for bit in range(7, -1, -1):
        product = product << 1 ^ (product >> 7) * 0x11D
        product ^= (other >> bit & 1) * one
    return product


def _raw(version: int) -> int:
    """Bytes of a version, correcting ones included."""
    bits = (16 * version + 128) * version + 64
    if version >= 2:
        count = version // 7 + 2
        bits -= (25 * count - 10) * count - 55
    if version >= 7:
        bits -= 36
    return bits // 8


def _data(version: int, level: Level) -> int:
    return _raw(version) - _CORRECTING[level][version - 1] * _BLOCKS[level][version - 1]


def _padded(data: bytes, version: int, level: Level) -> bytes:
    length = 8 if version < 10 else 16
    value = (0b0100 << length | len(data)) << 8 * len(data) | int.from_bytes(data, "big")
    bits = 4 + length + 8 * len(data)
    # Four bits end it; they always fit, because what follows is counted in whole bytes.
    made = (value << 4).to_bytes((bits + 4) // 8, "big")
    fill = b"\xec\x11" * _data(version, level)
    return made + fill[: _data(version, level) - len(made)]


def _interleaved(data: bytes, version: int, level: Level) -> bytes:
    count, degree = _BLOCKS[level][version - 1], _CORRECTING[level][version - 1]
    short, longer = divmod(len(data), count)
    parts, at = [], 0
    for number in range(count):
        size = short + (number >= count - longer)
        parts.append(data[at : at + size])
        at += size
    correcting = [remainder(part, degree) for part in parts]
    mixed = [part[place] for place in range(short + 1) for part in parts if place < len(part)]
    return bytes(mixed + [part[place] for place in range(degree) for part in correcting])


class _Frame:
    """The squares of one version: those that every code has, then the data."""

    def __init__(self, version: int) -> None:
        self.side = side = 4 * version + 17
        self.dark = [[False] * side for _ in range(side)]
        self.fixed = [[False] * side for _ in range(side)]
        for each in range(side):
            self._set(6, each, each % 2 == 0)
            self._set(each, 6, each % 2 == 0)
        for row, column in ((3, 3), (3, side - 4), (side - 4, 3)):
            self._rings(row, column, 4)
        places = alignment(version)
        corners = {(6, 6), (6, side - 7), (side - 7, 6)}
        for row in places:
            for column in places:
                if (row, column) not in corners:
                    self._rings(row, column, 2)
        self._format(0)
        self._version(version)

    def fill(self, stream: bytes) -> None:
        """The bits in pairs of columns, from the right, upwards and downwards in turn."""
        bits = iter(each >> bit & 1 for each in stream for bit in range(7, -1, -1))
        upwards = True
        for right in (*range(self.side - 1, 6, -2), 5, 3, 1):
            for step in range(self.side):
                row = self.side - 1 - step if upwards else step
                for column in (right, right - 1):
                    if not self.fixed[row][column]:
                        self.dark[row][column] = bool(next(bits, 0))
            upwards = not upwards

    def masked(self, mask: int, bits: int) -> Squares:
        """The code under one mask."""
        rule = _MASKS[mask]
        self._format(bits)
        return tuple(
            tuple(
                dark if self.fixed[row][column] else dark != (rule(row, column) == 0)
                for column, dark in enumerate(line)
            )
            for row, line in enumerate(self.dark)
        )

    def _set(self, row: int, column: int, dark: bool) -> None:
        if 0 <= row < self.side and 0 <= column < self.side:
            self.dark[row][column], self.fixed[row][column] = dark, True

    def _rings(self, row: int, column: int, reach: int) -> None:
        for down in range(-reach, reach + 1):
            for aside in range(-reach, reach + 1):
                distance = max(abs(down), abs(aside))
                self._set(row + down, column + aside, distance not in ((2, 4) if reach == 4 else (1,)))

    def _format(self, bits: int) -> None:
        last = self.side - 1
        for number in range(15):
            dark = bool(bits >> number & 1)
            self._set(number + (number > 5) if number < 8 else last - 14 + number, 8, dark)
            along = last - number if number < 8 else (7 if number == 8 else 14 - number)
            self._set(8, along, dark)
        self._set(last - 7, 8, True)

    def _version(self, version: int) -> None:
        if version < 7:
            return
        for number in range(18):
            dark = bool(version_bits(version) >> number & 1)
            far, near = self.side - 11 + number % 3, number // 3
            self._set(near, far, dark)
            self._set(far, near, dark)


def _penalty(squares: Squares) -> int:
    """How hard a code is to read: runs, squares of one colour, what looks like a finder, too dark or too light."""
    columns = tuple(zip(*squares, strict=True))
    points = 0
    for line in (*squares, *columns):
        text = "".join("1" if dark else "0" for dark in line)
        runs = text.replace("10", "1 0").replace("01", "0 1").split()
        points += sum(len(run) - 2 for run in runs if len(run) >= 5)
        edged = f"0000{text}0000"
        starts = range(len(edged) - 10)
        points += 40 * sum(edged[at : at + 11] in ("10111010000", "00001011101") for at in starts)
    for upper, lower in pairwise(squares):
        for at in range(len(upper) - 1):
            points += 3 * (upper[at] == upper[at + 1] == lower[at] == lower[at + 1])
    dark, every = sum(map(sum, squares)), len(squares) ** 2
    return points + 10 * (abs(dark * 20 - every * 10) // every)
