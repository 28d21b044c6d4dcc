"""Whole numbers in texts of strangers, read in one way; which numbers are sensible is for each reader to say."""


def read_whole_number(text: str | bytes, digits: int = 9) -> int | None:
    """The number that `text` spells with ASCII digits alone, at most so many; None for anything else.

    `int` alone takes blanks, underscores, signs and the digits of every script, and raises for more than 4,300 digits;
    `isdigit` takes characters that `int` refuses (`²`). Worked example: "042" is 42; "+1", "1_0" and "１２" are None.
    """
    return int(text) if len(text) <= digits and text.isascii() and text.isdigit() else None
