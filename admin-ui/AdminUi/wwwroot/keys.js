// "/" goes to the search from anywhere that takes no text, Ctrl+K from anywhere but a dialog.
document.addEventListener("keydown", event => {
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, textarea, select, [contenteditable]");
  const palette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (!slash && !palette || document.querySelector("[role=dialog]")) return;
  const find = document.getElementById("find");
  if (!find) return;
  event.preventDefault();
  find.focus();
});

// What the open page offers to do, by the names that its buttons have for every reader.
const offered = () => [...document.querySelectorAll("main .actions > *, main .headline > *, main .rows button")]
  .filter(e => e.matches("button, a") && !e.disabled && e.getAttribute("aria-disabled") !== "true" && e.offsetParent)
  .map(e => [(e.getAttribute("aria-label") ?? e.innerText).trim(), e]).filter(([name]) => name);
window.montalegreKeys = {
  actions: () => [...new Set(offered().map(([name]) => name))],
  act: name => offered().find(([n]) => n === name)?.[1].click(),
  wrong: () => (document.querySelector("main [aria-invalid=true]") ?? document.querySelector("main [data-wrong]"))?.focus(),
  show: id => document.getElementById(id)?.scrollIntoView({ block: "nearest" }),
};

// What has the focus may leave with its row, or be switched off. The focus then stays near: whoever does not see the page must not start at its top.
(() => {
  const stops = "a[href], button:not(:disabled), input:not(:disabled, [type=hidden]), select:not(:disabled), textarea:not(:disabled), summary";
  let held = null, around = [], waiting = 0, wasOff = false;
  const nowhere = () => !document.activeElement || document.activeElement === document.body;
  const gone = () => held && (!held.isConnected || held.disabled);   // the browser itself notices a little later

  document.addEventListener("focusin", event => {
    // A search makes its field anew after a choice, and says itself where the focus goes.
    held = event.target.matches("[role=combobox]") ? null : event.target;
    around = [];
    wasOff = false;
    if (!held) return;
    for (let n = held.parentElement; n && n !== document.body; n = n.parentElement) around.push(n);
  });
  // Somebody who clicks beside everything wants the focus nowhere. A button that was off for a moment lost it, and may be on again by now.
  document.addEventListener("focusout", event => setTimeout(() => {
    if (held !== event.target || !nowhere() || gone() || !document.hasFocus()) return;
    if (wasOff) waiting ||= setTimeout(keep, 150);
    else held = null;
  }));
  // It may be on again before the browser takes the focus from it: then the next press beside it is somebody's own.
  document.addEventListener("pointerdown", () => { if (!held?.disabled) wasOff = false; }, true);

  function keep() {
    waiting = 0;
    if (!held || !nowhere()) return;
    if (held.isConnected && !held.disabled) { held.focus({ preventScroll: true }); return; }
    if (held.isConnected && held.closest("[role=dialog]")) return;   // it works; beside it stands the button that gives up
    for (const place of around.filter(n => n.isConnected)) {
      if (place.id === "main") break;
      const stop = [...place.querySelectorAll(stops)].find(e => e.getClientRects().length > 0);
      if (stop) { stop.focus({ preventScroll: true }); return; }
    }
    const title = document.querySelector("main h1");
    if (!title) return;      // it comes with the page, which is asked again then
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }

  // A button that is off only while it works gets the focus back; a dialog gives it back itself.
  new MutationObserver(() => {
    if (held?.disabled) wasOff = true;
    if (!waiting && held && (gone() || nowhere())) waiting = setTimeout(keep, held.disabled ? 600 : 150);
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
})();

// A dialog takes the focus when it is shown, not a round trip later: what is typed at once goes into it, and who has gone on by then is left there.
(() => {
  const traps = window.mudElementRef, { focusFirst: first, saveFocus: save } = traps ?? {};
  if (!first || !save) return;
  const taken = new WeakSet();
  traps.saveFocus = function (trap) { if (!taken.has(trap)) save.call(this, trap); };
  traps.focusFirst = function (trap, ...rest) {
    const here = document.activeElement;
    if (!trap?.contains(here) || here.matches(".pointer-events-none")) first.call(this, trap, ...rest);   // those turn Tab round at the ends
  };
  new MutationObserver(() => {
    for (const trap of document.querySelectorAll("[role=dialog] .mud-focus-trap")) {
      if (taken.has(trap)) continue;
      traps.saveFocus(trap);
      taken.add(trap);
      traps.focusFirst(trap, 2, 4);   // as the trap itself does: past its two stops, itself when it has nothing else
    }
  }).observe(document.body, { childList: true, subtree: true });
})();
