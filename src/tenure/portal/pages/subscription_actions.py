"""What can be done to a subscription, as a table: its words, its form, and the request it becomes.

Whether it is allowed now, and what it costs, the API says (`allowed_actions`); the way from form to preview to done is
`action_flow`'s.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tenure.portal.session import Portal

Body = dict[str, Any]
Fill = Callable[[Portal, dict[str, Any]], Body]


class SubscriptionAction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be done."""

    name: str
    """Of the action in `allowed_actions`, or our own for what is not listed there."""
    path: str
    """The last part of the API's address."""
    title: str
    button: str
    text: str
    """What it does, for whoever is about to do it."""
    fill: Fill
    """The request's body from the form and the subscription; leaves faults in the form."""
    fields: tuple[str, ...] = ()
    """Fields asked for; none: the preview comes at once."""
    danger: bool = False
    final: Callable[[Portal], str] = lambda visit: ""
    """What cannot be undone about it, for the preview; empty where it can be."""
    done: str = "Done."


def _no_fields(visit: Portal, sub: dict[str, Any]) -> Body:
    return {}


def _renew_body(visit: Portal, sub: dict[str, Any]) -> Body:
    late = visit.form.read_text("late")
    return {"late": late} if late else {}


def _switch_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"intent": "manual" if sub["renewal_intent"] == "auto" and not _has_stopped(sub) else "auto"}


def _has_stopped(sub: dict[str, Any]) -> bool:
    """Whether automatic renewal has stopped, and switching it on resumes it."""
    return bool(sub["renewal"]["state"] == "stopped")


def _devices_body(visit: Portal, sub: dict[str, Any]) -> Body:
    devices = visit.form.read_whole("devices", least=1, most=1_000_000)
    if not visit.form.errors and devices == sub["terms"]["devices"]:
        visit.form.add_fault("devices", f"It is {devices:,} already.")
    return {"devices": devices, "at_once": visit.form.read_flag("at_once")}


def _plan_body(visit: Portal, sub: dict[str, Any]) -> Body:
    body: Body = {"offer": visit.form.read_required("offer")}
    if visit.form.read_text("devices"):
        body["devices"] = visit.form.read_whole("devices", least=1, most=1_000_000)
    return body


def _hold_body(visit: Portal, sub: dict[str, Any]) -> Body:
    body: Body = {"reason": visit.form.read_required("reason", most=200)}
    if until := visit.form.read_text("until"):  # a day, which the API includes
        body["until"] = until
    return body


def _days_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"days": visit.form.read_whole("days", least=1, most=90)}


def _transfer_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"customer": visit.form.read_required("customer")}


def _code_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"code": visit.form.read_required("code")}


def _block_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"code": visit.form.read_required("code"), "fraud": visit.form.read_flag("fraud")}


def _site_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"site": visit.form.read_required("site")}


def _release_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"site": visit.form.read_required("site"), "another_code": visit.form.read_flag("another_code")}


def _conflict_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"going": visit.form.read_many("going")}


def _lost_body(visit: Portal, sub: dict[str, Any]) -> Body:
    recipient = visit.form.read_text("recipient")
    return {"site": visit.form.read_required("site"), **({"recipient": recipient} if recipient else {})}


def _fork_body(visit: Portal, sub: dict[str, Any]) -> Body:
    resolution = visit.form.read_choice("resolution", ["restored", "second_site", "retired"])
    return {"site": visit.form.read_required("site"), "resolution": resolution}


FINAL_OF_FORK = {
    "restored": "The older copy is overtaken for good: what it signs from now on is refused.",
    "second_site": "The copy loses this site's identity for good and has to begin anew with a code.",
    "retired": "The old copy is refused for good and stops: its devices go on only where the newer one serves them.",
}
"""By resolution: what is lost for good."""


def _final_of_fork(visit: Portal) -> str:
    return FINAL_OF_FORK.get(visit.form.read_text("resolution"), "")


def _final(text: str) -> Callable[[Portal], str]:
    return lambda visit: text


def _drop_body(visit: Portal, sub: dict[str, Any]) -> Body:
    field = visit.form.read_text("field")
    return {"effective": visit.form.read_required("effective"), **({"field": field} if field else {})}


def _payment_body(visit: Portal, sub: dict[str, Any]) -> Body:
    return {
        "reference": visit.form.read_required("reference", most=128),
        "covers": visit.form.read_choice("covers", ["order", "renewal", "raise"]),
        "devices": visit.form.read_whole("devices") if visit.form.read_text("devices") else 0,
    }


def _cancel_body(*, at_once: bool) -> Fill:
    return lambda visit, sub: {"at_once": at_once}


DEEDS: tuple[SubscriptionAction, ...] = (
    SubscriptionAction(
        name="renew", path="renew", title="Renew", button="Renew", fill=_renew_body, done="It is renewed.",
        text="Buys the next period from the prepaid balance. The activation code stays the same.",
    ),
    SubscriptionAction(
        name="auto_renew", path="set-renewal-intent", title="Automatic renewal", button="Switch", fill=_switch_body,
        text="With automatic renewal each period is paid from the prepaid balance when it falls due.",
        done="Automatic renewal is switched.",
    ),
    SubscriptionAction(
        name="change_devices", path="change-devices", title="Change devices", button="Change", fill=_devices_body,
        fields=("devices", "at_once"), done="The number of devices is changed.",
        text="More devices count at once and are paid for the rest of the period. Fewer count from a coming period.",
    ),
    SubscriptionAction(
        name="change_plan", path="change-plan", title="Change plan", button="Change", fill=_plan_body,
        fields=("offer", "plan_devices"), done="The plan is changed.",
        text="A dearer plan holds at once, a cheaper one from the next period.",
    ),
    SubscriptionAction(
        name="undo_cancel", path="undo-cancellation", title="Undo the cancellation", button="Undo", fill=_no_fields,
        text="The subscription goes on as if it had not been canceled.", done="The cancellation is undone.",
    ),
    SubscriptionAction(
        name="pause", path="hold", title="Pause", button="Pause", fill=_hold_body, fields=("reason", "until"),
        text="While it is paused only the base features are on.", done="It is paused.",
    ),
    SubscriptionAction(
        name="resume", path="release", title="Resume", button="Resume", fill=_no_fields,
        text="Ends your side's pause.", done="It runs again.",
    ),
    SubscriptionAction(
        name="reissue_code", path="reissue-code", title="New activation code", button="Give a new code",
        fill=_no_fields, done="There is a new activation code.",
        text="Makes a new activation code. Earlier codes activate nothing any more; activated sites go on.",
        final=_final("Earlier codes are not brought back."),
    ),
    SubscriptionAction(
        name="extend_grace", path="extend-grace", title="Extend grace", button="Extend", fill=_days_body,
        fields=("days",),
        text="Goodwill days: all functions stay on for longer after the paid period.", done="Grace is extended.",
    ),
    SubscriptionAction(
        name="transfer", path="transfer", title="Transfer", button="Transfer", fill=_transfer_body,
        fields=("customer",),
        text="Moves the subscription to another of your customers.", done="It belongs to another customer now.",
    ),
    SubscriptionAction(
        name="cancel_at_end", path="cancel", title="Cancel at the end", button="Cancel",
        fill=_cancel_body(at_once=False),
        danger=True, done="It is canceled, and stays active until the end of what is paid for.",
        text="Nothing more is bought. It stays active until what is paid for ends; until then this can be undone.",
    ),
    SubscriptionAction(
        name="cancel_now", path="cancel", title="Cancel at once", button="Cancel now", fill=_cancel_body(at_once=True),
        danger=True, text="Ends it at once.", done="It has ended.",
        final=_final("It cannot be resumed: to go on, it takes a new order."),
    ),
)  # fmt: skip
"""The deeds that `allowed_actions` judges, in the order in which they are shown."""

MORE: tuple[SubscriptionAction, ...] = (
    SubscriptionAction(
        name="confirm_payment", path="confirm-payment", title="Confirm a payment", button="Confirm", fill=_payment_body,
        fields=("reference", "covers", "raise_devices"), done="The payment is confirmed.",
        text="A payment that came outside the prepaid balance, with your own reference for it.",
    ),
    SubscriptionAction(
        name="block_code", path="block-code", title="Block a code", button="Block", fill=_block_body,
        fields=("code", "fraud"), danger=True, done="The code is blocked.",
        text="Sites that used this code end after days of grace, for fraud at once. Other sites go on.",
    ),
    SubscriptionAction(
        name="unblock_code", path="unblock-code", title="Lift the block", button="Lift", fill=_code_body,
        fields=("code",),
        text="As if the code had never been blocked.", done="The block is lifted.",
    ),
    SubscriptionAction(
        name="drop_change", path="drop-change", title="Drop a scheduled change", button="Drop", fill=_drop_body,
        fields=("effective",), text="The change will not happen.", done="The change is dropped.",
    ),
    SubscriptionAction(
        name="release_site", path="release-site", title="Release a place", button="Release the place",
        fill=_release_body,
        fields=("site", "another_code"), danger=True, done="It is told to give its place up.",
        final=_final("Once it has given its place up it is activated anew with a code."),
        text="The installation is told at its next contact, and stops then. Its place counts until it has acknowledged"
        " that, or until its license and its devices' seats are over.",
    ),
    SubscriptionAction(
        name="edit_seat_conflict", path="edit-seat-conflict", title="Which applications stop", button="Change the list",
        fill=_conflict_body, fields=("going",), done="It is changed; applications hear of it at their next contact.",
        text="Fewer devices are ordered than are in use. Until the day named here you say which applications stop then;"
        " the others go on.",
    ),
    SubscriptionAction(
        name="resolve_fork", path="resolve-fork", title="Two copies of a site", button="Resolve", fill=_fork_body,
        fields=("site", "resolution"), text="Say what the two copies are.", danger=True,
        final=_final_of_fork, done="It is resolved.",
    ),
    SubscriptionAction(
        name="free_allotment", path="free-allotment", title="Give a silent site's devices to the others",
        button="Give them", fill=_site_body, fields=("site",), done="Its devices are free for the other sites.",
        final=_final("What the other sites take of it they keep."),
        text="For a site that was not heard of until its license and its devices' seats were over: what it held goes to"
        " the other sites now. If it comes back it gets what is free then.",
    ),
    SubscriptionAction(
        name="declare_site_lost", path="declare-site-lost", title="Declare a site lost", button="Declare lost",
        fill=_lost_body, fields=("site", "recipient"), danger=True, done="The site is declared lost.",
        final=_final("The site is never let in again, even if it is found."),
        text="For a site that is gone for good: its key is refused for ever, its devices move to another site at once.",
    ),
)  # fmt: skip
"""Deeds about one code, one site or one change: reached from where those are shown."""

BY_NAME = {deed.name: deed for deed in (*DEEDS, *MORE)}
