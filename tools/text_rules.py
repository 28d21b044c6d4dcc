"""The rules for texts that people read, and the search for what breaks them; which texts there are is read in `texts`.

A rule is a pattern and what to write instead. It is about form alone: whether a sentence is true is for tests.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 30
"""Words of a sentence."""


class TextRule(NamedTuple):
    """A pattern that no text for people matches, and what to write instead."""

    name: str
    pattern: re.Pattern[str]
    instead: str


class BrokenRule(NamedTuple):
    """One sentence that breaks a rule."""

    rule: str
    path: str
    line: int
    sentence: str


def _rule(name: str, pattern: str, instead: str, flags: re.RegexFlag = re.IGNORECASE) -> TextRule:
    return TextRule(name, re.compile(pattern, flags), instead)


RULES = (
    _rule(
        "no one named",
        r"\b(whoever|whomever|nobody|somebody|someone|anybody|anyone|everybody|everyone)\b",
        "name who acts: the customer, a user, another site",
    ),
    _rule(
        "what as subject",
        r"^what (?!(?:it|they) \w+ \w+(?: \w+)?(?:[.,;]|$))"
        r"(?:is|was|are|were|has|had|it|they|somebody|nobody|renews|comes|came|waits|waited|runs|holds)\b(?![^.]*\?)",
        "begin with the thing itself: paid periods, events of the meantime",
    ),
    _rule(
        "British spelling",
        r"\b(?:licence[sd]?|cancelled|cancelling|colours?|behaviours?|catalogues?|centres?|favours?|honours?|neighbours?"
        r"|labelled|labelling|modelled|travelled|fulfil|enrolment|judgement|grey|whilst|learnt|programmes?"
        r"|(?:synchroni|organi|recogni|authori|initiali|seriali|normali|minimi|maximi|summari|customi|optimi|prioriti"
        r"|reali|speciali|standardi|utili)s(?:e[sd]?|ing|ations?))\b",
        "American spelling",
    ),
    _rule(
        "Latin", r"(?<![\w.])(?:e\.g\.|i\.e\.|etc\.|viz\.|cf\.|vs\.?|et al\.|ibid\.|sic)(?!\w)", "for example, that is"
    ),
    _rule(
        "double negation",
        r"\bnot un(?!der|til|less|ique|its?\b|ion|iform|ix)\w+"
        r"|\b(?:nothing|never|no \w+|none|not \w+) (?:\w+ ){0,2}without\b"
        r"|\bnot (?:nothing|never|none|impossible|forbidden|refused)\b"
        r"|\bnever (?:not|no|nothing)\b",
        "say it positively: only with …, always",
    ),
    _rule(
        "passive riddle",
        r"\bit is (?:not )?(?:told|said|known|heard|looked|found|asked|seen) (?:that|who|what|how|whether|of)\b"
        r"|\bis (?:not )?(?:called|named) so\b|\b(?:is|was|are|were) (?:not )?heard of\b|\bas (?:far|long) as is\b",
        "say who does it: the server has had no contact",
    ),
    _rule(
        "idiom",
        r"\b(?:good for nothing|will not do\b[.,]|is not good\b|no longer good\b|of (?:its|their|his|one's) own will"
        r"|play money|put right|set right|by the letter|a word from|anew|dearer|dearest)\b",
        "the plain word: invalid, again, more expensive",
    ),
    _rule(
        "metaphor",
        r"\b(?:desks?|doors?|deeds?|crowds?|farewell|courier|postman|premises|(?<!web )shops?|towns?|hurry"
        r"|rehears\w+)\b",
        "the word of docs/glossary.md",
    ),
    _rule("he or she", r"\b(?:he|him|his|himself|she|her|herself)\b", "they, or the role: the administrator"),
    _rule("e-mail", r"\be-mails?\b", "email"),
)
_IS_PROSE = re.compile(r"\b(?:the|is|are|of|to|a|an|it)\b", re.IGNORECASE)
"""A sentence has one of these; a table of currencies has none."""
_STOPS = re.compile(r"(?<=[.!?:;])\s+|\s\|\s")
_NAMES = re.compile(r"`[^`]*`|https?://\S+|\{\{.*?\}\}|\{[^{}]*\}|\S*[_/=]\S*")


def prose(text: str) -> str:
    """The text with one `X` for each name, address, or value that is quoted in it."""
    return " ".join(_NAMES.sub("X", text).split())


def sentences(text: str) -> list[str]:
    """The sentences of a text; a colon and a semicolon end one, too."""
    return [each for each in _STOPS.split(prose(text)) if each]


def words_in(sentence: str) -> int:
    """How many words a sentence has; signs alone are none."""
    return sum(any(sign.isalnum() for sign in word) for word in sentence.split())


def broken_rules(path: str, line: int, text: str) -> Iterator[BrokenRule]:
    """Every rule that a text breaks, with the sentence."""
    for sentence in sentences(text):
        for rule in RULES:
            if rule.pattern.search(sentence):
                yield BrokenRule(rule.name, path, line, sentence)
        if words_in(sentence) > LONGEST and _IS_PROSE.search(sentence):
            yield BrokenRule("too long", path, line, sentence)


def refusal_faults(path: str, line: int, code: str, sentence: str, cause: str, remedy: str) -> Iterator[BrokenRule]:
    """What a row of the refusal table lacks: each part is there, begins with a capital and ends with a full stop."""
    for name, text in (("sentence", sentence), ("cause", cause), ("remedy", remedy)):
        if not text.strip():
            yield BrokenRule(f"missing {name}", path, line, code)
        elif not re.match(r"[A-Z`]", text) or not text.rstrip().endswith("."):
            yield BrokenRule("no sentence", path, line, f"{code}: {text}")
