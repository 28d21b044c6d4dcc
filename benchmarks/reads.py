"""What administrators ask of a site with very many devices: the local API and the console's pages, over HTTP."""

import html
import re
import statistics
import time
from collections.abc import Iterator

import httpx2

from benchmarks.claims import Shipped
from benchmarks.in_process import PRODUCT
from tenure.http.paging import next_cursor

ROUNDS = 7
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def asked(site: Shipped, devices: int) -> Iterator[tuple[str, float]]:
    """Every question with the median of its milliseconds."""
    bearer = {"Authorization": f"Bearer {site.token}"}
    for name, path in _of_api(devices).items():
        yield name, _median(site.api, path, bearer)
    _sign_in(site)
    for name, path in _of_console().items():
        yield f"console: {name}", _median(site.api, path, {})


def _of_api(devices: int) -> dict[str, str]:
    middle = next_cursor(devices // 2)
    return {
        "devices, first page": "/v1/devices?limit=50",
        "devices, a page in the middle": f"/v1/devices?limit=200&cursor={middle}",
        "search, many found": "/v1/devices?q=device+77",
        "search, one found": f"/v1/devices?q=device+{devices - 777}",
        "search, none found": "/v1/devices?q=nowhere",
        "no seat": "/v1/devices?state=waiting",
        "no seat, by reason": "/v1/devices?reason=seat_not_assigned",
        "not counted": "/v1/devices?counted=false",
        "silent for 30 days (none)": "/v1/devices?silent_days=30",
        "of one group, searched": "/v1/devices?group=Group+7&q=nowhere",
        "protected, of one product": f"/v1/devices?product={PRODUCT}&state=protected&limit=200",
        "counts by state, group, reason": "/v1/device-counts",
        "groups": "/v1/groups?limit=200",
        "distribution": f"/v1/licenses/{PRODUCT}/distribution",
        "idle for 30 days": f"/v1/licenses/{PRODUCT}/idle-devices?days=30",
        "duplicates": "/v1/duplicates",
        "licenses": "/v1/licenses",
        "latest events": "/v1/events",
        "use, 30 days, 20 groups": "/v1/usage",
        "use, 800 days, 20 groups, CSV": "/v1/usage.csv?days=800",
    }


def _of_console() -> dict[str, str]:
    return {
        "overview": "/",
        "devices": "/devices",
        "search, none found": "/devices?q=nowhere",
        "no seat": "/devices?state=waiting",
        "one group": "/groups/Group%207",
        "use, 365 days": "/reports?days=365",
    }


def _median(http: httpx2.Client, path: str, headers: dict[str, str]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = http.get(path, headers=headers)
        taken.append((time.perf_counter() - begun) * 1_000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:400]}")
    return statistics.median(taken)


def _sign_in(site: Shipped) -> None:
    form = site.api.get("/sign-in?way=token", follow_redirects=True).text
    hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(form)}
    answer = site.api.post(
        "/sign-in",
        data={**hidden, "next": "/", "token": site.token},
        headers={"Origin": str(site.api.base_url).rstrip("/")},
    )
    if answer.status_code not in (302, 303):
        raise RuntimeError(f"the console refuses the sign-in: {answer.status_code}")
