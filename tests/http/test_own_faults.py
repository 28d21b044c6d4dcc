"""Whose fault it is that nothing could be sent: this computer's, or that of the other side."""

import errno
import socket
import ssl

import pytest

from tenure.http.own_faults import exception_tree, has_way, is_own_fault

REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "no")


def behind(cause: BaseException) -> BaseException:
    try:
        raise OSError("all attempts failed") from cause
    except OSError as fault:
        return fault


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EPERM])
def test_no_room_is_our_own_fault_whatever_else_failed(number: int) -> None:
    own = OSError(number, "no room")
    assert is_own_fault(own, lambda: True)
    assert is_own_fault(behind(ExceptionGroup("each address", [REFUSED, own])), lambda: True)


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_no_way_is_our_own_fault_only_without_any_network(number: int) -> None:
    """The last of a server's addresses is of a family that this computer lacks: the server is down all the same."""
    unreachable = behind(OSError(number, "no way"))
    assert is_own_fault(unreachable, lambda: False)
    assert not is_own_fault(unreachable, lambda: True)


@pytest.mark.parametrize(
    "fault",
    [REFUSED, TimeoutError(), socket.gaierror(errno.EMFILE, "its own table"), ssl.SSLError(errno.EPERM, "likewise")],
)
def test_all_else_is_the_other_sides(fault: BaseException) -> None:
    assert not is_own_fault(behind(fault), lambda: False)


def test_exceptions_that_lead_to_one_another_are_looked_at_once() -> None:
    one, other = OSError("one"), OSError("other")
    one.__cause__, other.__cause__ = other, one
    assert list(exception_tree(one)) == [one, other]


def test_a_way_is_looked_for_without_sending() -> None:
    assert has_way() in (True, False)
