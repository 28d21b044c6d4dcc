"""What an exchange with the activation server came to, as the local API shows it; a license itself is in `views`."""

from typing import TypeVar

import msgspec

from tenure.core.refusals import Refused
from tenure.http.problems import RefusedError
from tenure.http.views import copy_fields
from tenure.sdk.outcomes import ActivationGranted, CodePreviewed, Rejected, ShownDifference, Synchronized
from tenure.sdk.progress import ProgressStep
from tenure.site.api.views import LicenseView, SiteSpanView, expected_after

T = TypeVar("T")


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What an activation code would start, as the activation server says."""

    role: str
    plan: str
    plan_name: str
    kind: str
    devices: int
    provider: str
    begins: str
    """Now, or when a successor would take over."""
    paid_until: str | None
    renewal: str
    """What would be known of the next renewal, for people; empty where nothing renews itself."""
    timeline: tuple[SiteSpanView, ...]


class SyncView(msgspec.Struct, frozen=True, kw_only=True):
    """What a synchronization or activation has come to."""

    result: str
    message: str
    steps: tuple[ProgressStep, ...]
    path: str
    differences: tuple[ShownDifference, ...]
    license: LicenseView
    preview: PreviewView | None = None
    """To a dry run: what the code would start; the license is as it is."""


def sync_view(outcome: Synchronized | ActivationGranted, license_: LicenseView) -> SyncView:
    """What has come of an exchange that was answered."""
    if isinstance(outcome, ActivationGranted):
        return SyncView(
            result="granted", message=outcome.message, steps=outcome.steps, path="", differences=(), license=license_
        )
    return copy_fields(SyncView, outcome, license=license_)


def preview_view(previewed: CodePreviewed, license_: LicenseView) -> SyncView:
    """What a dry run of a code has come to."""
    timeline = expected_after(previewed.paid_until, previewed.spans)
    preview = copy_fields(PreviewView, previewed, devices=previewed.limit, timeline=timeline)
    return SyncView(
        result="preview", message=previewed.message, steps=previewed.steps, path="", differences=(), license=license_,
        preview=preview,
    )  # fmt: skip


def unasked_view(license_: LicenseView) -> SyncView:
    """Of a code that would be sent; what it starts, only the server can say."""
    text = "The code is well typed."
    return SyncView(result="not_asked", message=text, steps=(), path="", differences=(), license=license_)


def accept_outcome(outcome: T | Rejected) -> T:
    """What has come of an exchange; raises a "no" as the API says it."""
    if isinstance(outcome, Rejected):
        raise RefusedError(Refused(outcome.code, outcome.detail, outcome.field, outcome.when))
    return outcome
