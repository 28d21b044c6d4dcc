"""What can have happened to a subscription: immutable, past tense, the only thing that is stored of it.

A kind is declared once, in the module of its family: stored fields, what it makes of the subscription, and its words.
Fold, histories, events, and docs read that. Evolution (like every stored type here): a fact is never renamed and its
name never reused; fields are appended with a default that keeps the old meaning; anything else is a new fact.
"""

from collections.abc import Mapping
from typing import Final, get_args

import msgspec

from tenure.core.fact_words import Names
from tenure.core.subscription.facts import device_facts, order_facts, renewal_facts, site_facts, terms_facts
from tenure.core.subscription.facts.device_facts import *
from tenure.core.subscription.facts.header import FactHeader as FactHeader
from tenure.core.subscription.facts.order_facts import *
from tenure.core.subscription.facts.renewal_facts import *
from tenure.core.subscription.facts.site_facts import *
from tenure.core.subscription.facts.terms_facts import *

Fact = (
    order_facts.OrderFact
    | renewal_facts.RenewalFact
    | terms_facts.TermsFact
    | site_facts.SiteFact
    | device_facts.DeviceFact
)
TOPICS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "Orders and activation codes": get_args(order_facts.OrderFact),
    "Renewals and payments": get_args(renewal_facts.RenewalFact),
    "Changes, pauses and cancellations": get_args(terms_facts.TermsFact),
    "Installations and devices": get_args(site_facts.SiteFact | device_facts.DeviceFact),
}
"""The kinds by what they are about, a heading for people."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode_fact(fact: Fact) -> bytes:
    """The bytes that are stored and hashed."""
    return _encoder.encode(fact)


def decode_fact(body: bytes) -> Fact:
    """The fact behind stored bytes; raises msgspec.ValidationError when they are not one."""
    return _decoder.decode(body)


def describe_fact(fact: Fact, names: Names) -> str:
    """What `fact` changed, as one or two sentences.

    Worked example: a Renewed fact of 75.00 EUR is "Paid until 2027-01-30T00:00:00Z, 10 devices: 75.00 EUR from the
    balance."
    """
    said = fact.describe_change(names)
    return f"{said[:1].upper()}{said[1:]}." if said else ""
