"""The API's complaints beside the fields they are about, and in words for people where it speaks of patterns."""

from tenure.web.forms import Form
from tenure.web.replies import Refusal

PATTERNS = {
    "email": "This is not an e-mail address.",
    "colour": "A # and six hex digits, please: #1f6f54.",
    "logo": "An address that begins with https://, please.",
    "renew_url": "An address that begins with https://, please.",
    "id": "Lower case letters, digits and . _ - only, please.",
    "min_version": "A version such as 12.0, please.",
    "until": "A day, please: 2030-12-31.",
}
"""What a field is to look like."""


def blamed(form: Form, refusal: Refusal) -> bool:
    """Put `refusal` beside its field when the form has it; whether it does. Else it is shown above the form."""
    return bool(refusal.field) and form.blame(refusal.field, plainly(refusal.field, refusal.detail) or refusal.title)


def plainly(field: str, detail: str) -> str:
    """A complaint without the pattern that was not met."""
    if "matching regex" not in detail:
        return detail
    return PATTERNS.get(field.rpartition(".")[2], "It is not written as it should be.")
