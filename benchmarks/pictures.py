"""The figures as SVG: each row's share of what is allowed, and what we answer beside the limits and the peers."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.rows import Row
from benchmarks.targets import TARGETS

WIDTH, LABEL, LINE = 900, 400, 22
COLORS = {"holds": "#2b7a3d", "fails": "#b3261e", "not measured": "#8a8a8a", "": "#33658a"}
_BY_NAME = {target.name: target for target in TARGETS.values()}


def draw_rows(rows: Sequence[Row]) -> str:
    """Bars of the share of the bound that is used up: up to the mark it holds."""
    bars = [(row.name, share, f"{share:.2f}, {row.verdict}", row.verdict) for row in rows if (share := used(row))]
    return _draw("Share of the bound that each figure uses up (1 = the bound)", bars, mark=1.0, top=2.0)


def draw_rates(rates: Mapping[str, float]) -> str:
    """Bars on a logarithmic axis: answers that one core gives in a second."""
    top = max(map(math.log10, rates.values()), default=1.0)
    bars = [(name, math.log10(max(rate, 1)), f"{rate:,.0f}/s", "") for name, rate in rates.items()]
    return _draw("What one core gives in a second (logarithmic)", bars, mark=None, top=top)


def used(row: Row) -> float | None:
    """Figure over bound where less is better, bound over figure where more is; None where that says nothing."""
    target = _BY_NAME.get(row.name)
    if row.figure is None or target is None or not (target.least or target.most):
        return None
    if target.least is not None:
        return target.least / row.figure if row.figure > 0 else None
    return row.figure / target.most if target.most else None


def _draw(title: str, bars: Sequence[tuple[str, float, str, str]], mark: float | None, top: float) -> str:
    height, room = LINE * (len(bars) + 2), WIDTH - LABEL - 160
    parts = [f'<text x="8" y="16" font-weight="bold">{escape(title)}</text>']
    for number, (name, value, text, verdict) in enumerate(bars):
        y = LINE * (number + 1.5)
        length = room * min(value, top) / top
        parts.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="{LINE - 7}" fill="{COLORS[verdict]}"/>'
        )
        parts.append(f'<text x="{LABEL + length + 6:.1f}" y="{y + 14}">{escape(text)}</text>')
    if mark is not None:
        x = LABEL + room * mark / top
        parts.append(f'<line x1="{x}" x2="{x}" y1="{LINE}" y2="{height}" stroke="#000" stroke-dasharray="3 3"/>')
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-size="12"'
        f' font-family="sans-serif"><title>{escape(title)}</title>\n{body}\n</svg>\n'
    )
