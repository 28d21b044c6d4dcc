"""docs/glossary.md: one concept, one name; what it says of the code is true of the code."""

import importlib
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(
    r'^\| <a id="(?P<id>[a-z-]+)"></a>(?P<term>[^|]+?) \| (?P<meaning>[^|]+?) \|(?P<forms>[^|]*)\|(?P<no>[^|]*)\|$'
)
ROOMS = "agent|cli|core|http|portal|sandbox|sdk|server|site|store|web|wire"
DOTTED = re.compile(rf"`(tenure\.(?:{ROOMS})(?:\.[a-z_]+)+(?:\.[A-Z][A-Za-z]*|\.[A-Z_]+)?)`")


class Term(NamedTuple):
    """One row of the page."""

    anchor: str
    name: str
    meaning: str
    unused: tuple[str, ...]
    """Words that are not used for it, remarks in parentheses left out."""


def groups() -> list[list[Term]]:
    """The rows of each table; a row that cannot be read fails."""
    found = []
    for group in (DOCS / "glossary.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        rows = []
        for line in group.splitlines():
            if line.startswith("| <a"):
                row = ROW.match(line)
                assert row, line
                words = re.sub(r"\([^)]*\)", "", row["no"].split(";")[0])
                unused = tuple(word.strip() for word in words.split(",") if word.strip())
                rows.append(Term(row["id"], row["term"].strip(), row["meaning"], unused))
        if rows:
            found.append(rows)
    return found


def test_each_group_is_alphabetical() -> None:
    for group in groups():
        names = [term.name.lower() for term in group]
        assert names == sorted(names)


def test_no_term_is_defined_twice_and_each_anchor_is_named_after_its_term() -> None:
    terms = [term for group in groups() for term in group]
    assert len(terms) > 100
    assert [name for name, times in Counter(term.name for term in terms).items() if times > 1] == []
    for term in terms:
        assert term.anchor == "g-" + re.sub(r"[^a-z]+", "-", term.name.lower()), term.name


def test_no_word_is_given_up_for_itself() -> None:
    for group in groups():
        for term in group:
            assert term.name not in term.unused, term.name


def test_meanings_are_whole_sentences_in_american_spelling() -> None:
    british = re.compile(r"(?i)\b\w*(?:synchronis|licenc|cancelled|catalogue|colour|behaviour|enrolment|honour)\w*")
    for group in groups():
        for term in group:
            assert term.meaning.rstrip().endswith((".", ".)")), term.name
            assert not british.search(term.meaning), term.name


def test_the_activation_server_has_one_name_in_every_text() -> None:
    """Pages, refusals, mails, help and documents; but for the label that M17 gives word for word."""
    label = "Synchronize subscription settings with Licensing server"
    (unused,) = (term.unused for group in groups() for term in group if term.name == "activation server")
    assert "licensing server" in unused
    wrong = re.compile("|".join(word.replace(" ", r"[-\s]") for word in unused), re.IGNORECASE)
    texts = [*DOCS.glob("*.md"), *DOCS.glob("spec/*.md"), *DOCS.glob("../*.md")]
    texts += [each for each in DOCS.glob("../src/**/*") if each.suffix in {".py", ".html", ".j2", ".js", ".txt", ".po"}]
    assert len(texts) > 400
    found = [
        f"{each.name}: {hit[0]}"
        for each in texts
        if each.name != "glossary.md"
        for hit in wrong.finditer(each.read_text(encoding="utf-8").replace(label, ""))
    ]
    assert not found, "\n".join(found)


def resolve(dotted: str) -> object:
    """The module, or the member of a module or class, of that name."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise AssertionError(dotted)


def test_every_name_of_the_code_that_a_page_gives_in_full_is_there() -> None:
    wrong = []
    for page in sorted(DOCS.rglob("*.md")):
        for dotted in DOTTED.findall(page.read_text(encoding="utf-8")):
            try:
                resolve(dotted)
            except (AssertionError, AttributeError, ImportError) as reason:
                wrong.append(f"{page.relative_to(DOCS)}: {dotted} ({reason})")
    assert not wrong, "\n".join(wrong)
