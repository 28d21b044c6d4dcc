"""The how-to of CONTRIBUTING.md as a patch, and what must hold once it is applied."""
