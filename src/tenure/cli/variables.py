"""Every environment variable that a program of ours reads or sets, with its meaning: what `docs/settings.md` lists.

A test finds each of them in the source, and nothing in the source that is not listed.
"""

from typing import Final, NamedTuple


class EnvironmentVariable(NamedTuple):
    """One variable."""

    name: str
    reader: str
    meaning: str


_CLI, _WAY = "`tenure`", "SDK, site, portal, `tenure`"

VARIABLES: Final = (
    EnvironmentVariable(
        "TENURE_URL", _CLI, "the activation server's address; before it comes `--url`, after it the profile"
    ),
    EnvironmentVariable("TENURE_TOKEN", _CLI, "the API token; a token is never an argument"),
    EnvironmentVariable("TENURE_PROFILE", _CLI, "the profile of `tenure login` to use; before it comes `--profile`"),
    EnvironmentVariable(
        "TENURE_PROVIDER", _CLI, "for a vendor's token: whose data is meant; before it comes `--provider`"
    ),
    EnvironmentVariable(
        "TENURE_DATABASE",
        _CLI,
        "the server's PostgreSQL database; before it comes `--database`, after it `database` in `server.json`; here "
        "alone the URL may hold a password",
    ),
    EnvironmentVariable("TENURE_SITE", _CLI, "the folder of the administration server; before it comes `--site`"),
    EnvironmentVariable("TENURE_AGENT", _CLI, "the folder of this device's agent; before it comes `--agent`"),
    EnvironmentVariable(
        "TENURE_FEATURE", "set by the agent", "for its commands: the function that is granted or withdrawn"
    ),
    EnvironmentVariable("TENURE_STATE", "set by the agent", "for its commands: `on` or `off`"),
    EnvironmentVariable(
        "XDG_CONFIG_HOME", _CLI, "where the file of profiles lies (`tenure/config.toml`), otherwise `~/.config`"
    ),
    EnvironmentVariable(
        "XDG_STATE_HOME", _CLI, "where sites and agents lie when no folder is named, otherwise `~/.local/state`"
    ),
    EnvironmentVariable("HOME", _CLI, "the home folder, for both of these"),
    EnvironmentVariable(
        "https_proxy", _WAY, "the HTTP proxy on the way to the server; also `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`"
    ),
    EnvironmentVariable("no_proxy", _WAY, "hosts that are reached without it; also `NO_PROXY`"),
    EnvironmentVariable("SSL_CERT_FILE", _WAY, "certificates (PEM) that are believed instead of the system's"),
    EnvironmentVariable("SSL_CERT_DIR", _WAY, "a folder of such certificates"),
)
