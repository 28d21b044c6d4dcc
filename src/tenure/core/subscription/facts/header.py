"""What every kind of fact says; the kinds are declared in the modules beside it, by family."""

from typing import ClassVar

import msgspec

from tenure.core.timeline import Instant


class FactHeader(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact", omit_defaults=True):
    """What all facts say: when it took effect, when it was noticed, who caused it and why.

    Each kind says two things of its own: `apply_to`, the subscription after it (total, never refuses: it has happened),
    and `describe_change`, what it changed in words, with the names that people know. Its docstring is what its event
    means, the part before a semicolon.
    """

    in_timeline: ClassVar[bool] = True
    """Whether spans of the subscription can differ after it."""

    at: Instant
    recorded_at: Instant
    by: str
    why: str = ""
