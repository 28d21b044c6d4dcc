"""The table of `make review` counts what it says it counts, and its check finds a figure that rose."""

import ast
from pathlib import Path

import pytest

from tools import banned_words, review

SOURCE = '''\
class Desk:
    def keep(self, at: int) -> None:
        """Keep."""

    def keep_all(self, *given: int, **named) -> None:
        for each in given:
            if each and each or named:
                self.keep(each)

    def __len__(self) -> int:
        return 0


def taken_back():  # a reason
    pass  # noqa: something


def _keep(): ...
'''


def module(path: str, text: str = SOURCE) -> review.Module:
    return review.Module(path, text, ast.parse(text))


def counted(*modules: review.Module) -> review.Review:
    return review.review(list(modules), set(), [])


@pytest.mark.parametrize(
    ("name", "one_word"),
    [("keep", True), ("_keep", True), ("keep_", True), ("keep_all", False), ("_keep_all", False)],
)
def test_a_name_has_one_word_without_an_inner_underscore(name: str, one_word: bool) -> None:
    assert review.is_one_word(name) is one_word


@pytest.mark.parametrize(
    ("name", "participle"),
    [("taken", True), ("_asked_for", True), ("need", False), ("seed_all", False), ("take", False), ("looking", False)],
)
def test_a_participle_in_front_is_found(name: str, participle: bool) -> None:
    assert review.is_participle_first(name) is participle


@pytest.mark.parametrize(("name", "one_word"), [("Desk", True), ("_Desk", True), ("DeskView", False)])
def test_a_class_has_one_word_with_one_capital(name: str, one_word: bool) -> None:
    assert review.is_one_word_class(name) is one_word


def test_the_figures_of_one_file() -> None:
    figures = counted(module("core/desk.py")).figures
    assert figures["files"] == 1
    assert figures["one-word function names"] == 2  # keep and _keep; __len__ does not count
    assert figures["one-word function names, %"] == 50
    assert figures["participle-first function names, %"] == 25
    assert figures["public functions with a docstring, %"] == 33.3
    assert figures["functions with all types, %"] == 40  # keep and __len__
    assert figures["comments per 1,000 lines"] == round(1000 / len(SOURCE.splitlines()), 1)
    assert figures["parameters, max"] == 2
    assert figures["class names in two or more files"] == 0


def test_complexity_counts_branches_loops_and_operators() -> None:
    keep_all = next(each for each in review.functions_of(ast.parse(SOURCE)) if each.name == "keep_all")
    assert review.complexity(keep_all) == 5  # a loop, a condition, `and`, `or`


def test_a_name_in_two_files_is_listed_with_both() -> None:
    found = counted(module("core/a.py"), module("web/b.py"))
    assert found.figures["class names in two or more files"] == 1
    assert found.figures["public function names in two or more files"] == 1
    assert found.places["class names in two or more files"] == ["Desk: core/a.py, web/b.py"]


def test_module_names_may_repeat_in_rooms_of_resources_only() -> None:
    rooms = ["core", "wire", "http", "web"]
    assert list(review.crowded_module_names(f"{room}/fields.py" for room in rooms)) == ["fields"]
    assert review.crowded_module_names(f"{room}/fields.py" for room in rooms[1:]) == {}
    assert review.crowded_module_names(f"{room}/sites.py" for room in (*rooms[1:], *review.RESOURCE_ROOMS)) == {}
    assert review.crowded_module_names(f"{room}/__init__.py" for room in rooms) == {}


def test_this_tree_needs_packages_and_has_names() -> None:
    """The control of the reading: files, lock and words are found where they are."""
    assert "msgspec" in review.needed(("server",))
    assert any(each.path == "core/business/settle.py" for each in review.read(review.ROOT))


def test_a_figure_above_its_limit_is_a_complaint() -> None:
    limits = {"files": review.Limit(2, 1)}
    assert review.complaints({"files": 2}, limits) == []
    assert review.complaints({"files": 3}, limits) == ["files: 3, allowed are 2"]


def test_every_limit_is_that_of_a_figure_and_only_falls() -> None:
    figures = counted(module("core/desk.py")).figures
    assert set(review.LIMITS) <= set(figures)
    assert all(limit.final <= limit.now for limit in review.LIMITS.values())


def test_the_table_shows_each_figure_and_its_limits() -> None:
    shown = review.table({"files": 3, "lines": 20}, {"files": review.Limit(4, 2)}).splitlines()
    assert [line.split() for line in shown[1:]] == [["files", "3", "4", "2"], ["lines", "20"]]


def test_banned_words_are_found_in_names_and_in_texts() -> None:
    source = 'class FrontDesk:\n    """Whoever comes."""\n\n\ndef deeds(crowd): ...\n\n\nworkshop = "the doors"\n'
    found = banned_words.in_source("core/postman.py", source)
    assert {(each.word, each.line, each.in_name) for each in found} == {
        ("postman", 1, True),
        ("desk", 1, True),
        ("whoever", 2, False),
        ("deed", 5, True),
        ("crowd", 5, True),
        ("door", 8, False),
    }


def test_a_document_is_searched_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "site.md").write_text("All right.\nBehind the door.\n", encoding="utf-8")
    assert banned_words.banned_words(tmp_path) == [banned_words.BannedWord("door", "docs/site.md", 2, in_name=False)]
