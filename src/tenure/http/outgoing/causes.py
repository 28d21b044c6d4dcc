"""What kept a message from going out, as one word for programs: told from the exception, so that a page can say what
helps.

What is said to people about each cause is the business of whoever shows it.
"""

import errno
import smtplib
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum

# As OpenSSL numbers what is wrong with a certificate (X509_V_ERR_…).
_NOT_YET, _EXPIRED, _NAME, _ADDRESS = 9, 10, 62, 64


class Cause(StrEnum):
    """Stable names; a new one may come, none is renamed."""

    NONE = ""
    NAME_UNKNOWN = "name_unknown"
    ADDRESS_FORBIDDEN = "address_forbidden"
    CONNECTION_REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    TLS_NAME = "tls_name"
    TLS_EXPIRED = "tls_expired"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_MISSING = "tls_missing"
    """It does not speak TLS where it should, or not the kind that was chosen."""
    CUT_OFF = "cut_off"
    NOT_UNDERSTOOD = "not_understood"
    """It is there, and speaks something else."""
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_IN_UNKNOWN = "sign_in_unknown"
    SENDER_REFUSED = "sender_refused"
    RECIPIENTS_REFUSED = "recipients_refused"
    MAIL_REFUSED = "mail_refused"
    REDIRECTED = "redirected"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    """401 or 403: the receiver does not believe the signature, or wants another proof."""
    GONE = "gone"
    ANSWERED_OTHERWISE = "answered_otherwise"


class AddressRefused(Exception):
    """Nothing was sent: no address behind the name may be told anything."""


def cause_of(fault: BaseException) -> Cause:
    """The cause behind an exception of a connection, its TLS or its SMTP; what lies deepest says it best."""
    found = [_cause(each) for each in _chain(fault)]
    return next((each for each in reversed(found) if each), Cause.UNREACHABLE)


def cause_of_status(status: int) -> Cause:
    """The cause that an HTTP status stands for; none where the message was taken."""
    if 200 <= status < 300:
        return Cause.NONE
    if 300 <= status < 400:
        return Cause.REDIRECTED
    known = {401: Cause.NOT_ALLOWED, 403: Cause.NOT_ALLOWED, 404: Cause.NOT_FOUND, 410: Cause.GONE}
    return known.get(status, Cause.ANSWERED_OTHERWISE)


def _chain(fault: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = fault
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _cause(fault: BaseException) -> Cause:
    if isinstance(fault, smtplib.SMTPException):
        return _of_mail(fault)
    if isinstance(fault, ssl.SSLError):
        return _of_tls(fault)
    for kind, cause in _BY_TYPE:
        if isinstance(fault, kind):
            return cause
    if isinstance(fault, OSError) and fault.errno in (errno.ECONNREFUSED,):
        return Cause.CONNECTION_REFUSED
    return Cause.UNREACHABLE if isinstance(fault, OSError) else Cause.NONE


_BY_TYPE: tuple[tuple[type[BaseException], Cause], ...] = (
    (AddressRefused, Cause.ADDRESS_FORBIDDEN),
    (socket.gaierror, Cause.NAME_UNKNOWN),
    (ConnectionRefusedError, Cause.CONNECTION_REFUSED),
    (TimeoutError, Cause.TOO_SLOW),
    (ConnectionResetError, Cause.CUT_OFF),
    (BrokenPipeError, Cause.CUT_OFF),
)

_BY_REPLY: tuple[tuple[type[smtplib.SMTPException], Cause], ...] = (
    (smtplib.SMTPAuthenticationError, Cause.SIGN_IN_REFUSED),
    (smtplib.SMTPRecipientsRefused, Cause.RECIPIENTS_REFUSED),
    (smtplib.SMTPSenderRefused, Cause.SENDER_REFUSED),
    (smtplib.SMTPDataError, Cause.MAIL_REFUSED),
    (smtplib.SMTPServerDisconnected, Cause.CUT_OFF),
)


def _of_mail(fault: smtplib.SMTPException) -> Cause:
    for kind, cause in _BY_REPLY:
        if isinstance(fault, kind):
            return cause
    return Cause.NOT_UNDERSTOOD


def _of_tls(fault: ssl.SSLError) -> Cause:
    if isinstance(fault, ssl.SSLCertVerificationError):
        by_code = {_NAME: Cause.TLS_NAME, _ADDRESS: Cause.TLS_NAME, _EXPIRED: Cause.TLS_EXPIRED}
        return by_code.get(
            fault.verify_code, Cause.TLS_EXPIRED if fault.verify_code == _NOT_YET else Cause.TLS_UNTRUSTED
        )
    if isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Cause.CUT_OFF
    return Cause.TLS_MISSING
