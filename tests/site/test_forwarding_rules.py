"""Where a site sends to and when it tries again: the rules alone, without anything that is sent."""

from ipaddress import ip_address

import pytest

from tenure.core.timeline import DAY, HOUR
from tenure.http.outgoing.delivery_errors import OWN_CAUSES
from tenure.http.outgoing.send_outcome import RejectedMailbox, SendOutcome
from tenure.site.forwarding.config import ForwardingConfig, MailTarget, WebhookTarget
from tenure.site.forwarding.progress import LONGEST_PAUSE, SentMessage, after_attempt, is_due
from tenure.site.forwarding.remedies import advice_for
from tenure.site.forwarding.site_networks import SiteNetworks
from tenure.site.store.forwardings import ForwardingRow

NOW = 1_800_000_000
HOOK = ForwardingConfig(name="Alerts", severity="info", webhook=WebhookTarget(url="https://alerts.example.com/"))
FAILED = SendOutcome(cause="unreachable", fault="no route")


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.100.100.200",  # noqa: S104
        "192.0.0.192", "168.63.129.16",
        "::", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_nothing_is_sent_where_credentials_lie_about(address: str) -> None:
    assert not SiteNetworks().allows_address(ip_address(address))
    assert not SiteNetworks(loopback=True).allows_address(ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.8", "192.168.7.9", "172.16.0.1", "100.64.0.1", "fd12:3456::1", "9.9.9.9"])
def test_ones_own_network_is_reached_and_without_tls_it_is_not(address: str) -> None:
    assert SiteNetworks().allows_address(ip_address(address))
    assert not SiteNetworks(loopback=True).allows_address(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_computer_is_reached_either_way(address: str) -> None:
    assert SiteNetworks().allows_address(ip_address(address))
    assert SiteNetworks(loopback=True).allows_address(ip_address(address))


def test_pauses_double_to_an_hour_and_a_receivers_wish_is_heard_for_a_day_at_most() -> None:
    row, pauses = ForwardingRow("fwd_1", b"", b"", NOW, 0), []
    for _ in range(10):
        row = after_attempt(row, HOOK, SentMessage(1), FAILED, NOW, 0.0).row
        pauses.append(row.next - NOW)
    assert pauses == [30, 60, 120, 240, 480, 960, 1_920, HOUR, HOUR, HOUR]
    later = after_attempt(
        row,
        HOOK,
        SentMessage(1),
        SendOutcome(fault="busy", cause="answered_otherwise", retry_after=10 * DAY),
        NOW,
        0.999,
    )
    assert later.row.next == NOW + DAY
    assert after_attempt(row, HOOK, SentMessage(1), FAILED, NOW, 0.999).row.next <= NOW + LONGEST_PAUSE * 1.1
    assert not is_due(later.row, NOW)
    assert is_due(later.row, NOW - 30 * DAY), "a clock that was set back holds nothing up"


def test_it_is_told_once_and_given_up_only_after_time_and_tries() -> None:
    row = ForwardingRow("fwd_1", b"", b"", NOW, 0)
    told = []
    for hours in range(100):
        came = after_attempt(row, HOOK, SentMessage(1), FAILED, NOW + hours * HOUR, 0.0)
        row = came.row
        told += [(hours, each.kind) for each in came.news]
        if row.stopped:
            break
    assert told == [(1, "forwarding_failing"), (72, "forwarding_stopped")]
    jumped = after_attempt(
        ForwardingRow("fwd_1", b"", b"", NOW, 0, tries=3, failing_since=NOW),
        HOOK,
        SentMessage(1),
        FAILED,
        NOW + 9 * DAY,
        0.0,
    )
    assert not jumped.row.stopped


@pytest.mark.parametrize("cause", sorted(OWN_CAUSES))
def test_no_receiver_is_given_up_for_what_this_computer_lacks(cause: str) -> None:
    """A week without a network is told, and is not the receiver's fault, whose own failing counts from its begin."""
    row, kinds, own = ForwardingRow("fwd_1", b"", b"", NOW, 0), list[str](), SendOutcome(cause=cause, fault="no way")
    for hours in range(7 * 24):
        came = after_attempt(row, HOOK, SentMessage(1), own, NOW + hours * HOUR, 0.0)
        row, kinds = came.row, kinds + [each.kind for each in came.news]
        assert row.next - (NOW + hours * HOUR) <= HOUR // 12, "the network may be back"
    assert (kinds, row.stopped) == (["forwarding_failing"], 0)
    told = advice_for(cause, HOOK, "alerts.example", 443)
    assert "not given up" in told.remedy
    begun = NOW + 7 * DAY
    row = after_attempt(row, HOOK, SentMessage(1), FAILED, begun, 0.0).row
    assert (row.failing_since, row.stopped) == (begun, 0)
    row = after_attempt(row, HOOK, SentMessage(1), FAILED, begun + 3 * DAY, 0.0).row
    assert row.stopped == begun + 3 * DAY


def test_a_mailbox_that_stays_full_is_given_up_for_this_mail_and_holds_nobody_up() -> None:
    mail = MailTarget(
        host="h", port=25, security="tls", sender="a@example.com", recipients=("a@example.com", "b@example.com")
    )
    config = ForwardingConfig(name="Mails", severity="info", mail=mail)
    full = (RejectedMailbox("b@example.com", "452 full", final=False),)
    row = ForwardingRow("fwd_1", b"", b"", NOW, 0, upto=7, pending=b'["a@example.com","b@example.com"]')
    first = SendOutcome(cause="recipients_refused", refused=full)
    row = after_attempt(row, config, SentMessage(7, mail.recipients), first, NOW, 0.0).row
    assert (row.cursor, row.pending) == (0, b'["b@example.com"]')
    again = SendOutcome(cause="recipients_refused", fault="b: 452 full", refused=full)
    kinds: list[str] = []
    for _ in range(4):
        came = after_attempt(row, config, SentMessage(7, ("b@example.com",)), again, NOW, 0.0)
        row, kinds = came.row, kinds + [each.kind for each in came.news]
    assert (row.cursor, row.upto, row.failing_since) == (7, 0, 0)
    assert kinds == ["forwarding_partly"]
