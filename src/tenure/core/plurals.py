"""Numbers in sentences for people: `1 device`, `2 devices`; which noun a sentence needs is its writer's."""


def format_count(number: int, one: str, many: str = "") -> str:
    """`1 device`, `2,000 devices`; `many` where it is not `one` with an s, and where a verb follows ("device is")."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_range(least: int, most: int, one: str, many: str = "") -> str:
    """`1 to 9 devices`, and `1 device` where `least` is `most`, or nothing lies between them."""
    return format_count(most, one, many) if most <= least else f"{least:,} to {format_count(most, one, many)}"
