"""Colors that can be read: contrast after WCAG 2, and a provider's color bent until it can be read everywhere."""

import colorsys
import re

Rgb = tuple[float, float, float]
"""Each from 0 to 1."""

LIGHT_GROUND, DARK_GROUND = "#ffffff", "#14181e"
"""The surfaces on which the accent must be readable (see the tokens of `tenure.css`)."""
LEAST = 4.6
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


def parse_color(text: str) -> Rgb | None:
    """`#1f6f54` as numbers; None for anything else."""
    found = _HEX.fullmatch(text)
    if found is None:
        return None
    red, green, blue = (int(found[1][at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def format_color(color: Rgb) -> str:
    """As `#rrggbb`."""
    return "#" + "".join(f"{round(max(0.0, min(1.0, part)) * 255):02x}" for part in color)


def relative_luminance(color: Rgb) -> float:
    """Relative luminance, 0 for black to 1 for white."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast_ratio(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb`, from 1 to 21. Raises ValueError for what is no color."""
    first, second = parse_color(one), parse_color(other)
    if first is None or second is None:
        raise ValueError(f"not a color: {one if first is None else other}")
    light, dark = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_color(color: str, ground: str) -> str:
    """`color` made darker (on a light ground) or lighter (on a dark one) until it stands out enough."""
    start, behind = parse_color(color), parse_color(ground)
    if start is None or behind is None:
        raise ValueError(f"not a color: {color}")
    hue, light, saturation = colorsys.rgb_to_hls(*start)
    step = -0.02 if relative_luminance(behind) > 0.5 else 0.02
    while contrast_ratio(format_color(colorsys.hls_to_rgb(hue, light, saturation)), ground) < LEAST and (
        light > 0 if step < 0 else light < 1
    ):
        light = max(0.0, min(1.0, light + step))
    return format_color(colorsys.hls_to_rgb(hue, light, saturation))


def mix_colors(color: str, ground: str, share: float) -> str:
    """`share` of `color` on `ground`."""
    front, behind = parse_color(color), parse_color(ground)
    if front is None or behind is None:
        raise ValueError(f"not a color: {color}")
    red, green, blue = (share * one + (1 - share) * two for one, two in zip(front, behind, strict=True))
    return format_color((red, green, blue))


def brand_sheet(color: str) -> str:
    """The style sheet that puts a provider's color in place of our accent, readable in light and dark."""
    light, dark = readable_color(color, LIGHT_GROUND), readable_color(color, DARK_GROUND)
    return (
        _color_tokens(light, LIGHT_GROUND)
        + "@media (prefers-color-scheme:dark){"
        + _color_tokens(dark, DARK_GROUND)
        + "}\n"
    )


def _color_tokens(accent: str, ground: str) -> str:
    ink = max(("#ffffff", "#0b0e13"), key=lambda each: contrast_ratio(accent, each))
    soft = mix_colors(accent, ground, 0.12)
    on_soft = readable_color(accent, soft)
    return (
        f":root{{--accent:{accent};--accent-ink:{ink};--accent-soft:{soft};--accent-on-soft:{on_soft};"
        f"--accent-strong:{mix_colors(accent, '#000000' if ink == '#ffffff' else '#ffffff', 0.86)}}}\n"
    )
