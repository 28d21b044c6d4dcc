"""What can be told of a page's accessibility by programs: complaints in words, none when all is well.

axe looks at what it calls serious and critical; our own look at the structure adds what the house asks for besides.

Contrast is worked out from the style sheet's tokens elsewhere (`tests/web/test_parts.py`).
"""

from importlib.resources import files

from playwright.sync_api import Page

_LOOK = """() => {
  const found = [];
  const shown = (e) => e.checkVisibility ? e.checkVisibility() : true;
  const text = (e) => (e.getAttribute("aria-label") || e.innerText || e.textContent || "").trim();
  const say = (what, e) => found.push(what + ": " + (e.outerHTML || "").slice(0, 120));
  if (!document.documentElement.lang) found.push("the page does not say its language");
  if (!document.title.trim()) found.push("the page has no title");
  const heads = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].filter(
    (e) => shown(e) && !e.closest("nav"));
  if (heads.filter((e) => e.tagName === "H1").length !== 1) found.push("there is not exactly one h1");
  heads.reduce((before, e) => {
    const level = Number(e.tagName[1]);
    if (level > before + 1) say("a heading skips a level", e);
    if (!text(e)) say("a heading is empty", e);
    return level;
  }, 0);
  if (document.querySelectorAll("main").length !== 1) found.push("there is not exactly one main");
  const first = document.querySelector("a[href], button, input");
  if (!first || first.getAttribute("href") !== "#main") found.push("the first thing reached is not the skip link");
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!(e.labels && e.labels.length) && !e.getAttribute("aria-label")) say("a field has no label", e);
  for (const e of document.querySelectorAll("a[href], button"))
    if (!text(e) && !e.querySelector("img[alt]:not([alt=''])")) say("a control has no name", e);
  for (const e of document.querySelectorAll("a:not([href])")) say("a link leads nowhere", e);
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) say("a picture has no alt", e);
  for (const e of document.querySelectorAll("svg"))
    if (e.getAttribute("aria-hidden") !== "true" && !(e.getAttribute("role") === "img" && e.getAttribute("aria-label")))
      say("a drawing has neither name nor is hidden", e);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) found.push("two things are called " + id);
  for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby]"))
    for (const id of ((e.getAttribute("aria-describedby") || "") + " " + (e.getAttribute("aria-labelledby") || "")).split(" "))
      if (id && !document.getElementById(id)) say("it refers to " + id + ", which is not there", e);
  for (const e of document.querySelectorAll("nav, section"))
    if (!e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) say("a landmark has no name", e);
  for (const e of document.querySelectorAll("th")) if (!e.getAttribute("scope")) say("a heading of a table has no scope", e);
  for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) say("the order of tabbing is forced", e);
  for (const e of document.querySelectorAll("button, .button, .side a, select, input:not([type=hidden], [type=radio], [type=checkbox])")) {
    const box = e.getBoundingClientRect();
    if (shown(e) && box.width && (box.height < 24 || box.width < 24)) say("a target is too small", e);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1)
    found.push("it is wider than the screen by " + (document.documentElement.scrollWidth - document.documentElement.clientWidth));
  return found;
}"""  # noqa: E501


_AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_COLORS = ["color-contrast", "link-in-text-block"]
_RUN = """(only) => axe.run(
    document, {resultTypes: ["violations"], ...(only.length && {runOnly: {type: "rule", values: only}})}
  ).then((told) => told.violations
  .filter((one) => one.impact === "serious" || one.impact === "critical")
  .map((one) => `axe: ${one.id} (${one.impact}), ${one.nodes.length} times: ${one.nodes[0].html.slice(0, 160)}`))"""


def complaints(page: Page) -> list[str]:
    """What is wrong with the page as it is shown now."""
    found: list[str] = page.evaluate(_LOOK)
    return found + serious(page)


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    return _axe(page, [])


def colors(page: Page) -> list[str]:
    """What axe finds serious or critical in the page's colors: all in which a dark page differs from a light one."""
    return _axe(page, _COLORS)


def _axe(page: Page, only: list[str]) -> list[str]:
    """What the rules named `only` find, or without any names all rules; the script stays in the page for the next."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN, only)
    return found
