// A plain table is a list of cards on a phone: each cell then needs the name of its column, and keeps its role whatever it looks like.
(() => {
  const roles = [["table", "table"], ["thead, tbody, tfoot", "rowgroup"], ["tr", "row"], ["thead th", "columnheader"], ["tbody th, tfoot th", "rowheader"], ["td", "cell"]];
  const set = (e, name, value) => { if (e.getAttribute(name) !== value) e.setAttribute(name, value); };
  const name = table => {
    const columns = [...table.querySelectorAll("thead th")];
    const names = columns.map(c => c.querySelector(".sr") ? "" : c.textContent.trim());
    for (const row of table.querySelectorAll("tbody tr, tfoot tr"))
      [...row.cells].forEach((cell, at) => set(cell, "data-column", names[at] ?? ""));
    for (const [what, role] of roles)
      for (const e of what === "table" ? [table] : table.querySelectorAll(what)) set(e, "role", role);
  };
  let waiting = false;
  const all = () => { waiting = false; document.querySelectorAll("table.plain:not(.events)").forEach(name); };
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(all);
  }).observe(document.body, { childList: true, subtree: true });
  all();
})();
