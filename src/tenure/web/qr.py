"""QR codes (ISO/IEC 18004) of bytes, as squares, as SVG and as text.

Encoding is segno's: byte mode, error correction L or M. Here they are drawn; reading them is left to cameras.
"""

from typing import Final, Literal

import segno

Level = Literal["L", "M"]
Squares = tuple[tuple[bool, ...], ...]
"""Rows from the top; dark where true. Without the quiet zone."""

QUIET: Final = 4
"""Squares of light that have to be around the code."""
MOST: Final = 2_953
"""Bytes that the largest code holds at level L."""


def encode(data: bytes, level: Level = "M") -> Squares:
    """The smallest code for `data`. Raises ValueError where it does not fit into the largest one."""
    # What is not asked for stays off: a higher level than wanted, and modes that need to be guessed from the bytes.
    made = segno.make_qr(data, error=level, mode="byte", boost_error=False)
    return tuple(tuple(square == 1 for square in row) for row in made.matrix)


def to_svg(squares: Squares, label: str) -> str:
    """A picture with its quiet zone, black on white whatever the page's colors are; `label` needs no escaping."""
    size = len(squares) + 2 * QUIET
    path = "".join(
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for row, line in enumerate(squares)
        for column, dark in enumerate(line)
        if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" aria-label="{label}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="m0 0h{size}v{size}h-{size}z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def to_blocks(squares: Squares) -> str:
    """Lines of half blocks for a terminal: two rows of squares in each, light squares drawn, as on dark ground."""
    side = len(squares) + 2 * QUIET
    light = [[True] * side for _ in range(side + side % 2)]
    for row, line in enumerate(squares):
        for column, dark in enumerate(line):
            light[row + QUIET][column + QUIET] = not dark
    signs = {(True, True): "\u2588", (True, False): "\u2580", (False, True): "\u2584", (False, False): " "}
    pairs = zip(light[::2], light[1::2], strict=True)
    return "\n".join("".join(signs[both] for both in zip(upper, lower, strict=True)) for upper, lower in pairs)
