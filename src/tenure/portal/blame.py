"""The API's complaints beside the fields that they are about."""

from tenure.web.forms import Form
from tenure.web.replies import Refusal


def blamed(form: Form, refusal: Refusal) -> bool:
    """Put `refusal` beside its field when the form has it; whether it does. Else it is shown above the form."""
    return bool(refusal.field) and form.blame(refusal.field, refusal.detail or refusal.title)
