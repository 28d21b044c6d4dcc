"""What a refusal says helps fits where it is read: no headers for people, no command beside a button."""

import pytest

from tenure.core.explain import BEFOREHAND, REMEDIES
from tenure.core.refusals import TABLE, RefusalRow
from tenure.site.console.session import in_console

REMEDIES_TOLD = [row.remedy for row in TABLE.values() if row.who != "caller"] + [
    remedy.how for told in (*REMEDIES.values(), *BEFOREHAND.values()) for remedy in told
]


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.code)
def test_no_refusal_sends_people_to_the_header_of_an_answer(row: RefusalRow) -> None:
    assert "Retry-After" not in row.sentence + row.cause + row.remedy


def test_the_console_names_its_own_button_in_place_of_the_command() -> None:
    told = [each for each in REMEDIES_TOLD if "tenure doctor" in each]
    assert len(told) >= 2
    for each in told:
        said = in_console(each.encode()).decode()
        assert "tenure doctor" not in said, said
        assert "est the connection" in said, said
