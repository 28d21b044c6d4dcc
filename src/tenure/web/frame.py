"""What stands around every page: whose website it is, where one can go, who is signed in."""

import msgspec


class MenuEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the navigation; `children` make it a branch of a tree."""

    path: str
    text: str
    icon: str = ""
    """A name of `icons.html`."""
    count: str = ""
    """A figure beside it."""
    counts: str = ""
    """What the figure counts, for who cannot see or points at it; it asks for attention then."""
    children: tuple["MenuEntry", ...] = ()

    def leads_to(self, path: str) -> bool:
        """Whether `path` is this place or lies below it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


class MenuGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Entries under a heading (which may be empty)."""

    text: str
    entries: tuple[MenuEntry, ...]


class PageFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of one page."""

    title: str
    """Whose website it is."""
    subtitle: str = ""
    logo: str = ""
    """https address of a picture; its host is added to what the page may load."""
    color: str = ""
    """`#rrggbb`, or empty for our own."""
    groups: tuple[MenuGroup, ...] = ()
    user: str = ""
    """The user who is signed in; empty where no user is."""
    role: str = ""
    account_path: str = ""
    sign_out_path: str = "/sign-out"
    support: str = ""
    now: str = ""
    """RFC 3339: the clock by which relative times on this page are told; empty for the real one."""
    sandbox: bool = False
