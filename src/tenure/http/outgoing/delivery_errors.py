"""What kept a message from going out, as one word for programs: told from the exception, so that a page can say what
helps.

The words about each cause are left to the program that shows it.
"""

import errno
import smtplib
import socket
import ssl
from enum import StrEnum

from tenure.http.own_faults import exception_tree, is_own_fault

# As OpenSSL numbers what is wrong with a certificate (X509_V_ERR_…).
_NOT_YET, _EXPIRED, _NAME, _ADDRESS = 9, 10, 62, 64


class DeliveryErrorCause(StrEnum):
    """Stable names; a new one may come, none is renamed."""

    NONE = ""
    OWN_COMPUTER = "own_computer"
    """The computer that sends has no network, no free files or memory, or does not let the message out."""
    NAME_UNANSWERED = "name_unanswered"
    """No name server answered; whether the one of this computer or the receiver's is down cannot be told."""
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


OWN_CAUSES = frozenset({DeliveryErrorCause.OWN_COMPUTER, DeliveryErrorCause.NAME_UNANSWERED})
"""What says nothing of the receiver, so that no receiver is given up for it."""


class AddressRefused(Exception):
    """Nothing was sent: no address behind the name may be told anything."""


def cause_of(fault: BaseException) -> DeliveryErrorCause:
    """The cause behind an exception of a connection, its TLS or its SMTP; what lies deepest says it best."""
    if is_own_fault(fault):
        return DeliveryErrorCause.OWN_COMPUTER
    found = [_classify_fault(each) for each in exception_tree(fault)]
    return next((each for each in reversed(found) if each), DeliveryErrorCause.UNREACHABLE)


def cause_of_status(status: int) -> DeliveryErrorCause:
    """The cause that an HTTP status stands for; none where the message was taken."""
    if 200 <= status < 300:
        return DeliveryErrorCause.NONE
    if 300 <= status < 400:
        return DeliveryErrorCause.REDIRECTED
    known = {
        401: DeliveryErrorCause.NOT_ALLOWED,
        403: DeliveryErrorCause.NOT_ALLOWED,
        404: DeliveryErrorCause.NOT_FOUND,
        410: DeliveryErrorCause.GONE,
    }
    return known.get(status, DeliveryErrorCause.ANSWERED_OTHERWISE)


def _classify_fault(fault: BaseException) -> DeliveryErrorCause:
    if isinstance(fault, smtplib.SMTPException):
        return _of_mail(fault)
    if isinstance(fault, ssl.SSLError):
        return _of_tls(fault)
    if isinstance(fault, socket.gaierror) and fault.errno in _UNANSWERED:
        return DeliveryErrorCause.NAME_UNANSWERED
    for kind, cause in _BY_TYPE:
        if isinstance(fault, kind):
            return cause
    if isinstance(fault, OSError) and fault.errno in (errno.ECONNREFUSED,):
        return DeliveryErrorCause.CONNECTION_REFUSED
    return DeliveryErrorCause.UNREACHABLE if isinstance(fault, OSError) else DeliveryErrorCause.NONE


_UNANSWERED = frozenset({socket.EAI_AGAIN, socket.EAI_MEMORY, socket.EAI_SYSTEM})

_BY_TYPE: tuple[tuple[type[BaseException], DeliveryErrorCause], ...] = (
    (AddressRefused, DeliveryErrorCause.ADDRESS_FORBIDDEN),
    (socket.gaierror, DeliveryErrorCause.NAME_UNKNOWN),
    (ConnectionRefusedError, DeliveryErrorCause.CONNECTION_REFUSED),
    (TimeoutError, DeliveryErrorCause.TOO_SLOW),
    (ConnectionResetError, DeliveryErrorCause.CUT_OFF),
    (BrokenPipeError, DeliveryErrorCause.CUT_OFF),
)

_BY_REPLY: tuple[tuple[type[smtplib.SMTPException], DeliveryErrorCause], ...] = (
    (smtplib.SMTPAuthenticationError, DeliveryErrorCause.SIGN_IN_REFUSED),
    (smtplib.SMTPRecipientsRefused, DeliveryErrorCause.RECIPIENTS_REFUSED),
    (smtplib.SMTPSenderRefused, DeliveryErrorCause.SENDER_REFUSED),
    (smtplib.SMTPDataError, DeliveryErrorCause.MAIL_REFUSED),
    (smtplib.SMTPServerDisconnected, DeliveryErrorCause.CUT_OFF),
)


def _of_mail(fault: smtplib.SMTPException) -> DeliveryErrorCause:
    for kind, cause in _BY_REPLY:
        if isinstance(fault, kind):
            return cause
    return DeliveryErrorCause.NOT_UNDERSTOOD


def _of_tls(fault: ssl.SSLError) -> DeliveryErrorCause:
    if isinstance(fault, ssl.SSLCertVerificationError):
        by_code = {
            _NAME: DeliveryErrorCause.TLS_NAME,
            _ADDRESS: DeliveryErrorCause.TLS_NAME,
            _EXPIRED: DeliveryErrorCause.TLS_EXPIRED,
        }
        return by_code.get(
            fault.verify_code,
            DeliveryErrorCause.TLS_EXPIRED if fault.verify_code == _NOT_YET else DeliveryErrorCause.TLS_UNTRUSTED,
        )
    if isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return DeliveryErrorCause.CUT_OFF
    return DeliveryErrorCause.TLS_MISSING
