"""Writes docs/model.md: phases, causes, transitions, facts and refusals, observed on the core itself.

Every cell is what `core.act` answers to a command of `tools.scenes` in one of its states. `--check` compares with the
page and says where it differs.
"""

import difflib
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that it runs by its path, too

from tenure.core.explain import PHASES, REMEDIES, RULES  # noqa: E402
from tenure.core.refusals import TABLE, Refused  # noqa: E402
from tenure.core.subscription import facts as f  # noqa: E402
from tenure.core.timeline import Phase, PhaseCause, Span  # noqa: E402
from tools.scenes import FAMILIES, STATES, State, Try, build  # noqa: E402

PAGE = ROOT / "docs" / "model.md"


class Cell(NamedTuple):
    """What one command does in one state."""

    text: str
    leads_to: Phase | None = None


def cell(state: State, attempt: Try) -> Cell:
    """The refusal's code; or the phase it leads to at once; or what will follow otherwise than before."""
    scene = build(state)
    before, ahead = _said(scene.span()), _said(scene.follows())
    answer = attempt(scene)
    if isinstance(answer, Refused):
        return Cell(f"`{answer.code}`")
    after, then = _said(scene.span()), _said(scene.follows())
    if after != before:
        return Cell(f"**→ {after}**", scene.span().phase)
    nothing = answer is not None and not answer.facts
    changed = f", then {then}" if then != ahead else ""
    return Cell(("yes, nothing new" if nothing else "yes") + changed)


def _said(span: Span | None) -> str:
    return "no end" if span is None else f"{span.phase} {span.why}"


Row = tuple[State, dict[str, Cell]]


@cache
def matrix() -> list[Row]:
    """Every command in every state; decided once in a process."""
    commands = {name: attempt for family in FAMILIES.values() for name, attempt in family.items()}
    return [(state, {name: cell(state, attempt) for name, attempt in commands.items()}) for state in STATES]


def course(state: State) -> list[Span]:
    """What happens from the state on without any action."""
    scene = build(state)
    running = scene.span()
    spans = [span for span in scene.spans() if span.since > running.since]
    return [running, *spans] if running.until is not None else [running]


def page(cells: list[Row]) -> str:
    """The whole page, with the matrix as it was found."""
    parts = (_HEAD, _diagram(cells), _causes(), _courses(), *_tables(cells), _facts(), _refusals())
    return "\n\n".join(parts) + "\n"


_HEAD = """# The model

This page is written by `python tools/model.py` from the code; `--check` compares. Each cell was decided by the core
itself on a subscription that had been brought into its state by commands, money and time. Why the odd ones are as they
are stands in [ADR 5](adr/0005-edge-case-matrix.md)."""


def _diagram(cells: list[Row]) -> str:
    edges: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for state, row in cells:
        for span, follower in pairwise(course(state)):
            _note(edges[span.phase, follower.phase], "time")
        for name, found in row.items():
            if found.leads_to is not None:
                _note(edges[state.phase, found.leads_to], name)
    lines = ["## Phases", "", "Transitions as observed below; what only changes the cause of a phase is left out.", ""]
    lines += ["```mermaid", "stateDiagram-v2", "    [*] --> pending: order", "    [*] --> active: order"]
    for (source, target), names in sorted(edges.items(), key=lambda edge: tuple(map(list(Phase).index, edge[0]))):
        if source is not target:
            lines.append(f"    {source} --> {target}: {', '.join(names)}")
    return "\n".join([*lines, "```"])


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _causes() -> str:
    pairs = {(state.phase, state.why) for state in STATES}
    pairs |= {
        (Phase.GRACE, PhaseCause.SYNC_OVERDUE),
        (Phase.ENDED, PhaseCause.SYNC_OVERDUE),
        (Phase.ENDED, PhaseCause.SEAT_CONFLICT),
    }
    ordered = sorted(pairs, key=lambda pair: (list(Phase).index(pair[0]), list(PhaseCause).index(pair[1])))
    rows = []
    for phase, why in ordered:
        remedies = "<br>".join(f"{remedy.who}: {remedy.how}" for remedy in REMEDIES[why])
        rows.append([f"`{phase}`", f"`{why}`", PHASES[phase], " ".join(RULES[why]), remedies])
    note = (
        "`sync_overdue` is known at sites and devices only: silence is the contact clock's, not the contract's."
        " `seat_conflict` is known to the application that a list strikes out only (docs/installations.md)."
    )
    return "## Causes\n\n" + _table(["phase", "why", "service", "rule", "who can do what"], rows) + "\n\n" + note


def _courses() -> str:
    rows = [[state.name, _state_of(state), " → ".join(_said(span) for span in course(state)[1:])] for state in STATES]
    head = ["state", "phase, why, kind", "without any action"]
    return "## States\n\nThe rows of the matrix, and what time alone does to them.\n\n" + _table(head, rows)


def _state_of(state: State) -> str:
    return f"{state.phase} · {state.why} · {state.kind}"


def _tables(cells: list[Row]) -> Iterable[str]:
    yield """## What can be done where

`code` is a refusal. **→ phase why** is where the command leads at once. "yes" was accepted and leaves the phase as it
is; "then" names what now follows otherwise than before. Money is ample unless the state says "no money"."""
    for family, commands in FAMILIES.items():
        rows = [[f"{state.name}<br>{_state_of(state)}", *(row[name].text for name in commands)] for state, row in cells]
        yield f"### {family}\n\n" + _table(["state", *commands], rows)


def _facts() -> str:
    common = set(f.FactHeader.__struct_fields__)
    rows = []
    for kind in get_args(f.Fact):
        fields = ", ".join(f"`{name}`" for name in kind.__struct_fields__ if name not in common)
        rows.append([f"`{kind.__name__}`", _first_sentence(kind), fields])
    note = "Every fact also carries `at` (when it took effect), `recorded_at`, `by` and `why`."
    return f"## Facts\n\n{note}\n\n" + _table(["fact", "what happened", "says"], rows)


def _first_sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _refusals() -> str:
    rows = [
        [
            f"`{row.code}`",
            row.sentence,
            row.cause,
            row.remedy,
            row.who,
            str(row.status),
            f"{row.exit.value} {row.exit.name.lower()}",
        ]
        for row in TABLE.values()
    ]
    return "## Refusals\n\n" + _table(["code", "sentence", "cause", "remedy", "who", "HTTP", "exit"], rows)


def main(arguments: list[str]) -> int:
    """Writes the page, or with `--check` only compares; returns 1 when it differs."""
    made = page(matrix())
    if "--check" not in arguments:
        PAGE.write_text(made, encoding="utf-8")
        print(f"written: docs/{PAGE.name}")
        return 0
    found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if found == made:
        print("docs/model.md is up to date")
        return 0
    changes = difflib.unified_diff(found.splitlines(), made.splitlines(), "docs/model.md", "the code", lineterm="", n=0)
    print("\n".join(changes))
    print("docs/model.md is out of date: run `python tools/model.py`")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
