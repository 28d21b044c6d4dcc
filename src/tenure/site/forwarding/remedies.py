"""What a failed message means and what helps, in plain words: a row for each cause, so that none goes unexplained."""

import msgspec

from tenure.http.outgoing.delivery_errors import DeliveryErrorCause
from tenure.site.forwarding.config import ForwardingConfig

TIMES = "It is tried again by itself, at growing distances."


class ForwardingAdvice(msgspec.Struct, frozen=True):
    """Both in whole sentences."""

    what: str
    remedy: str


_BOTH: dict[str, tuple[str, str]] = {
    DeliveryErrorCause.OWN_COMPUTER: (
        "This computer could not send anything to {host}: it has no network, no free files or memory, or forbids it.",
        "Mend that on this computer. The receiver is not at fault, and the forwarding is not given up for it.",
    ),
    DeliveryErrorCause.NAME_UNANSWERED: (
        "No name server answered when the name {host} was looked up.",
        "See whether this computer finds any name: getent hosts {host}. The forwarding is not given up for it.",
    ),
    DeliveryErrorCause.NAME_UNKNOWN: (
        "The name {host} cannot be resolved.",
        "Check how it is spelled; if it is right, see whether this computer finds it at all: getent hosts {host}.",
    ),
    DeliveryErrorCause.ADDRESS_FORBIDDEN: (
        "The name {host} leads to an address that nothing is sent to: link-local, multicast or a cloud's metadata.",
        "Let the name lead to the receiver's own address; private networks are fine.",
    ),
    DeliveryErrorCause.CONNECTION_REFUSED: (
        "{host} is there, but nothing listens on port {port}.",
        "Check the port, and whether the program there is running.",
    ),
    DeliveryErrorCause.UNREACHABLE: (
        "{host} cannot be reached on port {port}.",
        "Check the network and the firewalls between this computer and {host}.",
    ),
    DeliveryErrorCause.TOO_SLOW: (
        "{host} did not answer on port {port} in time.",
        "A firewall often swallows what it does not let through; look there first.",
    ),
    DeliveryErrorCause.TLS_NAME: (
        "The certificate of {host} is for another name.",
        "Use the name that the certificate is for, or have one issued for {host}. Names are always checked.",
    ),
    DeliveryErrorCause.TLS_EXPIRED: (
        "The certificate of {host} is not good today.",
        "Have it renewed; if it is good, check the clock of this computer.",
    ),
    DeliveryErrorCause.TLS_UNTRUSTED: (
        "No certificate authority that this computer trusts vouches for the certificate of {host}.",
        "If your own authority issued it, paste that authority's certificate (PEM) into the forwarding.",
    ),
    DeliveryErrorCause.TLS_MISSING: (
        "{host} does not speak TLS as chosen on port {port}.",
        "Check the port and the choice of encryption.",
    ),
    DeliveryErrorCause.CUT_OFF: (
        "{host} has closed the connection in the middle.",
        "Look into its log; it may refuse this computer's address.",
    ),
    DeliveryErrorCause.NOT_UNDERSTOOD: (
        "What answers at {host}, port {port}, was not understood.",
        "Check host and port: another program may listen there.",
    ),
}

_BY_MAIL: dict[str, tuple[str, str]] = {
    DeliveryErrorCause.TOO_SLOW: (
        "{host} did not answer on port {port} in time.",
        "A firewall may swallow it. Port 465 wants TLS from the first byte, ports 587 and 25 want STARTTLS.",
    ),
    DeliveryErrorCause.TLS_MISSING: (
        "{host} does not speak TLS as chosen on port {port}.",
        "Port 465 wants TLS from the first byte, ports 587 and 25 want STARTTLS.",
    ),
    DeliveryErrorCause.SIGN_IN_REFUSED: (
        "The mail server does not accept user and password.",
        "Enter both again; some providers want a password made for applications.",
    ),
    DeliveryErrorCause.SIGN_IN_UNKNOWN: (
        "The mail server offers no sign-in on port {port}.",
        "Use port 587 (submission), or leave user and password empty if it takes mails from this computer without.",
    ),
    DeliveryErrorCause.SENDER_REFUSED: (
        "The mail server does not take mails from {sender}.",
        "Use a sender that the user may write as.",
    ),
    DeliveryErrorCause.RECIPIENTS_REFUSED: (
        "The mail server did not take the mail for some of the recipients.",
        "Check their addresses. A server that does not relay wants user and password first.",
    ),
    DeliveryErrorCause.MAIL_REFUSED: (
        "The mail server did not take the mail.",
        "Its answer says why; its log says more.",
    ),
}

_BY_WEBHOOK: dict[str, tuple[str, str]] = {
    DeliveryErrorCause.REDIRECTED: (
        "The receiver answered with a redirect, and redirects are not followed.",
        "Enter the address that it redirects to.",
    ),
    DeliveryErrorCause.NOT_FOUND: ("The receiver does not know this address (404).", "Check the path of the address."),
    DeliveryErrorCause.NOT_ALLOWED: (
        "The receiver did not accept the message (status {status}).",
        "Check that it verifies with this forwarding's secret; make a new one if it was lost.",
    ),
    DeliveryErrorCause.GONE: (
        "The receiver says that it is gone for good (410).",
        "Enter another address, or remove it.",
    ),
    DeliveryErrorCause.ANSWERED_OTHERWISE: (
        "The receiver answered with status {status} instead of 2xx.",
        "Its log says why; it must answer 2xx within ten seconds.",
    ),
}

SEALED = "sealed"
"""The cause where the secrets of a forwarding cannot be opened."""
_SEALED = ("The password or secret kept here cannot be opened any more.", "Enter the password, or make a new secret.")
_UNKNOWN = ("The message did not go out.", "The answer says why; look into the log of the other side.")


def advice_for(cause: str, config: ForwardingConfig, host: str, port: int, status: int = 0) -> ForwardingAdvice:
    """What `cause` means for a forwarding, and what helps; empty where nothing is wrong."""
    if not cause:
        return ForwardingAdvice("", "")
    own = _BY_WEBHOOK if config.mail is None else _BY_MAIL
    what, remedy = _SEALED if cause == SEALED else own.get(cause) or _BOTH.get(cause) or _UNKNOWN
    sender = "" if config.mail is None else config.mail.sender
    known = {"host": host, "port": port, "status": status, "sender": sender}
    return ForwardingAdvice(what.format(**known), remedy.format(**known))
