function setTheme(theme) {
  root.dataset.theme = theme;
  const button = document.getElementById("theme");
  if (button) {
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
  }
  for (const viewer of viewers) viewer.recolour();
  recolourCharts();
}
setTheme(stored || (darkByDefault.matches ? "dark" : "light"));
darkByDefault.addEventListener("change", e => { if (!stored) setTheme(e.matches ? "dark" : "light"); });

// Theme, sections, keys and the sorting of tables.

function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
}

function sortBy(header) {
  const table = header.closest("table"), body = table.tBodies[0], column = header.cellIndex;
  const up = header.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const rows = [...body.rows].sort((a, b) => {
    const x = value(a), y = value(b), numeric = x !== "" && y !== "" && !isNaN(x) && !isNaN(y);
    return (numeric ? x - y : x.localeCompare(y)) * (up ? 1 : -1);
  });
  body.append(...rows);
}

document.addEventListener("DOMContentLoaded", () => {
  setTheme(root.dataset.theme);
  document.getElementById("theme")?.addEventListener("click", () => {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    setTheme(theme);
    try { localStorage.setItem("rhoset-theme", theme); } catch { /* a page from disk may have no storage */ }
  });
  for (const header of document.querySelectorAll("th button")) header.addEventListener("click", () => sortBy(header.parentElement));
  const sections = [...document.querySelectorAll("details.network")];
  for (const section of sections) {
    section.addEventListener("toggle", () => { if (section.open) openViewers(section); });
  }
  const all = document.getElementById("open-all");
  if (all) all.addEventListener("click", () => {
    const open = sections.some(s => !s.open);
    for (const section of sections) section.open = open;
    all.textContent = open ? "Close all" : "Open all";
  });
  document.addEventListener("keydown", e => {
    if (e.target.closest("input, select, textarea") || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key !== "j" && e.key !== "k") return;
    // From the section that has the focus; without one, from the place of the page. Scrolling may still be under way.
    const top = s => s.getBoundingClientRect().top;
    const here = sections.findIndex(s => s.contains(document.activeElement));
    const above = sections.filter(s => top(s) < 50).length;
    const next = sections[here >= 0 ? here + (e.key === "j" ? 1 : -1) : e.key === "j" ? above : above - 1];
    if (next) { next.scrollIntoView(); next.querySelector("summary").focus({preventScroll: true}); }
  });
  if (sections.length) sections.filter(s => s.open).forEach(openViewers); else openViewers(document);
  for (const place of document.querySelectorAll(".chart")) inView.observe(place);
  drawOthers();
  addEventListener("hashchange", openTarget);
  openTarget();
  root.dataset.loaded = "yes";
});
