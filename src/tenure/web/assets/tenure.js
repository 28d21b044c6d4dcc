// Makes pages nicer, never necessary: times in the reader's zone, copy buttons, dialogs, parts that refresh themselves.
"use strict";
(() => {
  const html = document.documentElement;
  let offset = html.dataset.now ? Date.parse(html.dataset.now) - Date.now() : 0;
  const now = () => Date.now() + offset;
  const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const spoken = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  const dayOf = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const momentOf = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });

  const relative = (instant) => {
    const away = (instant - now()) / 1000;
    for (const [unit, seconds] of units) {
      if (Math.abs(away) >= (unit === "month" ? 5270400 : seconds)) return spoken.format(Math.trunc(away / seconds), unit);
    }
    return "now";
  };

  const times = (root) => {
    for (const each of root.querySelectorAll("time[datetime]")) {
      const instant = Date.parse(each.dateTime);
      if (Number.isNaN(instant)) continue;
      if (!each.title) each.title = each.dateTime;
      if ("relative" in each.dataset) each.textContent = relative(instant);
      else if ("moment" in each.dataset) each.textContent = momentOf.format(instant);
      else if ("day" in each.dataset) each.textContent = dayOf.format(instant);
    }
  };

  // A clock that is moved (a sandbox's) is followed by what stands on the page already.
  const follow = (page) => {
    const shown = Date.parse(page.documentElement.dataset.now);
    if (!Number.isNaN(shown)) offset = shown - Date.now();
    const strip = document.querySelector(".sandbox-strip"), fresh = page.querySelector(".sandbox-strip");
    if (strip && fresh) strip.replaceChildren(...fresh.childNodes);
    times(document);
  };

  const copies = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        const before = button.textContent;
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = before; }, 1500);
      });
    }
  };

  // A form that goes twice is done once (it carries a key); this only shows that something is happening.
  const sending = (root) => {
    for (const form of root.querySelectorAll("form[method=post]")) {
      form.addEventListener("submit", () => setTimeout(() => {
        for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-busy", "true");
      }, 0));
    }
  };

  // <div data-poll="/address" data-every="5">: replaced by what the address answers, while the page is looked at.
  const polls = (root) => {
    for (const part of root.querySelectorAll("[data-poll]")) {
      const again = async () => {
        if (!part.isConnected) return;
        if (!document.hidden) {
          try {
            const answer = await fetch(part.dataset.poll, { headers: { "Tenure-Fragment": "1" } });
            if (answer.ok && !answer.redirected) {
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              const found = page.getElementById(part.id);
              follow(page);
              if (found) {
                // What somebody is busy with there is not taken away: a ticked box, an open menu, the keyboard's place.
                const chosen = [...part.querySelectorAll("select")].some((each) => each.selectedIndex > 0);
                const busy = chosen || part.querySelector("input:checked, details[open]") || part.contains(document.activeElement);
                const over = !("poll" in found.dataset);
                if (over && part.dataset.then === "reload") { location.reload(); return; }
                if (over || !busy) { part.replaceChildren(...found.childNodes); enhance(part); }
                if (over) { delete part.dataset.poll; return; }
              }
            }
          } catch { /* The next round may succeed. */ }
        }
        setTimeout(again, 1000 * Math.max(1, Number(part.dataset.every) || 5));
      };
      setTimeout(again, 1000 * Math.max(1, Number(part.dataset.every) || 5));
    }
  };

  // Filters take effect when they are chosen; the button remains for those without script.
  const filters = (root) => {
    for (const form of root.querySelectorAll("form[data-filter]")) {
      for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
    }
  };

  // <form data-check="/address" data-into="id">: asked while somebody types; what comes back stands in the part named.
  // With data-of="name" only typing in that field asks.
  const checks = (root) => {
    for (const form of root.querySelectorAll("form[data-check]")) {
      const into = document.getElementById(form.dataset.into);
      let waits = 0, asked = 0;
      // What was said of another text is not left standing beside this one.
      const stale = () => { if (into.hasAttribute("aria-live")) into.replaceChildren(); };
      const ask = async () => {
        const mine = ++asked;
        try {
          const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)) });
          const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(into.id);
          if (mine !== asked) return;
          if (answer.ok && found) { into.replaceChildren(...found.childNodes); times(into); } else stale();
        } catch { if (mine === asked) stale(); /* The server checks all the same when the form is sent. */ }
      };
      form.addEventListener("input", (event) => {
        if (form.dataset.of && event.target.name !== form.dataset.of) return;
        clearTimeout(waits);
        waits = setTimeout(ask, 350);
      });
    }
  };

  // An open menu closes when one goes elsewhere.
  const menus = (root) => {
    for (const menu of root.querySelectorAll("details.menu")) {
      document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
      menu.addEventListener("keydown", (event) => {
        if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
      });
    }
  };

  const enhance = (root) => { times(root); copies(root); sending(root); filters(root); checks(root); menus(root); };
  enhance(document);
  polls(document);
  setInterval(() => times(document), 30000);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash === "#menu") location.hash = "#main";
  });
})();
