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
  // What does not change with the font is found once: this is measured some thousand times.
  const wide = root.clientWidth, seen = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const about = new Map();
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const e = node.parentElement;
    if (!e || !node.data.trim()) continue;
    if (!about.has(e)) {
      const head = e.closest("thead");
      if (unseen(e) || e.closest("script, style") || (head && getComputedStyle(head).clipPath !== "none")) about.set(e, null);
      else {
        const ups = [];
        for (let up = e; up && up !== root; up = up.parentElement) {
          if (up.closest("svg")) break;
          const cut = clips(up), box = up.matches(BOXES);
          if (cut || box) ups.push([up, cut, box]);
        }
        about.set(e, {ups, scrolls: e.closest(".scroll, .side, textarea, pre"), side: e.closest(".side")});
      }
    }
    const known = about.get(e);
    if (!known) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    seen.push([node, e, range, known, node.data.trim().slice(0, 40)]);
  }
  const things = [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, .button, img, figure > svg, table, dl, ul")]
    .filter((e) => e.closest(".card, main") && !unseen(e) && !e.closest(".scroll")).map((e) => [e, e.closest(".card, main")]);
  const look = (say) => {
    if (root.scrollWidth > wide + 1) say("the page is wider than the window", "by " + (root.scrollWidth - wide));
    const texts = [], boxes = new Map();
    const boxOf = (e) => { if (!boxes.has(e)) boxes.set(e, e.getBoundingClientRect()); return boxes.get(e); };
    for (const [node, e, range, {ups, scrolls, side}, words] of seen) {
      for (const r of range.getClientRects()) {
        if (r.width < 1 || r.height < 1) continue;
        if (!scrolls && (r.right > wide + 1 || r.left < -1)) say("outside the window", words + " in " + near(e));
        if (!scrolls) for (const [up, cut, isBox] of ups) {
          const box = boxOf(up);
          if ((cut || isBox) && (r.right > box.right + 1 || r.left < box.left - 1)) {
            if (getComputedStyle(up).textOverflow !== "ellipsis" || !up.title)
              say(cut ? "cut off" : "outside its box", words + " in " + near(e) + " of " + called(up));
            break;
          }
          if (cut && box.height && (r.bottom > box.bottom + 2 || r.top < box.top - 2)) {
            say("cut off below", words + " in " + near(e) + " of " + called(up)); break;
          }
        }
        if (!side) texts.push([r, node, words]);
      }
    }
    for (const [e, card] of things) {
      const r = e.getBoundingClientRect(), box = boxOf(card);
      if (r.width && (r.right > box.right + 1 || r.left < box.left - 1)) say("outside its card", near(e) + " of " + called(card));
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


_CUT = """(own) => [...document.querySelectorAll("select")].filter((e) => e.checkVisibility()).flatMap((select) => {
  const look = getComputedStyle(select), pen = document.createElement("canvas").getContext("2d");
  pen.font = look.font;
  const arrow = 20, room = select.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight) - arrow;
  return [...select.options].map((option) => option.text).filter((text) => !own.some((each) => text.includes(each)))
    .filter((text) => pen.measureText(text).width > room).map((text) => select.name + ": " + text);
})"""


def cut_choices(page: Page, own: Iterable[str] = (), width: int = 390) -> list[str]:
    """Texts of closed choices that cannot be read to their end, without those that hold one of `own` names."""
    page.set_viewport_size({"width": width, "height": 900})
    return list(page.evaluate(_CUT, list(own)))
