"""What can be done to a subscription, as a table: its words, its form, and the request it becomes.

Whether it is allowed now, and what it costs, the API says (`allowed_actions`); the way from form to preview to done is
`acting`'s.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tenure.portal.signed import Portal

Body = dict[str, Any]
Fill = Callable[[Portal, dict[str, Any]], Body]


class Deed(msgspec.Struct, frozen=True, kw_only=True):
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


def _nothing(visit: Portal, sub: dict[str, Any]) -> Body:
    return {}


def _renew(visit: Portal, sub: dict[str, Any]) -> Body:
    late = visit.form.text("late")
    return {"late": late} if late else {}


def _switch(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"intent": "manual" if sub["renewal_intent"] == "auto" and not _stopped(sub) else "auto"}


def _stopped(sub: dict[str, Any]) -> bool:
    """Whether automatic renewal has stopped, and switching it on resumes it."""
    return bool(sub["renewal"]["state"] == "stopped")


def _devices(visit: Portal, sub: dict[str, Any]) -> Body:
    devices = visit.form.whole("devices", least=1, most=1_000_000)
    if not visit.form.errors and devices == sub["terms"]["devices"]:
        visit.form.fault("devices", f"It is {devices:,} already.")
    return {"devices": devices, "at_once": visit.form.flag("at_once")}


def _plan(visit: Portal, sub: dict[str, Any]) -> Body:
    body: Body = {"offer": visit.form.required("offer")}
    if visit.form.text("devices"):
        body["devices"] = visit.form.whole("devices", least=1, most=1_000_000)
    return body


def _hold(visit: Portal, sub: dict[str, Any]) -> Body:
    body: Body = {"reason": visit.form.required("reason", most=200)}
    if until := visit.form.text("until"):  # a day, which the API includes
        body["until"] = until
    return body


def _days(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"days": visit.form.whole("days", least=1, most=90)}


def _transfer(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"customer": visit.form.required("customer")}


def _code(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"code": visit.form.required("code")}


def _block(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"code": visit.form.required("code"), "fraud": visit.form.flag("fraud")}


def _site(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"site": visit.form.required("site")}


def _release(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"site": visit.form.required("site"), "another_code": visit.form.flag("another_code")}


def _conflict(visit: Portal, sub: dict[str, Any]) -> Body:
    return {"going": visit.form.many("going")}


def _lost(visit: Portal, sub: dict[str, Any]) -> Body:
    heir = visit.form.text("heir")
    return {"site": visit.form.required("site"), **({"heir": heir} if heir else {})}


def _fork(visit: Portal, sub: dict[str, Any]) -> Body:
    resolution = visit.form.choice("resolution", ["restored", "second_site", "retired"])
    return {"site": visit.form.required("site"), "resolution": resolution}


FINAL_OF_FORK = {
    "restored": "The older copy is overtaken for good: what it signs from now on is refused.",
    "second_site": "The copy loses this site's identity for good and has to begin anew with a code.",
    "retired": "The old copy is refused for good and stops: its devices go on only where the newer one serves them.",
}
"""By resolution: what is lost for good."""


def _final_of_fork(visit: Portal) -> str:
    return FINAL_OF_FORK.get(visit.form.text("resolution"), "")


def _final(text: str) -> Callable[[Portal], str]:
    return lambda visit: text


def _drop(visit: Portal, sub: dict[str, Any]) -> Body:
    field = visit.form.text("field")
    return {"effective": visit.form.required("effective"), **({"field": field} if field else {})}


def _payment(visit: Portal, sub: dict[str, Any]) -> Body:
    return {
        "reference": visit.form.required("reference", most=128),
        "covers": visit.form.choice("covers", ["order", "renewal", "raise"]),
        "devices": visit.form.whole("devices") if visit.form.text("devices") else 0,
    }


def _cancel(*, at_once: bool) -> Fill:
    return lambda visit, sub: {"at_once": at_once}


DEEDS: tuple[Deed, ...] = (
    Deed(
        name="renew", path="renew", title="Renew", button="Renew", fill=_renew, done="It is renewed.",
        text="Buys the next period from the prepaid balance. The activation code stays the same.",
    ),
    Deed(
        name="auto_renew", path="set-renewal-intent", title="Automatic renewal", button="Switch", fill=_switch,
        text="With automatic renewal each period is paid from the prepaid balance when it falls due.",
        done="Automatic renewal is switched.",
    ),
    Deed(
        name="change_devices", path="change-devices", title="Change devices", button="Change", fill=_devices,
        fields=("devices", "at_once"), done="The number of devices is changed.",
        text="More devices count at once and are paid for the rest of the period. Fewer count from a coming period.",
    ),
    Deed(
        name="change_plan", path="change-plan", title="Change plan", button="Change", fill=_plan,
        fields=("offer", "plan_devices"), done="The plan is changed.",
        text="A dearer plan holds at once, a cheaper one from the next period.",
    ),
    Deed(
        name="undo_cancel", path="undo-cancellation", title="Undo the cancellation", button="Undo", fill=_nothing,
        text="The subscription goes on as if it had not been cancelled.", done="The cancellation is undone.",
    ),
    Deed(
        name="pause", path="hold", title="Pause", button="Pause", fill=_hold, fields=("reason", "until"),
        text="While it is paused only the base features are on.", done="It is paused.",
    ),
    Deed(
        name="resume", path="release", title="Resume", button="Resume", fill=_nothing,
        text="Ends your side's pause.", done="It runs again.",
    ),
    Deed(
        name="reissue_code", path="reissue-code", title="New activation code", button="Give a new code",
        fill=_nothing, done="There is a new activation code.",
        text="Makes a new activation code. Earlier codes activate nothing any more; activated sites go on.",
        final=_final("Earlier codes are not brought back."),
    ),
    Deed(
        name="extend_grace", path="extend-grace", title="Extend grace", button="Extend", fill=_days, fields=("days",),
        text="Goodwill days: all functions stay on for longer after the paid period.", done="Grace is extended.",
    ),
    Deed(
        name="transfer", path="transfer", title="Transfer", button="Transfer", fill=_transfer, fields=("customer",),
        text="Moves the subscription to another of your customers.", done="It belongs to another customer now.",
    ),
    Deed(
        name="cancel_at_end", path="cancel", title="Cancel at the end", button="Cancel", fill=_cancel(at_once=False),
        danger=True, done="It is cancelled, and stays active until the end of what is paid for.",
        text="Nothing more is bought. It stays active until what is paid for ends; until then this can be undone.",
    ),
    Deed(
        name="cancel_now", path="cancel", title="Cancel at once", button="Cancel now", fill=_cancel(at_once=True),
        danger=True, text="Ends it at once.", done="It has ended.",
        final=_final("It cannot be resumed: to go on, it takes a new order."),
    ),
)  # fmt: skip
"""The deeds that `allowed_actions` judges, in the order in which they are shown."""

MORE: tuple[Deed, ...] = (
    Deed(
        name="confirm_payment", path="confirm-payment", title="Confirm a payment", button="Confirm", fill=_payment,
        fields=("reference", "covers", "raise_devices"), done="The payment is confirmed.",
        text="A payment that came outside the prepaid balance, with your own reference for it.",
    ),
    Deed(
        name="block_code", path="block-code", title="Block a code", button="Block", fill=_block,
        fields=("code", "fraud"), danger=True, done="The code is blocked.",
        text="Sites that used this code end after days of grace, for fraud at once. Other sites go on.",
    ),
    Deed(
        name="unblock_code", path="unblock-code", title="Lift the block", button="Lift", fill=_code, fields=("code",),
        text="As if the code had never been blocked.", done="The block is lifted.",
    ),
    Deed(
        name="drop_change", path="drop-change", title="Drop a scheduled change", button="Drop", fill=_drop,
        fields=("effective",), text="The change will not happen.", done="The change is dropped.",
    ),
    Deed(
        name="release_site", path="release-site", title="Release a place", button="Release the place", fill=_release,
        fields=("site", "another_code"), danger=True, done="It is told to give its place up.",
        final=_final("Once it has given its place up it is activated anew with a code."),
        text="The installation is told at its next contact, and stops then. Its place counts until it has acknowledged"
        " that, or until its license and its devices' seats are over.",
    ),
    Deed(
        name="edit_seat_conflict", path="edit-seat-conflict", title="Which applications stop", button="Change the list",
        fill=_conflict, fields=("going",), done="It is changed; applications hear of it at their next contact.",
        text="Fewer devices are ordered than are in use. Until the day named here you say which applications stop then;"
        " the others go on.",
    ),
    Deed(
        name="resolve_fork", path="resolve-fork", title="Two copies of a site", button="Resolve", fill=_fork,
        fields=("site", "resolution"), text="Say what the two copies are.", danger=True,
        final=_final_of_fork, done="It is resolved.",
    ),
    Deed(
        name="free_allotment", path="free-allotment", title="Give a silent site's devices to the others",
        button="Give them", fill=_site, fields=("site",), done="Its devices are free for the other sites.",
        final=_final("What the other sites take of it they keep."),
        text="For a site that was not heard of until its license and its devices' seats were over: what it held goes to"
        " the other sites now. If it comes back it gets what is free then.",
    ),
    Deed(
        name="declare_site_lost", path="declare-site-lost", title="Declare a site lost", button="Declare lost",
        fill=_lost, fields=("site", "heir"), danger=True, done="The site is declared lost.",
        final=_final("The site is never let in again, even if it is found."),
        text="For a site that is gone for good: its key is refused for ever, its devices move to another site at once.",
    ),
)  # fmt: skip
"""Deeds about one code, one site or one change: reached from where those are shown."""

BY_NAME = {deed.name: deed for deed in (*DEEDS, *MORE)}
