"""The one table of refusals: every "no" the product can say, with cause, remedy, who can act and how it is carried.

API problems, CLI exit codes, pages and docs are all made from `TABLE`; no other module invents a refusal.
"""

from enum import IntEnum, StrEnum

import msgspec

from tenure.core.timeline import Instant


class ExitCode(IntEnum):
    """Families of exit codes of the command line [spec: exit-codes]; the refusal's own code is in the output."""

    DONE = 0
    FAULT = 1
    INPUT = 2
    PERMISSION = 3
    UNKNOWN = 4
    STATE = 5
    CODE = 6
    LIMIT = 7
    MONEY = 8
    LATER = 9
    UNREACHABLE = 10
    TRUST = 11


class RefusalCode(StrEnum):
    """Stable names of refusals; never renamed, never reused."""

    # activation codes [spec: activation-codes]
    CODE_MALFORMED = "code_malformed"
    CODE_UNKNOWN = "code_unknown"
    CODE_BLOCKED = "code_blocked"
    CODE_WITHDRAWN = "code_withdrawn"
    CODE_NOT_FOR_PRODUCT = "code_not_for_product"
    CODE_NOT_WAITING = "code_not_waiting"
    # versions (M13)
    VERSION_TOO_OLD = "version_too_old"
    VERSION_UNREADABLE = "version_unreadable"
    # what the subscription's state forbids
    SUBSCRIPTION_IN_FORCE = "subscription_in_force"
    SUBSCRIPTION_ENDED = "subscription_ended"
    SUBSCRIPTION_CANCELED = "subscription_canceled"
    SUBSCRIPTION_PAUSED = "subscription_paused"
    NOT_ACTIVATED = "not_activated"
    AWAITING_PAYMENT = "awaiting_payment"
    NOT_AWAITING_PAYMENT = "not_awaiting_payment"
    RENEWAL_TOO_EARLY = "renewal_too_early"
    RENEWAL_IS_AUTOMATIC = "renewal_is_automatic"
    RENEWAL_TOO_LATE = "renewal_too_late"
    RENEWAL_AMBIGUOUS = "renewal_ambiguous"
    AUTOMATIC_NEEDS_PREPAID = "automatic_needs_prepaid"
    ALREADY_CANCELED = "already_canceled"
    NOTHING_TO_UNDO = "nothing_to_undo"
    ALREADY_PAUSED = "already_paused"
    NOT_PAUSED = "not_paused"
    NOTHING_TO_CHANGE = "nothing_to_change"
    GRACE_OUT_OF_BOUNDS = "grace_out_of_bounds"
    NOT_BLOCKED = "not_blocked"
    SUCCESSOR_USED = "successor_used"
    NO_SUCCESSOR = "no_successor"
    SEAT_CONFLICT_OPEN = "seat_conflict_open"
    PERIOD_PAID_AHEAD = "period_paid_ahead"
    # limits
    SITE_LIMIT = "site_limit"
    INSTALLATION_MISMATCH = "installation_mismatch"
    INSTALLATION_RELEASED = "installation_released"
    INSTALLATION_REPLACED = "installation_replaced"
    SITE_UNKNOWN = "site_unknown"
    SITE_LOST = "site_lost"
    STILL_PROMISED = "still_promised"
    SEAT_NOT_ASSIGNED = "seat_not_assigned"
    DEVICE_LIMIT_REACHED = "device_limit_reached"
    DEVICE_COUNT_OUT_OF_RANGE = "device_count_out_of_range"
    # orders
    TERM_TOO_SHORT = "term_too_short"
    TERM_AMBIGUOUS = "term_ambiguous"
    END_BEFORE_CURRENT_END = "end_before_current_end"
    UNKNOWN_PLAN = "unknown_plan"
    TRIAL_ALREADY_USED = "trial_already_used"
    # money
    INSUFFICIENT_BALANCE = "insufficient_balance"
    DUPLICATE_REFERENCE = "duplicate_reference"
    PAYMENT_REQUEST_CLOSED = "payment_request_closed"
    ORDER_REQUEST_CLOSED = "order_request_closed"
    ORDER_REQUESTS_OPEN = "order_requests_open"
    LEDGER_DRIFT = "ledger_drift"
    # permission and dry run
    ACTION_NOT_PERMITTED = "action_not_permitted"
    POLICY_OUT_OF_BOUNDS = "policy_out_of_bounds"
    OUTCOME_CHANGED_MEANWHILE = "outcome_changed_meanwhile"
    SANDBOX_ONLY = "sandbox_only"
    ENVIRONMENT_MISMATCH = "environment_mismatch"
    CLOCK_BACKWARDS = "clock_backwards"
    # proof and trust (3)
    MESSAGE_MALFORMED = "message_malformed"
    MESSAGE_TOO_LARGE = "message_too_large"
    TYPE_UNEXPECTED = "type_unexpected"
    KEY_UNKNOWN = "key_unknown"
    KEY_NOT_FOR_THIS = "key_not_for_this"
    SIGNATURE_INVALID = "signature_invalid"
    EXTENSION_UNKNOWN = "extension_unknown"
    NOT_THE_ANSWER = "not_the_answer"
    LEASE_NOT_MINE = "lease_not_mine"
    LEASE_OLDER = "lease_older"
    LEASE_OUTSIDE_WINDOW = "lease_outside_window"
    LEASE_FORKED = "lease_forked"
    OFFLINE_OLDER = "offline_older"
    OFFLINE_SAME = "offline_same"
    OFFLINE_OTHER_SITE = "offline_other_site"
    OFFLINE_UNKNOWN_SIGNER = "offline_unknown_signer"
    OFFLINE_CHANGED_MEANWHILE = "offline_changed_meanwhile"
    RESTORED_TOO_OFTEN = "restored_too_often"
    COPY_SEPARATED = "copy_separated"
    COPY_RETIRED = "copy_retired"
    ROOT_REJECTED = "root_rejected"
    CLOCK_IMPLAUSIBLE = "clock_implausible"
    # conventions of the API
    FIELD_INVALID = "field_invalid"
    BODY_UNREADABLE = "body_unreadable"
    BODY_TOO_LARGE = "body_too_large"
    MEDIA_TYPE_UNSUPPORTED = "media_type_unsupported"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_AUTHENTICATED = "not_authenticated"
    SIGN_IN_REFUSED = "sign_in_refused"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - the name of a refusal
    PASSWORD_UNFIT = "password_unfit"  # noqa: S105 - the name of a refusal
    SECOND_FACTOR_REFUSED = "second_factor_refused"
    LINK_UNKNOWN = "link_unknown"
    LAST_OWNER = "last_owner"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    REQUEST_IN_FLIGHT = "request_in_flight"
    VERSION_STALE = "version_stale"
    ALREADY_EXISTS = "already_exists"
    TOO_MANY_REQUESTS = "too_many_requests"
    NOT_FOUND = "not_found"
    SERVER_BUSY = "server_busy"
    NO_SIGNING_KEY = "no_signing_key"
    INTERNAL = "internal"
    UNREACHABLE = "unreachable"
    SITE_UNREACHABLE = "site_unreachable"
    SITE_RESTORED_WAITING = "site_restored_waiting"
    # this computer [spec: client-storage, name-resolution]
    FOLDER_IN_USE = "folder_in_use"
    FOLDER_UNREADABLE = "folder_unreadable"
    FOLDER_UNWRITABLE = "folder_unwritable"
    FOLDER_UNLOCKABLE = "folder_unlockable"
    FOLDER_INCOMPLETE = "folder_incomplete"
    FOLDER_SERVED_ELSEWHERE = "folder_served_elsewhere"
    ENVIRONMENT_UNUSABLE = "environment_unusable"
    DATABASE_UNUSABLE = "database_unusable"
    DATABASE_UNREACHABLE = "database_unreachable"


class RefusalRow(msgspec.Struct, frozen=True):
    """What there is to say about one refusal, on every surface."""

    code: RefusalCode
    sentence: str
    cause: str
    remedy: str
    who: str
    """Who can act on it: administrator, customer, provider, vendor, caller (the program that asked)."""
    status: int
    exit: ExitCode
    conclusive: bool = True
    """False: trying the same again later may succeed without anybody acting."""


class Refused(msgspec.Struct, frozen=True):
    """A refusal as a value: the caller must look at it; nothing was done."""

    code: RefusalCode
    detail: str = ""
    """One sentence about this very case, for people: names, dates, figures."""
    field: str = ""
    """The field of the command or message that is wrong, as a path such as `terms.devices`."""
    when: Instant | None = None
    """When it will be possible, where that is known."""

    @property
    def row(self) -> RefusalRow:
        """The table's row for this refusal."""
        return TABLE[self.code]


_rows: list[RefusalRow] = []


def _make_row(code: RefusalCode, status: int, exit_: ExitCode, who: str, texts: str, *, conclusive: bool = True) -> None:
    sentence, cause, remedy = (part.strip() for part in texts.split("|"))
    _rows.append(RefusalRow(code, sentence, cause, remedy, who, status, exit_, conclusive))


_C, _E = RefusalCode, ExitCode
_make_row(_C.CODE_MALFORMED, 422, _E.CODE, "administrator", "This is not an activation code. | A code has four groups of five characters; one is missing, mistyped or swapped. | Compare it with the code your provider sent and type it again.")
_make_row(_C.CODE_UNKNOWN, 404, _E.CODE, "administrator", "No subscription belongs to this activation code. | The code was never issued here, or was typed for another activation server. | Check the code and the address of the activation server, or ask your provider.")
_make_row(_C.CODE_BLOCKED, 409, _E.CODE, "provider", "This activation code is blocked. | Your provider or the vendor blocked it. | Ask your provider why, and for the block to be lifted or a new code.")
_make_row(_C.CODE_WITHDRAWN, 409, _E.CODE, "provider", "This activation code was replaced by a newer one. | A new code was issued for the subscription and this one no longer activates anything. | Use the newest code; your provider's portal shows its last group.")
_make_row(_C.CODE_NOT_FOR_PRODUCT, 409, _E.CODE, "administrator", "This activation code is for another product. | The subscription behind the code licenses a different product. | Apply it in that product, or ask your provider for a code for this one.")
_make_row(_C.CODE_NOT_WAITING, 409, _E.CODE, "customer", "There is no activation code left to show. | A code is shown once, within 14 days; afterwards only its last group is known. | Have a new code issued. It is shown once and replaces the lost one; activated sites go on.")
_make_row(_C.VERSION_TOO_OLD, 409, _E.STATE, "administrator", "This version of the application is too old for the subscription. | The plan names a lowest version, and this one is earlier. | Update the application to the version named, then try again.")
_make_row(_C.VERSION_UNREADABLE, 422, _E.INPUT, "caller", "The application's version cannot be read. | A version is numbers with dots, with an optional suffix such as -rc1. | Send a version such as 12.4.1.")
_make_row(_C.SUBSCRIPTION_IN_FORCE, 409, _E.STATE, "administrator", "Another code cannot be applied while the current subscription is in force. | The current subscription's paid period is not over and it is not canceled. | Wait for the date named, cancel the current subscription, or stage the new code as successor.")
_make_row(_C.SUBSCRIPTION_ENDED, 409, _E.STATE, "customer", "The subscription has ended. | Its term is over and was not renewed. | Renew it if the provider still allows it, or order a new one.")
_make_row(_C.SUBSCRIPTION_CANCELED, 409, _E.STATE, "customer", "The subscription is canceled. | A customer, provider or vendor canceled it. | Undo the cancellation while that is possible, or order a new subscription.")
_make_row(_C.SUBSCRIPTION_PAUSED, 409, _E.STATE, "customer", "The subscription is on hold. | Customer, provider or vendor placed a hold on it. | The side that placed the hold can release it.")
_make_row(_C.NOT_ACTIVATED, 409, _E.STATE, "administrator", "The subscription has not been activated yet. | Its term begins with the first activation. | Apply the activation code in the application first.")
_make_row(_C.AWAITING_PAYMENT, 409, _E.MONEY, "provider", "The subscription is waiting for its payment. | Its offer is settled outside the prepaid balance, and the provider has not confirmed the payment. | The provider confirms the payment with its reference.")
_make_row(_C.NOT_AWAITING_PAYMENT, 409, _E.MONEY, "provider", "There is no payment to confirm. | Nothing on this subscription waits for a payment. | Check the subscription's history; the payment may be confirmed already.")
_make_row(_C.RENEWAL_TOO_EARLY, 409, _E.STATE, "customer", "It is too early to renew. | The provider opens renewal a set time before the end, and only so many periods ahead. | Renew from the date named, or switch automatic renewal on.")
_make_row(_C.RENEWAL_IS_AUTOMATIC, 409, _E.STATE, "customer", "This subscription renews itself. | Automatic payment is on, and renewing by hand would pay twice. | Keep enough money on the prepaid balance.")
_make_row(_C.RENEWAL_TOO_LATE, 409, _E.STATE, "customer", "It is too late to renew. | The time for renewing an ended subscription is over, or the period bought would already be past. | Order a new subscription.")
_make_row(_C.RENEWAL_AMBIGUOUS, 422, _E.INPUT, "caller", "This kind of renewal does not fit the subscription's state. | Before the end a renewal always continues from the end; `late` applies only to an ended one. | Leave `late` out, or use a value the provider allows.")
_make_row(_C.AUTOMATIC_NEEDS_PREPAID, 409, _E.MONEY, "provider", "Automatic renewal needs a prepaid balance. | The offer is paid outside the ledger, where no money can be captured automatically. | Renew by hand and confirm each payment, or order under a prepaid offer.")
_make_row(_C.ALREADY_CANCELED, 409, _E.STATE, "customer", "The subscription is already canceled. | A cancellation is recorded and in force. | Nothing to do; undo the cancellation if it was a mistake.")
_make_row(_C.NOTHING_TO_UNDO, 409, _E.STATE, "customer", "There is no cancellation to undo. | The subscription is not canceled, or the cancellation has taken effect. | If it has ended, renew it or order a new one.")
_make_row(_C.ALREADY_PAUSED, 409, _E.STATE, "customer", "This hold is already placed. | A hold by the same side is in force. | Release it first if its reason or end should change.")
_make_row(_C.NOT_PAUSED, 409, _E.STATE, "customer", "There is no hold that you can release. | The subscription is not held, or the hold belongs to another side. | Ask the side that placed the hold.")
_make_row(_C.NOTHING_TO_CHANGE, 409, _E.STATE, "caller", "This would change nothing. | The subscription already is as requested. | Nothing to do.")
_make_row(_C.GRACE_OUT_OF_BOUNDS, 409, _E.STATE, "provider", "The grace period cannot be that long. | Grace with its extensions is bounded by the vendor, is at most 90 days and always shorter than the period. | Extend by fewer days, within the figure named.")
_make_row(_C.NOT_BLOCKED, 409, _E.STATE, "provider", "This code is not blocked. | The code has no block in force. | Check by its last group that it is the right code.")
_make_row(_C.SUCCESSOR_USED, 409, _E.STATE, "administrator", "This code has already been started. | A successor is staged before it starts, and only once. | Apply it as a code when the present subscription allows it.")
_make_row(_C.NO_SUCCESSOR, 409, _E.STATE, "administrator", "No successor is staged at this site. | None was staged, or it was dropped or has started. | Stage a successor code first.")
_make_row(_C.SEAT_CONFLICT_OPEN, 409, _E.LIMIT, "administrator", "A seat conflict is open. | More devices are protected than the coming limit allows. | Edit the list of devices in the console and that of applications in the provider's portal, or keep the higher limit.")
_make_row(_C.PERIOD_PAID_AHEAD, 409, _E.STATE, "customer", "A period is paid for ahead at the terms this would change. | A period keeps the terms at which it was priced; other terms would make that period cheaper, or give it another length. | Change it from the date named on, or let the agreed change take effect.")
_make_row(_C.SITE_LIMIT, 409, _E.LIMIT, "provider", "The subscription has no site left. | The plan allows a set number of sites, and all are taken. | Give it up at a site that is no longer needed, or ask the provider for more sites.")
_make_row(_C.INSTALLATION_MISMATCH, 409, _E.STATE, "administrator", "This license is for another kind of installation. | An installation is an administration server or a standalone application, permanent or ephemeral, and keeps its kind: one kind cannot use the license of another. | Make a new installation with its own folder and key, then apply the activation code there.")
_make_row(_C.INSTALLATION_RELEASED, 409, _E.STATE, "customer", "This installation was released and has no license any more. | The customer or the provider released its place for others. | Apply the activation code again to use this installation; it then takes a free place.")
_make_row(_C.INSTALLATION_REPLACED, 409, _E.STATE, "administrator", "This installation was replaced by a newer one on the same computer. | The activation code was applied again on matching hardware, and the new installation took over the place. | Use the newer one. If both are needed, apply the activation code here again: this installation then takes its own place.")
_make_row(_C.SITE_UNKNOWN, 404, _E.UNKNOWN, "administrator", "This site does not hold the subscription. | It never activated it, or has left it. | Apply the activation code at the site.")
_make_row(_C.SITE_LOST, 409, _E.STATE, "provider", "This site was declared lost. | The provider declared that the site no longer exists, and its key is no longer accepted. | Make a new key with `tenure site reset` (or a new site in a new folder with `tenure site init`), apply the activation code again and enroll its devices there.")
_make_row(_C.STILL_PROMISED, 409, _E.STATE, "provider", "The promises made to this site are still in force. | Its lease and its devices' seats are valid until the date named, even without contact. | Wait until then; if the site no longer exists, the provider can declare it lost at once.")
_make_row(_C.SEAT_NOT_ASSIGNED, 409, _E.LIMIT, "administrator", "No seat has been assigned to this device. | It belongs to no group, or its group does not distribute seats by itself. | Put it into a group that distributes automatically, or assign it a seat.")
_make_row(_C.DEVICE_LIMIT_REACHED, 409, _E.LIMIT, "administrator", "No seat is left for another device. | The device limit, with the tolerance granted, is used up. | Release a device that is no longer needed, or order more devices.")
_make_row(_C.DEVICE_COUNT_OUT_OF_RANGE, 422, _E.INPUT, "caller", "The number of devices is outside what the plan sells. | A plan has a least and a greatest number of devices. | Choose a number within the range named.")
_make_row(_C.TERM_TOO_SHORT, 422, _E.INPUT, "caller", "The term is too short. | A subscription with a fixed end lasts at least 28 days. | Choose a later end date.")
_make_row(_C.TERM_AMBIGUOUS, 422, _E.INPUT, "caller", "The term is not clear. | An order takes a period or an end date, not both, and an unlimited subscription no end date. | Send exactly one of `period` and `until`, as the plan's kind allows.")
_make_row(_C.END_BEFORE_CURRENT_END, 409, _E.STATE, "caller", "The new end is before the present end. | Paid days cannot be taken away. | Name an instant after the end of the paid period.")
_make_row(_C.UNKNOWN_PLAN, 404, _E.UNKNOWN, "caller", "This plan is not on offer. | The provider has no offer for this plan, or it was withdrawn. | List the offers and choose one of them.")
_make_row(_C.TRIAL_ALREADY_USED, 409, _E.STATE, "customer", "The trial of this product was used already. | A customer may try each product once. | Order a paid subscription.")
_make_row(_C.INSUFFICIENT_BALANCE, 409, _E.MONEY, "customer", "The prepaid balance does not cover this. | Balance and credit limit together are less than the price. | Top the balance up by at least the amount named, then try again.")
_make_row(_C.DUPLICATE_REFERENCE, 409, _E.MONEY, "provider", "This reference is booked already, with other figures. | Each payment is booked once under the provider's own reference. | Find the earlier booking in the statement; use a new reference for a new payment.")
_make_row(_C.PAYMENT_REQUEST_CLOSED, 409, _E.STATE, "caller", "This payment request is closed. | It was paid or withdrawn before. | Read it to see how it ended; ask for a new one if more is to be paid.")
_make_row(_C.ORDER_REQUEST_CLOSED, 409, _E.STATE, "caller", "This order request is closed. | It was ordered, declined or withdrawn before. | Read it to see how it ended; ask again if it is still wanted.")
_make_row(_C.ORDER_REQUESTS_OPEN, 409, _E.LIMIT, "provider", "Too many order requests are open. | A customer can have at most twenty open order requests. | Wait until the provider has answered one, or withdraw one.")
_make_row(_C.LEDGER_DRIFT, 503, _E.MONEY, "provider", "Money cannot be written at the moment. | The hourly check found balances that do not equal their postings, and stopped all writes on money. | The operator of the server runs `tenure verify-history` and follows docs/operations.md.")
_make_row(_C.ACTION_NOT_PERMITTED, 403, _E.PERMISSION, "provider", "You are not permitted to do this. | The provider's policy or the token's scope does not allow it for your role. | Ask the provider; its policy page switches actions on and off.")
_make_row(_C.POLICY_OUT_OF_BOUNDS, 422, _E.INPUT, "provider", "The policy is outside the vendor's bounds. | The vendor bounds or locks this field. | Choose a value within the bounds named.")
_make_row(_C.OUTCOME_CHANGED_MEANWHILE, 409, _E.STATE, "caller", "The outcome is no longer the one previewed. | Something changed between the preview and the confirmation, or more than 15 minutes passed. | Look at the new preview and confirm again.")
_make_row(_C.SANDBOX_ONLY, 409, _E.STATE, "caller", "This works only in a sandbox. | In production the clock cannot be moved, and payments cannot be simulated. | Use a sandbox provider.")
_make_row(_C.ENVIRONMENT_MISMATCH, 409, _E.STATE, "administrator", "The activation code and this installation belong to different environments. | Production and each sandbox are separate: an installation belongs to the environment in which it was made, and accepts no code of another. | Ask your provider for a code for this environment, or apply this one in a fresh installation that uses the root document of its environment.")
_make_row(_C.CLOCK_BACKWARDS, 409, _E.STATE, "caller", "The sandbox clock moves forward only. | The time given is earlier than the clock's present time. | Give a later time.")
_make_row(_C.MESSAGE_MALFORMED, 400, _E.TRUST, "caller", "The signed message cannot be read. | It is not a compact JWS in its one spelling, or its payload is not strict JSON of the expected shape. | Send the bytes exactly as they were signed; update the client if it made them.")
_make_row(_C.MESSAGE_TOO_LARGE, 413, _E.TRUST, "caller", "The signed message is too large. | Each kind of message has a size limit, checked before anything is read. | Send less: the limit is named in the protocol.")
_make_row(_C.TYPE_UNEXPECTED, 400, _E.TRUST, "caller", "This is a different kind of message. | The `typ` header does not name what is expected here. | Send the message to the operation it belongs to.")
_make_row(_C.KEY_UNKNOWN, 401, _E.TRUST, "vendor", "The message is signed by a key that is not trusted here. | The key id is not in the pinned root document, or the key is not registered. | Update the root document; if it persists, the server is not your vendor's.")
_make_row(_C.KEY_NOT_FOR_THIS, 401, _E.TRUST, "vendor", "The key may not sign this. | Its purpose, product, window or longest lease does not cover the message. | The vendor signs with the right key; a sandbox key never works in production.")
_make_row(_C.SIGNATURE_INVALID, 401, _E.TRUST, "caller", "The signature does not match. | The message was changed on its way, or signed by another key. | Send it again unchanged; if it persists, a proxy or program on the way alters messages.")
_make_row(_C.EXTENSION_UNKNOWN, 400, _E.TRUST, "caller", "The message demands an extension that is unknown here. | Its `crit` header names something this reader does not understand. | Update this program.")
_make_row(_C.NOT_THE_ANSWER, 400, _E.TRUST, "caller", "This is not the answer to the question asked. | Nonce or request hash differ: it answers another request, or is a replay. | Synchronize again; nothing was changed.", conclusive=False)
_make_row(_C.LEASE_NOT_MINE, 409, _E.TRUST, "administrator", "This lease belongs to another site. | It names another key than this site's own. | Activate this site with its own code; a lease cannot be copied.")
_make_row(_C.LEASE_OLDER, 409, _E.TRUST, "administrator", "This lease is older than the one already held. | Epoch, serial or revision went backwards, as after a restored backup or a replay. | Synchronize now; if it persists ask the provider to resolve the fork.")
_make_row(_C.LEASE_OUTSIDE_WINDOW, 409, _E.TRUST, "administrator", "This lease does not hold at this time. | It is not yet valid, or has expired. | Check the clock and synchronize.", conclusive=False)
_make_row(_C.LEASE_FORKED, 409, _E.TRUST, "administrator", "Two copies of this site use the same identity. | The site was cloned, or an older state of it was restored. | Choose in the console, or with `tenure licenses resolve-fork`: restored, a second site, or retired.")
_make_row(_C.OFFLINE_OLDER, 409, _E.TRUST, "administrator", "This offline message is too old. | A newer one was made since, or the 30 days in which it can be used are over. | Make a new request at the site and take it to the provider.")
_make_row(_C.OFFLINE_SAME, 409, _E.TRUST, "administrator", "This answer was imported already. | Each answer counts once. | Nothing to do; for the current license state make a new request.")
_make_row(_C.OFFLINE_OTHER_SITE, 409, _E.TRUST, "administrator", "This offline message belongs to another site. | It answers no request of this site, or was made by another customer's site. | Use the answer that was made for this request.")
_make_row(_C.OFFLINE_UNKNOWN_SIGNER, 401, _E.TRUST, "administrator", "The signer of this offline message is unknown. | Its key is not trusted here: another vendor's, not yet activated, or newer than the root document here. | Check where it comes from; a site has to be activated first, and answers carry newer root documents with them.")
_make_row(_C.OFFLINE_CHANGED_MEANWHILE, 409, _E.TRUST, "administrator", "The site has synchronized since this request was made. | Its state has changed since, and the request, or its answer, is out of date. | Make a new request if one is still needed.")
_make_row(_C.RESTORED_TOO_OFTEN, 409, _E.STATE, "provider", "This site was declared restored too often. | The site's administrator can declare this twice in 365 days; after that, only the provider can. | Ask the provider to resolve the fork, or make this copy a separate site.")
_make_row(_C.COPY_SEPARATED, 409, _E.TRUST, "administrator", "This copy has to become a separate site. | It was decided that it is a second site, and two sites cannot share one key. | Stop it, run `tenure site reset`, start it and apply the activation code again.")
_make_row(_C.COPY_RETIRED, 409, _E.TRUST, "administrator", "This copy of the site was retired. | Two copies used one identity, and this one was chosen to be retired. | Use the other one. To license this computer again, run `tenure site reset` and apply an activation code.")
_make_row(_C.ROOT_REJECTED, 409, _E.TRUST, "vendor", "The root document is not accepted. | A version is missing, is older than the last one, has expired, or lacks signatures of the current or next root. | Fetch the missing versions one by one; if it persists ask the vendor.")
_make_row(_C.CLOCK_IMPLAUSIBLE, 409, _E.TRUST, "administrator", "This computer's clock cannot be trusted. | It is behind a time that was already proven, or far ahead of the last known time. | Set the clock if it is wrong, or synchronize: the server's time then counts.", conclusive=False)
_make_row(_C.FIELD_INVALID, 422, _E.INPUT, "caller", "A field is not acceptable. | Its type, length, alphabet or value is outside what is documented. | Correct the field named and send again.")
_make_row(_C.BODY_UNREADABLE, 400, _E.INPUT, "caller", "The request's body cannot be read. | It is not strict UTF-8 JSON: cut off, duplicated keys, too deep, or not JSON at all. | Send one JSON object as documented.")
_make_row(_C.BODY_TOO_LARGE, 413, _E.INPUT, "caller", "The request is too large. | Every operation bounds its body. | Send less, or split the work; the limit is in the documentation.")
_make_row(_C.MEDIA_TYPE_UNSUPPORTED, 415, _E.INPUT, "caller", "This media type is not read here. | The operation reads what its documentation names, uncompressed. | Set Content-Type to the documented type and send without Content-Encoding.")
_make_row(_C.METHOD_NOT_ALLOWED, 405, _E.INPUT, "caller", "This method is not offered here. | The path exists with other methods. | Use a method named in the Allow header.")
_make_row(_C.NOT_AUTHENTICATED, 401, _E.PERMISSION, "caller", "Sign-in is required. | The request has no valid token: it is missing, unknown, expired or withdrawn. | Send a valid token as `Authorization: Bearer …`.")
_make_row(_C.SIGN_IN_REFUSED, 401, _E.PERMISSION, "caller", "You could not be signed in. | Email address, password and code do not match, or the sign-in took too long. | Check what you typed and try again; if the password is lost, ask for a link to set a new one.")
_make_row(_C.PASSWORD_REFUSED, 403, _E.PERMISSION, "caller", "This is not your present password. | Changing the password or turning off the second factor requires the present password. | Type your present password; if it is lost, sign out and ask for a link to set a new one.")
_make_row(_C.PASSWORD_UNFIT, 422, _E.INPUT, "caller", "This password is too weak. | It is too short, too simple, or very common. | Choose a longer one: several words that do not belong together are easy to remember.")
_make_row(_C.SECOND_FACTOR_REFUSED, 403, _E.PERMISSION, "caller", "This code is wrong or expired. | It was mistyped, has expired, or was used before: each code works once. | Wait for the application's next code; check the clock of the device that shows it.")
_make_row(_C.LINK_UNKNOWN, 404, _E.UNKNOWN, "caller", "This link is no longer valid. | It was used, withdrawn, replaced by a newer one, or has expired. | Ask for a new one.")
_make_row(_C.LAST_OWNER, 409, _E.STATE, "caller", "A team keeps at least one owner. | This is the only owner, and a team without an owner cannot be managed. | Make another user an owner first.")
_make_row(_C.IDEMPOTENCY_KEY_MISSING, 400, _E.INPUT, "caller", "The Idempotency-Key header is missing. | Every POST needs one, so that a repeated request has one effect. | Send a fresh random key, and the same key again when you repeat.")
_make_row(_C.IDEMPOTENCY_KEY_REUSED, 422, _E.INPUT, "caller", "This Idempotency-Key was used for another request. | A key names one request for good. | Use a fresh key for a new request.")
_make_row(_C.REQUEST_IN_FLIGHT, 409, _E.LATER, "caller", "The same request is still being processed. | It was sent again before the first one was answered. | Wait a moment and repeat with the same key.", conclusive=False)
_make_row(_C.VERSION_STALE, 412, _E.STATE, "caller", "The resource changed meanwhile. | The ETag sent in If-Match is not the current one. | Read the resource again, look at the change, then repeat.")
_make_row(_C.ALREADY_EXISTS, 409, _E.STATE, "caller", "This name is taken. | An item with the same name already exists. | Choose another name, or use what exists.")
_make_row(_C.TOO_MANY_REQUESTS, 429, _E.LATER, "caller", "Too many requests. | More were sent than allowed in this time. | Wait a minute, then try again.", conclusive=False)
_make_row(_C.NOT_FOUND, 404, _E.UNKNOWN, "caller", "Nothing was found under this name. | It does not exist, or it is not yours. | Check the id; list what you have.")
_make_row(_C.SERVER_BUSY, 503, _E.LATER, "caller", "The server is overloaded at the moment. | Its queue is full, or its store is not available. | Wait a minute, then try again with the same key; it has one effect, however often it is sent.", conclusive=False)
_make_row(_C.NO_SIGNING_KEY, 503, _E.LATER, "vendor", "The server cannot sign its answer at the moment. | Its signing key was revoked or has expired, and no other key may sign. | The vendor publishes one with `tenure keys publish` or `tenure keys replace`. Nothing was done, and existing licenses go on.", conclusive=False)
_make_row(_C.INTERNAL, 500, _E.FAULT, "vendor", "The server had an unexpected error. | It is a fault in the program and is logged under the request id. | Try again; if it persists, send the request id to the operator of the server.", conclusive=False)
_make_row(_C.UNREACHABLE, 503, _E.UNREACHABLE, "administrator", "The activation server cannot be reached. | No path led to it: name resolution, network, proxy or certificate. | Run `tenure doctor`; existing licenses go on meanwhile.", conclusive=False)
_make_row(_C.SITE_UNREACHABLE, 503, _E.UNREACHABLE, "administrator", "The administration server cannot be reached. | No path led from this device to it: name resolution, network or certificate; or it does not run. | Connect this device to the network of its administration server, and see that `tenure site run` runs there; the seat held goes on meanwhile.", conclusive=False)
_make_row(_C.SITE_RESTORED_WAITING, 503, _E.LATER, "administrator", "The administration server was restored, and gives new seats later. | It was restored from a backup. For about a day it takes in again the devices that hold a seat which the backup does not know. | Wait until the date named: the device is then served at its next contact. Devices that hold a seat go on meanwhile.", conclusive=False)
_make_row(_C.FOLDER_IN_USE, 503, _E.LATER, "administrator", "Another process is using this folder. | Processes that share a folder ask the server one at a time, and the other one has not finished within the 30 seconds that an exchange may take. | Try again in a minute; if it persists, find the process that hangs or was stopped, and end it.", conclusive=False)
_make_row(_C.FOLDER_UNREADABLE, 503, _E.LATER, "administrator", "The license is there but cannot be read. | This user has no right to read a file of its folder. This can happen after the program was run as another user. | Give the folder and its files back to the user who runs this program; no new activation is needed.", conclusive=False)
_make_row(_C.FOLDER_UNWRITABLE, 503, _E.LATER, "administrator", "The folder in which the license is kept cannot be written to. | It is read-only, full, or belongs to another user. The server is not asked while its answer could not be stored. | Free disk space, or give this program's user the right to write there; it goes on by itself.", conclusive=False)
_make_row(_C.FOLDER_UNLOCKABLE, 503, _E.LATER, "administrator", "Files in this folder cannot be locked. | Its file system has no working locks, such as a network drive whose lock service does not answer. Without a lock two processes could use the folder at once, so nothing is sent or changed. | Move the folder to a local disk, or have the network drive mounted with working locks; it goes on by itself.", conclusive=False)
_make_row(_C.FOLDER_INCOMPLETE, 503, _E.LATER, "administrator", "Files have disappeared from the folder in which the license is kept. | A user or a program deleted them while this program was running. It still has their content in memory. | Keep the program running until it has written them again, and find out what deletes them.", conclusive=False)
_make_row(_C.FOLDER_SERVED_ELSEWHERE, 503, _E.LATER, "administrator", "Another computer is using the folder in which the license is kept. | The folder is shared over a network or a volume, and a license serves one computer at a time. | Use the other computer, or end the program there; this one then goes on at once (twelve minutes later if the other was killed). To use both, give each its own folder and activate it there.", conclusive=False)
_make_row(_C.ENVIRONMENT_UNUSABLE, 503, _E.UNREACHABLE, "administrator", "A setting of this computer cannot be used. | An environment variable, or a file that it names, has a value that this program cannot use. | Correct or remove the variable named; existing licenses go on meanwhile.", conclusive=False)
_make_row(_C.DATABASE_UNUSABLE, 503, _E.UNREACHABLE, "administrator", "The database cannot be used by this server. | The setting `database` (or `TENURE_DATABASE`, or `--database`) leads to a PostgreSQL database that does not fit: another user's, a standby, of another version, or not this server's. Nothing was changed in it. | Correct what is named, in the setting or in PostgreSQL, then start again.", conclusive=False)
_make_row(_C.DATABASE_UNREACHABLE, 503, _E.LATER, "administrator", "The database cannot be reached. | PostgreSQL does not answer at the address in the setting `database` (or `TENURE_DATABASE`, or `--database`), or takes no more connections. | See that PostgreSQL runs there and that the address is right, then try again; nothing was done.", conclusive=False)

TABLE: dict[RefusalCode, RefusalRow] = {row.code: row for row in _rows}
