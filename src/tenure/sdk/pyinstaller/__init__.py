"""Where PyInstaller finds what it cannot see by itself: it asks for this folder through an entry point."""

from pathlib import Path


def hook_folders() -> list[str]:
    """The folders with hooks, as PyInstaller's entry point `hook-dirs` expects them."""
    return [str(Path(__file__).parent)]
