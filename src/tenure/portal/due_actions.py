"""What one customer should do now, most urgent first, and the one step that each subscription waits for.

For the customer's own first page and for the customer's page as the provider sees it. The API says which steps are
possible and what is missing (`allowed_actions`, `renewal`); this module decides what comes first, and finds the words.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.timeline import DAY
from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal
from tenure.web.formatting import format_date, format_money, instant_of
from tenure.web.page_api import PageApi

SOON = 30 * DAY
"""Seconds before an end from which on the page reminds of it."""
SHOWN = 12
"""Subscriptions on the page; the whole list is one click away."""
ENDED = 3
"""Of these, at most so many that have ended."""
SCANNED = 100


class DueAction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do: what holds, until when, and the button that settles it."""

    tone: str
    """Of a banner: `bad`, `warn`, `info`, `good`."""
    title: str
    text: str = ""
    button: str = ""
    """Empty: nothing that the visitor may do settles it."""
    path: str = ""


class DueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription of the list and its own step, if it waits for one."""

    row: dict[str, Any]
    due: DueAction | None = None
    note: str = ""
    """In its row: what comes next, in a few words."""


class DueActions(msgspec.Struct, frozen=True, kw_only=True):
    """The banner, and the rows below it."""

    banner: DueAction
    rows: tuple[DueRow, ...]
    total: int
    """Subscriptions in all."""


async def values_of(api: PageApi, visit: Portal, customer: str) -> dict[str, Any]:
    """For a template: the account, how far it reaches, and what is to be done about one customer."""
    account = await api.get(fill_path("/v1/customers/{name}/account", name=customer))
    runway = await api.get(fill_path("/v1/customers/{name}/runway", name=customer))
    own, may = visit.session_value.is_customer, visit.session_value.has_scope
    pays = may("payments:write") if own else may("money:write")
    dues = await whats_due(api, customer, account, runway, own=own, buys=may("subscriptions:write"), pays=pays)
    return {"account": account, "runway": runway, "dues": dues}


async def whats_due(
    api: PageApi, customer: str, account: dict[str, Any], runway: dict[str, Any], **who: bool
) -> DueActions:
    """Everything for one customer; `who` says what the visitor is and may (`own`, `buys`, `pays`), see `_DueWriter`."""
    found = await api.get_page("/v1/subscriptions", {"customer": customer, "counted": True}, SCANNED)
    late = await api.get_page("/v1/subscriptions", {"customer": customer, "phase": "grace", "sort": "ends"}, SHOWN)
    rows = _shown_rows([*late.items, *found.items])
    seen = await asyncio.gather(*(api.get(fill_path("/v1/subscriptions/{name}", name=row["id"])) for row in rows))
    writer = _DueWriter(customer=customer, currency=account["currency"], available=account["available"], **who)
    told = tuple(writer.of_row(row, sub) for row, sub in zip(rows, seen, strict=True))
    dues = [each.due for each in told if each.due is not None]
    banner = min(dues, key=lambda each: TONES.index(each.tone), default=None)
    if banner is None or banner.tone == "info":
        banner = writer.of_balance(runway, seen) or banner or writer.nothing_due(runway, told)
    return DueActions(banner=banner, rows=told, total=found.total or len(rows))


TONES = ("bad", "warn", "info", "good")
"""The most urgent first."""
NOTHING = "No action is needed now."
_ORDER = ("grace", "active", "pending", "paused", "ended")


def _shown_rows(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are shown: in grace first, then what ends or is paid next; of the ended ones the latest."""
    rows = list({row["id"]: row for row in found}.values())
    running = [row for row in rows if row["phase"] != "ended"]
    ended = sorted((row for row in rows if row["phase"] == "ended"), key=lambda row: row["ends_at"] or "", reverse=True)
    running.sort(key=lambda row: (_ORDER.index(row["phase"]), row["due_at"] or row["ends_at"] or "9"))
    return [*running[:SHOWN], *ended[: ENDED if running else SHOWN]]


class _DueWriter(msgspec.Struct, frozen=True, kw_only=True):
    """Puts one customer's matters in words."""

    customer: str
    currency: str
    available: int
    own: bool
    """The visitor is the customer."""
    buys: bool
    """The visitor may renew and order."""
    pays: bool
    """The visitor may pay in, or book a top-up."""

    def of_row(self, row: dict[str, Any], sub: dict[str, Any]) -> DueRow:
        """A subscription with what it waits for."""
        now = instant_of(sub["as_of"]) or 0
        name, renewal = row["plan_name"], sub["renewal"]
        canceled = sub["canceled_at"] is not None
        ends = instant_of(row["ends_at"])
        if row["phase"] == "pending":
            return DueRow(row=row, due=self._pending_action(row), note="waits for its first use")
        if canceled:
            note = "" if row["phase"] == "ended" else f"canceled, ends {format_date(sub['cancellation_effective'])}"
            return DueRow(row=row, note=note)
        if row["phase"] == "grace":
            words = f"All functions are on until {format_date(sub['grace_until'])}; then they are withdrawn."
            return DueRow(row=row, due=self._renewal_action("bad", f"{name} is not paid.", words, sub), note="not paid")
        if row["phase"] == "ended":
            due = self._renewal_action("warn", f"{name} has ended.", "It can be renewed still.", sub)
            return DueRow(row=row, due=due if due.button and _can_renew(sub) else None)
        if renewal["state"] == "stopped" or (row["failed_at"] and not row["reserved"]):
            due = self._renewal_action(
                "bad", f"The money for {name} is missing.", f"It ends {format_date(row['ends_at'])}.", sub
            )
            return DueRow(row=row, due=due, note="the money is missing")
        if renewal["at"]:
            paid = "" if renewal["covered_until"] else ", not covered yet"
            return DueRow(
                row=row, note=f"{format_money(renewal['price'], self.currency)} on {format_date(renewal['at'])}{paid}"
            )
        if ends and ends - now <= SOON and row["phase"] == "active":
            due = self._renewal_action(
                "warn", f"{name} ends on {format_date(row['paid_until'])}.", "It does not renew automatically.", sub
            )
            return DueRow(row=row, due=due, note="renew by hand")
        return DueRow(row=row, note="renew by hand")

    def _pending_action(self, row: dict[str, Any]) -> DueAction:
        title, text = f"{row['plan_name']} waits to be activated.", "Its activation code has not been used yet."
        if not (self.own and self.buys):
            return DueAction(tone="info", title=title, text=text)
        return DueAction(
            tone="info", title=title, text=text, button="Show the code", path=f"{_subscription_url(row)}/code"
        )

    def _renewal_action(self, tone: str, title: str, text: str, sub: dict[str, Any]) -> DueAction:
        """Renew it; pay in first where the balance is too low; otherwise say why not."""
        refusal = _refusal_of(sub, "renew")
        if refusal is None and self.buys:
            # `renewal` has the price of an automatic renewal only; of one by hand the action has it.
            price = next(each["price"] for each in sub["allowed_actions"] if each["action"] == "renew")
            takes = f"Renewing it takes {format_money(price, self.currency)} from the balance." if price > 0 else ""
            words = f"{text} {takes}".rstrip()
            return DueAction(
                tone=tone, title=title, text=words, button="Renew", path=f"{_subscription_url(sub)}/do/renew"
            )
        if refusal is not None and refusal["code"] == "insufficient_balance":
            missing = sub["renewal"]["missing"] or max(0, sub["renewal"]["price"] - max(0, self.available))
            lack = f"{format_money(missing, self.currency)} are missing." if missing else "The balance is too low."
            return self._payment_action(tone, title, f"{text} {lack}")
        ask = "Ask your provider to renew it." if self.own else ""
        return DueAction(tone=tone, title=title, text=f"{text} {ask}".strip())

    def _payment_action(self, tone: str, title: str, text: str) -> DueAction:
        button = ("Pay in" if self.own else "Book a top-up") if self.pays else ""
        return DueAction(tone=tone, title=title, text=text, button=button, path=f"/customers/{self.customer}/money")

    def of_balance(self, runway: dict[str, Any], seen: list[dict[str, Any]]) -> DueAction | None:
        """The balance ends before what falls due soon; None when it reaches far enough."""
        now = max((instant_of(sub["as_of"]) or 0 for sub in seen), default=0)
        until = instant_of(runway["until"])
        if until is None or not runway["unpaid"] or until - now > SOON:
            return None
        first = runway["unpaid"][0]
        title = f"The balance does not cover {first['plan_name']}."
        price, missing = format_money(first["price"], self.currency), format_money(runway["missing"], self.currency)
        return self._payment_action(
            "warn", title, f"{price} fall due on {format_date(first['due'])}; {missing} are missing."
        )

    def nothing_due(self, runway: dict[str, Any], rows: tuple[DueRow, ...]) -> DueAction:
        """The entry where no action is due, or nothing was ordered yet."""
        running = sum(each.row["phase"] != "ended" for each in rows)
        if not running:
            title = "Nothing is licensed at present." if rows else "Nothing has been ordered yet."
            order = "/order" if self.own else f"/order?customer={self.customer}"
            text = "An order makes a subscription and its activation code."
            return DueAction(tone="info", title=title, text=text, button="Order" if self.buys else "", path=order)
        coming = runway["next"]
        if coming is None:
            return DueAction(tone="good", title=NOTHING, text=f"{format_count(running, 'subscription')} in use.")
        price = format_money(coming["price"], self.currency)
        text = f"Next payment: {price} for {coming['plan_name']} on {format_date(coming['due'])}."
        reach = (
            f" The balance reaches until {format_date(runway['until'])}."
            if runway["until"]
            else " The balance covers it."
        )
        return DueAction(tone="good", title=NOTHING, text=text + reach)


def _refusal_of(sub: dict[str, Any], action: str) -> dict[str, Any] | None:
    """Why an action is not possible now; None when it is. One that is not listed is not for this caller."""
    said = next((each for each in sub["allowed_actions"] if each["action"] == action), None)
    if said is None:
        return {"code": "action_not_permitted"}
    return None if said["allowed"] else dict(said["refusal"])


def _can_renew(sub: dict[str, Any]) -> bool:
    refusal = _refusal_of(sub, "renew")
    return refusal is None or refusal["code"] == "insufficient_balance"


def _subscription_url(row: dict[str, Any]) -> str:
    return fill_path("/subscriptions/{name}", name=row["id"])
