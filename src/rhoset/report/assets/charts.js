"use strict";
// State of the page. Vega draws the charts; nothing is loaded from the network.

const root = document.documentElement;
const stored = (() => { try { return localStorage.getItem("rhoset-theme"); } catch { return null; } })();
const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const viewers = [];

// Charts: drawn when they come into view, drawn again in other colours when the theme changes.

const shared = JSON.parse(document.getElementById("shared").textContent);
const drawn = new Map();

function rowsOf(place) {
  const table = JSON.parse(place.querySelector("script").textContent);
  return table.rows.map(row => Object.fromEntries(table.columns.map((name, k) => [name, row[k]])));
}

async function drawChart(place) {
  const theme = root.dataset.theme, width = place.clientWidth;
  if (!width) return;
  const known = drawn.get(place);
  if (known && known.theme === theme) return;
  const rows = known ? known.rows : rowsOf(place);
  drawn.set(place, {theme, rows, view: known?.view});
  const box = known ? place.firstElementChild : place.insertBefore(document.createElement("div"), place.firstChild);
  const themed = shared.themes[theme], narrow = width < 460;
  const config = {...themed, legend: {...themed.legend, ...(narrow && {columns: 2})}};
  if (narrow) config.axis = {...themed.axis, tickCount: 4, labelFontSize: 11};
  const spec = {...shared.specs[+place.dataset.spec], data: {name: "rows", values: rows}};
  const made = await vegaEmbed(box, spec, {
    ast: true, renderer: "svg", config, tooltip: {theme},
    actions: {export: true, source: false, compiled: false, editor: false},
    downloadFileName: "rhoset-" + [...place.classList].pop(),
  });
  known?.view?.finalize();
  drawn.get(place).view = made.view;
  place.dataset.ready = "yes";
  const circuit = place.closest(".circuit");
  if (circuit && place.classList.contains("slots")) {
    made.view.addEventListener("mouseover", (_, item) => { if (item?.datum?.b !== undefined) markSlot(circuit, item.datum.row, item.datum.column); });
    made.view.addEventListener("mouseout", () => markSlot(circuit, -1, -1));
  }
}

const inView = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) drawChart(entry.target);
}, {rootMargin: "300px"});

// The others of the open sections follow one by one, so that nothing is missing on paper.
async function drawOthers() {
  for (const place of document.querySelectorAll(".chart")) {
    await new Promise(go => setTimeout(go));
    if (!drawn.has(place)) await drawChart(place);
  }
}

function recolourCharts() {
  for (const place of drawn.keys()) {  // those out of view are drawn again when they come back
    const {top, bottom} = place.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight) drawChart(place);
    inView.unobserve(place);
    inView.observe(place);
  }
}
