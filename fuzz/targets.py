"""All targets by name."""

from fuzz import messages, texts

TARGETS = texts.TARGETS | messages.TARGETS
