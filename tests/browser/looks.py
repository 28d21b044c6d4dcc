"""One page as everybody sees it, at the desk and on a phone, light and dark, without loading it again.

What a page's markup, layout and colors are told of is left to `accessible`.
"""

from typing import Final

from playwright.sync_api import Page

from tests.browser.accessible import colors, complaints
from tests.browser.conftest import DESKTOP, PHONE, picture

SIZES: Final = {"desk": DESKTOP, "phone": PHONE}


def look_everywhere(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it is shown now, in each size and color scheme; each is kept as a picture.

    `name`: of the pictures, with `{size}` ("desk") or `{width}` ("1280"), and `{scheme}`. Light and dark differ in
    colors alone, so in the dark only these are told of. The page is left as it was found.
    """
    found, before = [], page.viewport_size
    assert before is not None
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        for scheme, look in (("light", complaints), ("dark", colors)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            picture(page, name.format(size=size, width=viewport["width"], scheme=scheme))
            found += [f"{size} {scheme}: {each}" for each in look(page)]
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="light")
    return found
