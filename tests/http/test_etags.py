"""ETag and If-Match: a change made on something seen too long ago is refused."""

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.etags import IfMatch, entity_tag, read_if_match
from tests.http.calls import NEW, code_of, key, refused


async def test_only_who_saw_the_present_state_may_change_it(client: httpx2.AsyncClient) -> None:
    seen = (await client.post("/v1/things", json=NEW, headers=key("k"))).headers["etag"]
    path = "/v1/things/thing_000000/name"
    renamed = await client.put(path, json={"name": "gate"}, headers={"If-Match": seen})
    assert (renamed.status_code, renamed.headers["etag"]) == (200, '"2"')
    stale = await client.put(path, json={"name": "wall"}, headers={"If-Match": seen})
    assert refused(stale)["code"] == "version_stale"
    assert refused(stale)["detail"] == 'The present one is "2".'
    assert (await client.put(path, json={"name": "wall"})).status_code == 200, "nothing said allows every state"
    assert (await client.put(path, json={"name": "arch"}, headers={"If-Match": "*"})).status_code == 200
    assert (await client.get("/v1/things/thing_000000")).headers["etag"] == '"4"'


async def test_where_the_tag_is_demanded_silence_is_refused(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/things", json=NEW, headers=key("k"))
    assert code_of(await client.delete("/v1/things/thing_000000")) == "version_stale"
    gone = await client.delete("/v1/things/thing_000000", headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.content) == (204, b"")
    assert code_of(await client.get("/v1/things/thing_000000")) == "not_found"


async def test_a_dry_run_changes_nothing(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/things", json=NEW, headers=key("k"))
    tried = await client.put("/v1/things/thing_000000/name?dry_run=true", json={"name": "gate"})
    assert tried.json()["name"] == "gate"
    assert (await client.get("/v1/things/thing_000000")).json()["name"] == "door"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (['"1"'], IfMatch(('"1"',))),
        (['"1", "2"'], IfMatch(('"1"', '"2"'))),
        (['"1"', '"2"'], IfMatch(('"1"', '"2"'))),
        (['"a,b" ,W/"c"'], IfMatch(('"a,b"', 'W/"c"'))),
        (["*"], IfMatch(anything=True)),
        ([], IfMatch()),
    ],
)
def test_if_match_is_read(sent: list[str], said: IfMatch) -> None:
    assert read_if_match(sent, demanded=False) == said


@pytest.mark.parametrize("bad", ["1", '"1', '1"', '"1" "2"', "*, *", '"1",', ",", "", 'w/"1"', '"\x01"'])
def test_what_is_no_tag_is_refused(bad: str) -> None:
    told = read_if_match([bad], demanded=False)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == (RefusalCode.FIELD_INVALID, "If-Match")


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_exactly_the_present_revision_matches(present: int, seen: int) -> None:
    said = read_if_match([entity_tag(seen)], demanded=True)
    assert isinstance(said, IfMatch)
    assert (said.refuse_mismatch(entity_tag(present)) is None) == (present == seen)


def test_a_weak_tag_never_matches() -> None:
    said = read_if_match(['W/"1"'], demanded=False)
    assert isinstance(said, IfMatch)
    assert said.refuse_mismatch(entity_tag(1)) is not None
