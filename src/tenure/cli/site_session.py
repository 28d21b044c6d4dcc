"""The command session of a site's administrator: the local API of the site in the folder named, found and opened by its
files.
"""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Group, Parameter

from tenure.cli.api import ApiClient
from tenure.cli.command_session import CommandSession
from tenure.cli.environment import CommandEnvironment
from tenure.cli.problems import CommandError, fail_with, invalid_field, reword_refusal
from tenure.cli.profiles import RequestTarget
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.client.api_exchange import ApiRequest

if TYPE_CHECKING:
    import httpx2

HERE = Group.create_ordered("At a customer: this administration server and its devices")

Product = Annotated[str, Parameter(help="The product, where the site keeps more than one.")]

EXCHANGE_SECONDS = 120.0
"""An exchange with the activation server tries every way before it gives up; the local API answers after that."""


class SiteApi(ApiClient):
    """The local API; patient, because what is asked of it may wait for the activation server."""

    def __init__(self, target: RequestTarget, world: CommandEnvironment, folder: Path) -> None:
        super().__init__(target, world)
        self._folder = folder

    def unreachable_problem(self, why: str, sending: ApiRequest) -> CommandError:
        """The site has stopped, or not begun yet, and its files still say where it was."""
        return _no_site(self._folder, f" {self.url}: {why}.")

    def _http_client(self) -> "httpx2.Client":
        client = super()._http_client()
        client.timeout = EXCHANGE_SECONDS
        return client


class SiteCommandSession(CommandSession):
    """A command session with a site instead of the activation server."""

    allows_dry_run = False

    @property
    def folder(self) -> Path:
        """The site's folder: the one that the option or the environment names, or the usual one."""
        return folder_of(self.world, self.options.site, "TENURE_SITE", "site")

    def api(self) -> ApiClient:
        """The site's own API, with the token that lies in its folder."""
        if self._api is None:
            target = target_of(self.folder)
            self._api = SiteApi(target, self.world, self.folder)
        return self._api

    def choose_product(self, named: str) -> str:
        """The product meant: the one named, or the only one there is."""
        if named:
            return named
        answer = self.get("/v1/status")
        products = [each["product"] for each in msgspec.json.decode(answer.body)["products"]]
        if len(products) == 1:
            return str(products[0])
        raise invalid_field(f"Name the product with --product: {', '.join(products)}.", "product")


def folder_of(world: CommandEnvironment, named: str, variable: str, default: str) -> Path:
    """The folder named by option or environment, else the user's own."""
    return Path(named or world.env.get(variable, "") or world.trace_folder / default).expanduser()


def in_folder(command: str, option: str, named: str) -> str:
    """`command` as it has to be typed, in whatever folder, to mean the same folder as `option` did before."""
    return f"{command} {option} {shlex.quote(str(Path(named).expanduser().absolute()))}" if named else command


def target_of(folder: Path) -> RequestTarget:
    """Address and token of the site that runs in `folder`."""
    try:
        address = msgspec.json.decode((folder / "api.json").read_bytes(), type=dict[str, str])
        url, certificate = address["url"], address.get("certificate", "")
        token = (folder / "admin.token").read_text(encoding="ascii").strip()
    except PermissionError as fault:
        raise fail_with(
            Refused(RefusalCode.ACTION_NOT_PERMITTED, f"{fault.filename} belongs to the site's own user.", "site")
        ) from fault
    except (OSError, msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        raise _no_site(folder) from None
    return RequestTarget(url=url, token=token, certificate=certificate)


def _no_site(folder: Path, seen: str = "") -> CommandError:
    """`unreachable`, with this case's own words: nothing was asked of the activation server."""
    there = os.path.exists(folder / "site.toml")  # noqa: PTH110 - a name too long for the system is none
    begin = "tenure site run" if there else "tenure site init"
    what = f"The site in {folder} does not run." if there else f"There is no site in {folder}."
    title = "No administration server runs here."
    cause = "This command speaks to the administration server (site) of this computer, which is not running."
    remedy = f"Start it with `{begin}`, or name the folder of the one that runs with --site."
    return reword_refusal(fail_with(Refused(RefusalCode.UNREACHABLE, f"{what}{seen}", "site")), title, cause, remedy)
