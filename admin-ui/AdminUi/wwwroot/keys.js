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
