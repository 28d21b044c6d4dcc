"""The rules for texts find what they are for, in every kind of text, and leave plain sentences alone."""

from pathlib import Path

import pytest

from tools import text_rules, texts


def rules_broken(text: str) -> list[str]:
    return [each.rule for each in text_rules.broken_rules("a text", 1, text)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Whoever placed the hold releases it.", "no one named"),
        ("Nobody has an account yet.", "no one named"),
        ("What was paid before is used to its end.", "what as subject"),
        ("The licence was cancelled.", "British spelling"),
        ("The site synchronises every hour.", "British spelling"),
        ("Use a proxy, e.g. your own.", "Latin"),
        ("No request is sent without a key.", "double negation"),
        ("It is not unusual.", "double negation"),
        ("It is not known who is asking.", "passive riddle"),
        ("This code is not good.", "idiom"),
        ("Order it anew.", "idiom"),
        ("The mail goes to your desk.", "metaphor"),
        ("A vendor hosts it himself.", "he or she"),
        ("Enter your e-mail address.", "e-mail"),
        (" ".join(["The server waits for the next day"] * 5) + ".", "too long"),
    ],
)
def test_a_text_that_breaks_a_rule_is_found(text: str, rule: str) -> None:
    assert rule in rules_broken(text)


@pytest.mark.parametrize(
    "text",
    [
        "The side that placed the hold can release it.",
        "What it is called here.",
        "Send a request with `e.g. nobody`, then read https://example.com/desk.",
        "No action is needed. The server renews the license until you cancel it.",
        "The promise is kept; otherwise the device waits.",
    ],
)
def test_a_plain_text_breaks_none(text: str) -> None:
    assert rules_broken(text) == []


def test_a_refusal_says_what_happened_why_and_what_to_do() -> None:
    faults = text_rules.refusal_faults("refusals.py", 3, "site_lost", "This site was declared lost.", "because", "")
    assert [(each.rule, each.line) for each in faults] == [("no sentence", 3), ("missing remedy", 3)]


def test_each_kind_of_text_is_read_and_names_are_left_out(tmp_path: Path) -> None:
    for name, text in {
        "src/tenure/core/refusals.py": '_make_row(_C.LOST, 409, _E.STATE, "caller", "Nobody knows. | It is lost.")\n',
        "src/tenure/web/page.html": '<p>{{ nobody_in }} Nobody has an account</p>{{ ui.a("Whoever reads it here") }}\n',
        "src/tenure/cli/team.py": (
            '"""Nobody reads this docstring."""\n\n\n@add_verb(APP, "list")\ndef list_team():\n'
            '    """Ask somebody in."""\n    return "There is nobody in the team"\n'
        ),
        "docs/site.md": "Plain text.\n\n```\nnobody\n```\n\n- Nobody waits `for nobody`.\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = texts.broken(tmp_path)
    assert [each.rule for each in found["refusals"]] == ["missing remedy", "no one named"]
    assert [(each.rule, each.line) for each in found["templates"]] == [("no one named", 1)] * 2
    assert {(each.rule, each.line) for each in found["messages"]} == {("no one named", 5), ("no one named", 7)}
    assert [(each.rule, each.line) for each in found["docs"]] == [("no one named", 7)]
