"""What an administrator may write about a forwarding: every field judged in words that say what to write instead.

Types, lengths and alphabets are the API's to bound; whether anything answers at the other end is found out by a test.
"""

import difflib
import ssl
from collections.abc import Iterator

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.http.outgoing.mailing import is_mailbox
from tenure.http.outgoing.trust import trust
from tenure.sdk.names.private import is_loopback
from tenure.sdk.names.server import read_host
from tenure.site.forwarding.config import Config, Mail, Webhook
from tenure.site.forwarding.kinds import KINDS
from tenure.site.forwarding.premises import Premises, literal_of, premises_of


def checked(config: Config) -> Config | Refused:
    """`config` with its host in its one spelling; `field_invalid` for the first field that will not do."""
    if (config.mail is None) == (config.webhook is None):
        return _no("mail", "A forwarding goes either by mail or by webhook: fill in one of both.")
    found = next(_faults(config), None)
    if found is not None or config.mail is None:
        return found or config
    mail = msgspec.structs.replace(config.mail, host=read_host(config.mail.host) or config.mail.host)
    return msgspec.structs.replace(config, mail=mail)


def moved(before: Config, now: Config) -> bool:
    """Whether a kept password would be shown to somebody else: it is asked for again then."""
    if before.mail is None or now.mail is None:
        return False
    return _door(before.mail) != _door(now.mail)


def _door(mail: Mail) -> tuple[str, int, str, str, str]:
    return mail.host, mail.port, mail.security, mail.user, mail.authorities


def _faults(config: Config) -> Iterator[Refused]:
    for kind in config.kinds:
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, 1)
            meant = f"did you mean {near[0]}?" if near else "GET /v1/event-kinds lists them."
            yield _no("kinds", f"There are no events of the kind {kind!r}; {meant}")
    if len(set(config.kinds)) < len(config.kinds):
        yield _no("kinds", "A kind is named twice; name each once.")
    if config.mail is not None:
        yield from _faults_of_mail(config.mail)
    if config.webhook is not None:
        yield from _faults_of_webhook(config.webhook)


def _faults_of_mail(mail: Mail) -> Iterator[Refused]:
    host = read_host(mail.host)
    if host is None:
        yield _no("mail.host", f"{mail.host!r} is no name or address of a mail server: write it like mail.example.com.")
        return
    here = host == "localhost" or is_loopback(host)
    if mail.security == "none" and not here:
        yield _no("mail.security", "Without encryption mails go to this computer alone: choose starttls or tls.")
    literal = literal_of(host)
    if literal is not None and not Premises().allows(literal):
        yield _no("mail.host", "This address is link-local, multicast or a cloud's metadata; nothing is sent there.")
    if not is_mailbox(mail.sender):
        yield _no("mail.sender", f"{mail.sender!r} is no mailbox: write it like tenure@example.com.")
    for each in mail.recipients:
        if not is_mailbox(each):
            yield _no("mail.recipients", f"{each!r} is no mailbox: write it like ana@example.com.")
    if len({each.lower() for each in mail.recipients}) < len(mail.recipients):
        yield _no("mail.recipients", "A mailbox is named twice; name each once.")
    yield from _faults_of_authorities(mail.authorities, "mail.authorities")


def _faults_of_webhook(webhook: Webhook) -> Iterator[Refused]:
    unsound = premises_of(webhook.url).check_url(webhook.url)
    if unsound is not None:
        yield _no("webhook.url", unsound.detail)
    yield from _faults_of_authorities(webhook.authorities, "webhook.authorities")


def _faults_of_authorities(pem: str, field: str) -> Iterator[Refused]:
    if "PRIVATE KEY" in pem:
        yield _no(field, "There is a private key in it, which belongs to nobody else: paste the certificates alone.")
    if not pem:
        return
    try:
        trust(authorities=pem)
    except (ssl.SSLError, OSError, ValueError):
        yield _no(field, "No certificate can be read there: paste it as PEM, from -----BEGIN CERTIFICATE----- on.")


def _no(field: str, because: str) -> Refused:
    return Refused(Code.FIELD_INVALID, because, field)
