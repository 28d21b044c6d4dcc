"""What an administrator may write about a forwarding: every field judged in words that say what to write instead.

Types, lengths and alphabets are the API's to bound; whether anything answers at the other end is found out by a test.
"""

import difflib
import ssl
from collections.abc import Iterator

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.outgoing.smtp import is_mailbox
from tenure.http.outgoing.trust import outgoing_context
from tenure.sdk.network.private import is_loopback
from tenure.sdk.network.server import read_host
from tenure.site.forwarding.config import ForwardingConfig, MailTarget, WebhookTarget
from tenure.site.forwarding.kinds import KINDS
from tenure.site.forwarding.site_networks import SiteNetworks, literal_of, networks_of


def check_config(config: ForwardingConfig) -> ForwardingConfig | Refused:
    """`config` with its host in its one spelling; `field_invalid` for the first field that will not do."""
    if (config.mail is None) == (config.webhook is None):
        return _refuse_field("mail", "A forwarding goes either by mail or by webhook: fill in one of both.")
    found = next(_config_faults(config), None)
    if found is not None or config.mail is None:
        return found or config
    mail = msgspec.structs.replace(config.mail, host=read_host(config.mail.host) or config.mail.host)
    return msgspec.structs.replace(config, mail=mail)


def destination_changed(before: ForwardingConfig, now: ForwardingConfig) -> bool:
    """Whether a kept password would go to another mail server or user: then the administrator enters it again."""
    if before.mail is None or now.mail is None:
        return False
    return _check_mail_server(before.mail) != _check_mail_server(now.mail)


def _check_mail_server(mail: MailTarget) -> tuple[str, int, str, str, str]:
    return mail.host, mail.port, mail.security, mail.user, mail.authorities


def _config_faults(config: ForwardingConfig) -> Iterator[Refused]:
    for kind in config.kinds:
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, 1)
            meant = f"did you mean {near[0]}?" if near else "GET /v1/event-kinds lists them."
            yield _refuse_field("kinds", f"There are no events of the kind {kind!r}; {meant}")
    if len(set(config.kinds)) < len(config.kinds):
        yield _refuse_field("kinds", "A kind is named twice; name each once.")
    if config.mail is not None:
        yield from _faults_of_mail(config.mail)
    if config.webhook is not None:
        yield from _faults_of_webhook(config.webhook)


def _faults_of_mail(mail: MailTarget) -> Iterator[Refused]:
    host = read_host(mail.host)
    if host is None:
        yield _refuse_field(
            "mail.host", f"{mail.host!r} is no name or address of a mail server: write it like mail.example.com."
        )
        return
    here = host == "localhost" or is_loopback(host)
    if mail.security == "none" and not here:
        yield _refuse_field(
            "mail.security", "Without encryption mails go to this computer alone: choose starttls or tls."
        )
    literal = literal_of(host)
    if literal is not None and not SiteNetworks().allows_address(literal):
        yield _refuse_field(
            "mail.host", "This address is link-local, multicast or a cloud's metadata; nothing is sent there."
        )
    if not is_mailbox(mail.sender):
        yield _refuse_field("mail.sender", f"{mail.sender!r} is no mailbox: write it like tenure@example.com.")
    for each in mail.recipients:
        if not is_mailbox(each):
            yield _refuse_field("mail.recipients", f"{each!r} is no mailbox: write it like ana@example.com.")
    if len({each.lower() for each in mail.recipients}) < len(mail.recipients):
        yield _refuse_field("mail.recipients", "A mailbox is named twice; name each once.")
    yield from _faults_of_authorities(mail.authorities, "mail.authorities")


def _faults_of_webhook(webhook: WebhookTarget) -> Iterator[Refused]:
    unsound = networks_of(webhook.url).check_url(webhook.url)
    if unsound is not None:
        yield _refuse_field("webhook.url", unsound.detail)
    yield from _faults_of_authorities(webhook.authorities, "webhook.authorities")


def _faults_of_authorities(pem: str, field: str) -> Iterator[Refused]:
    if "PRIVATE KEY" in pem:
        yield _refuse_field(field, "It contains a private key, which must stay secret: paste the certificates alone.")
    if not pem:
        return
    try:
        outgoing_context(authorities=pem)
    except (ssl.SSLError, OSError, ValueError):
        yield _refuse_field(
            field, "No certificate can be read there: paste it as PEM, from -----BEGIN CERTIFICATE----- on."
        )


def _refuse_field(field: str, because: str) -> Refused:
    return Refused(RefusalCode.FIELD_INVALID, because, field)
