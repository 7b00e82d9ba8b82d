// The parts of a page that live are exchanged for what the server draws now. Without this script
// every page shows the same, once.
"use strict";

(() => {
  const waiting = new Map();
  let isPaused = false;

  // Exchanging what somebody reads, marks or types into would take it away from them.
  const isInUse = (part) => {
    const focused = document.activeElement;
    if (part.contains(focused) && focused.matches("input, textarea, select")) return true;
    const selection = window.getSelection();
    return !!selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  };

  // What a person did to the old part is done to the new one: opened details, the focus, the
  // place to which tables were scrolled.
  const keep = (part) => {
    const all = (selector) => [...part.querySelectorAll(selector)];
    const open = all("details").map((one) => one.open);
    const places = all(".wide, pre").map((one) => [one.scrollLeft, one.scrollTop]);
    const focusable = "a[href], button, summary, [tabindex]";
    const focus = all(focusable).indexOf(document.activeElement);
    return (fresh) => {
      const those = (selector) => [...fresh.querySelectorAll(selector)];
      those("details").forEach((one, at) => { if (open.length > at && one.open !== open[at]) one.open = open[at]; });
      those(".wide, pre").forEach((one, at) => { if (places[at]) [one.scrollLeft, one.scrollTop] = places[at]; });
      if (focus >= 0) those(focusable)[focus]?.focus({ preventScroll: true });
    };
  };

  const exchange = async (id) => {
    const part = document.getElementById(id);
    if (!part) return;
    if (isPaused || document.hidden || isInUse(part)) return plan(part);
    try {
      const response = await fetch(part.dataset.live, { credentials: "same-origin", redirect: "error" });
      const text = await response.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(id);
      if (fresh && !isPaused && document.body.contains(part)) {
        // A part that says the same is left as it is.
        if (fresh.innerHTML !== part.dataset.drawn) {
          const restore = keep(part);
          const drawn = fresh.innerHTML;
          part.replaceWith(fresh);
          fresh.dataset.drawn = drawn;
          restore(fresh);
          dress(fresh);
        } else {
          part.dataset.every = fresh.dataset.every;
        }
      }
      document.documentElement.classList.remove("is-lost");
    } catch {
      document.documentElement.classList.add("is-lost");
    }
    plan(document.getElementById(id));
  };

  const plan = (part) => {
    if (!part) return;
    clearTimeout(waiting.get(part.id));
    waiting.set(part.id, setTimeout(() => exchange(part.id), Math.max(1, Number(part.dataset.every) || 30) * 1000));
  };

  // Text that is there to be copied gets a button for it.
  const dress = (within) => {
    for (const text of within.querySelectorAll("[data-copy]")) {
      if (!navigator.clipboard || text.nextElementSibling?.matches(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      text.after(button);
    }
  };

  const start = () => {
    const parts = document.querySelectorAll("[data-live]");
    for (const part of parts) {
      part.dataset.drawn = part.innerHTML;
      plan(part);
    }
    dress(document);
    const footer = document.querySelector("footer");
    if (!footer || !parts.length) return;
    const button = document.createElement("button");
    button.type = "button";
    const say = () => {
      button.textContent = isPaused ? "Go on updating" : "Stop updating";
      button.setAttribute("aria-pressed", String(isPaused));
    };
    button.addEventListener("click", () => { isPaused = !isPaused; say(); });
    say();
    footer.prepend(button);
    const lost = document.createElement("p");
    lost.className = "lost";
    lost.setAttribute("role", "status");
    lost.textContent = "Howdah does not answer; what is shown is from before.";
    footer.prepend(lost);
  };

  start();
})();
