"""Whether everything on a page has room: nothing wider than the window, cut off, outside its card, or over other text.

The page is measured as it stands, at every width and in every font asked for, without being loaded again.
"""

from collections.abc import Iterable

from playwright.sync_api import Page

WIDTHS = (320, 390, 640, 800, 1024, 1280, 1600, 2560)
"""CSS pixels. 640 is a window of 1280 at 200 %, 320 one of 640."""
FONTS = {
    "narrow": '"DejaVu Sans Condensed", "Liberation Sans Narrow", "Arial Narrow", sans-serif',
    "wide": '"DejaVu Sans", Verdana, sans-serif',
    "serif": '"DejaVu Serif", "Liberation Serif", serif',
    "monospace": '"DejaVu Sans Mono", "Liberation Mono", monospace',
}

_LOOK = """(fonts) => {
  const root = document.documentElement, found = {};
  const called = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") +
    (typeof e.className === "string" && e.className ? "." + e.className.trim().split(/\\s+/).join(".") : "");
  const near = (e) => (e.parentElement ? called(e.parentElement) + " > " : "") + called(e);
  const BOXES = ".card, .notice, .banner, .button, .badge, .code-once, td, th, .menu ul, .tally, .sandbox-strip";
  const clips = (e) => ["hidden", "clip"].includes(getComputedStyle(e).overflowX);
  const unseen = (e) => !e.checkVisibility({visibilityProperty: true}) || e.closest(".unseen, .skip, option, title, desc, thead");
  const look = (say) => {
    const wide = root.clientWidth;
    if (root.scrollWidth > wide + 1) say("the page is wider than the window", "by " + (root.scrollWidth - wide));
    const texts = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const e = node.parentElement;
      if (!node.data.trim() || !e || unseen(e) || e.closest("script, style")) continue;
      if (e.closest("thead") && getComputedStyle(e.closest("thead")).clipPath !== "none") continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const scrolls = e.closest(".scroll, .side, textarea, pre");
      for (const r of range.getClientRects()) {
        if (r.width < 1 || r.height < 1) continue;
        const words = node.data.trim().slice(0, 40);
        if (!scrolls && (r.right > wide + 1 || r.left < -1)) say("outside the window", words + " in " + near(e));
        for (let up = e; up && up !== root; up = up.parentElement) {
          if (up.closest("svg") || scrolls) break;
          const box = up.getBoundingClientRect(), cut = clips(up);
          if ((cut || up.matches(BOXES)) && (r.right > box.right + 1 || r.left < box.left - 1)) {
            if (getComputedStyle(up).textOverflow !== "ellipsis" || !up.title)
              say(cut ? "cut off" : "outside its box", words + " in " + near(e) + " of " + called(up));
            break;
          }
          if (cut && box.height && (r.bottom > box.bottom + 2 || r.top < box.top - 2)) {
            say("cut off below", words + " in " + near(e) + " of " + called(up)); break;
          }
        }
        if (!e.closest(".side")) texts.push([r, node, words]);
      }
    }
    for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, .button, img, figure > svg, table, dl, ul")) {
      const card = e.closest(".card, main"), r = e.getBoundingClientRect();
      if (!card || unseen(e) || e.closest(".scroll") || !r.width) continue;
      const box = card.getBoundingClientRect();
      if (r.right > box.right + 1 || r.left < box.left - 1) say("outside its card", near(e) + " of " + called(card));
    }
    texts.sort((a, b) => a[0].top - b[0].top);
    for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length && texts[j][0].top < texts[i][0].bottom - 4; j++) {
      const [a, one, first] = texts[i], [b, other, second] = texts[j];
      if (one === other) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 2 && down > 4) say("over each other", first + " | " + second);
    }
  };
  for (const [name, font] of Object.entries(fonts)) {
    root.style.setProperty("--font", font);
    if (name === "monospace") root.style.setProperty("--mono", font);
    look((what, where) => { (found[what + ": " + where] ||= []).push(name); });
    root.style.removeProperty("--font"); root.style.removeProperty("--mono");
  }
  return Object.entries(found).map(([what, names]) => what + " (" + names.join(", ") + ")");
}"""  # noqa: E501


def cramped(page: Page, widths: Iterable[int] = WIDTHS, *, text_percent: int = 100) -> list[str]:
    """What has no room on this page, by width; `text_percent` is how large the reader has set the letters."""
    told = []
    page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", f"{93.75 * text_percent / 100}%")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        told += [f"{width}: {each}" for each in page.evaluate(_LOOK, FONTS)]
    page.evaluate("() => { document.documentElement.style.removeProperty('font-size'); }")
    return told
