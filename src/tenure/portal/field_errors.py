"""The API's complaints beside the fields that they are about."""

from tenure.web.forms import SentForm
from tenure.web.replies import PageRefusal


def blame_field(form: SentForm, refusal: PageRefusal) -> bool:
    """Put `refusal` beside its field when the form has it; whether it does. Else it is shown above the form."""
    return bool(refusal.field) and form.place_complaint(refusal.field, refusal.detail or refusal.title)
