import msgspec
import pytest

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.wire import jws, notices
from tenure.wire.jws import TokenType
from tenure.wire.keys import Purpose
from tenure.wire.notices import SignedNotice
from tests.wire.samples import NOW, YEAR, document, key, pinned, signer

OUTAGE = SignedNotice(
    iss="vendor.example", jti="notice_1", iat=NOW, kind="amnesty", since=NOW - 3 * DAY, until=NOW, text="Data center."
)


def refused(read: object, code: RefusalCode) -> None:
    assert isinstance(read, Refused), read
    assert read.code is code, read


def test_an_amnesty_is_proven_and_becomes_what_the_core_reckons_with() -> None:
    token = notices.seal_notice(OUTAGE, signer("notice-1"))
    assert notices.read_notice(token, pinned()) == OUTAGE
    assert notices.read_notice(token, pinned(), product="antivirus") == OUTAGE
    assert OUTAGE.as_amnesty() == OutageAmnesty(NOW - 3 * DAY, NOW)


@pytest.mark.parametrize("kid", ["lease-1", "answer-1", "checkpoint-1", "sandbox-1"])
def test_only_a_key_for_notices_announces_an_outage(kid: str) -> None:
    refused(notices.read_notice(notices.seal_notice(OUTAGE, signer(kid)), pinned()), RefusalCode.KEY_NOT_FOR_THIS)


def test_a_sandbox_announces_its_own_outages() -> None:
    token = notices.seal_notice(OUTAGE, signer("sandbox-1"))
    assert notices.read_notice(token, pinned(), sandbox=True) == OUTAGE


def test_a_notice_reaches_only_the_products_of_notice_and_key() -> None:
    narrow = pinned(document(keys=(key("notice-1", Purpose.NOTICE, products=("antivirus",)),)))
    mine = msgspec.structs.replace(OUTAGE, product="antivirus")
    assert notices.read_notice(notices.seal_notice(mine, signer("notice-1")), narrow, product="antivirus") == mine
    for notice, product in ((mine, "backup"), (OUTAGE, "backup")):
        token = notices.seal_notice(notice, signer("notice-1"))
        refused(notices.read_notice(token, narrow, product=product), RefusalCode.KEY_NOT_FOR_THIS)
    other = notices.seal_notice(msgspec.structs.replace(OUTAGE, product="backup"), signer("notice-1"))
    refused(notices.read_notice(other, pinned(), product="antivirus"), RefusalCode.KEY_NOT_FOR_THIS)
    refused(notices.read_notice(other, narrow), RefusalCode.KEY_NOT_FOR_THIS)


def test_a_key_for_one_product_cannot_speak_to_all() -> None:
    narrow = pinned(document(keys=(key("notice-1", Purpose.NOTICE, products=("antivirus",)),)))
    refused(notices.read_notice(notices.seal_notice(OUTAGE, signer("notice-1")), narrow), RefusalCode.KEY_NOT_FOR_THIS)


def test_a_notice_dated_outside_its_keys_window_is_refused() -> None:
    late = msgspec.structs.replace(OUTAGE, iat=NOW + 2 * YEAR)
    refused(notices.read_notice(notices.seal_notice(late, signer("notice-1")), pinned()), RefusalCode.KEY_NOT_FOR_THIS)


@pytest.mark.parametrize(
    "changes",
    [{"until": NOW - 3 * DAY}, {"since": -1}, {"until": 2**40}, {"text": "a\nb"}, {"product": ""}, {"jti": "A"}],
    ids=str,
)
def test_an_absurd_notice_is_neither_signed_nor_read(changes: dict[str, object]) -> None:
    absurd = msgspec.structs.replace(OUTAGE, **changes)
    with pytest.raises(ValueError, match=next(iter(changes))):
        notices.seal_notice(absurd, signer("notice-1"))
    token = jws.sign_token(TokenType.NOTICE, absurd, signer("notice-1"))
    refused(notices.read_notice(token, pinned()), RefusalCode.MESSAGE_MALFORMED)
