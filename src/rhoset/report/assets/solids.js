// The viewer of ρ-sets: turn, name the points, mark a slot, apply a group element.

class Solid {
  // The figure lives in ℝ^d; `turn` is a d×d rotation, and the first three rows of turn·point are shown.
  constructor(canvas) {
    this.canvas = canvas;
    const data = shared.solids[+canvas.dataset.solid];
    this.points = data.p; this.edges = data.e; this.faces = data.f; this.weights = data.w;
    this.hue = data.c; this.names = data.n || []; this.moves = data.m || [];
    this.at = data.p.map((_, k) => k);  // where each point is now
    this.marked = {b: -1, c: -1}; this.slot = -1;
    this.dim = Math.max(3, this.points[0].length);
    this.points = this.points.map(p => [...p, ...Array(this.dim - p.length).fill(0)]);
    this.places = this.points;
    this.turn = Array.from({length: this.dim}, (_, i) => Array.from({length: this.dim}, (_, j) => +(i === j)));
    this.flat = data.p[0].length < 3;
    this.zoom = 1; this.spinning = !still.matches && !this.flat; this.visible = false; this.hidden = 0;
    if (!this.flat) { this.rotate(1, 2, 0.34); this.rotate(0, 2, 0.42); }
    this.recolour();
    this.listen();
    new IntersectionObserver(seen => {
      const was = this.visible;
      this.visible = seen[seen.length - 1].isIntersecting;
      if (this.visible && !was) { this.last = undefined; requestAnimationFrame(t => this.frame(t)); }
    }).observe(canvas);
    new ResizeObserver(() => this.draw()).observe(canvas);
  }
  recolour() {
    const style = getComputedStyle(root);
    const read = name => style.getPropertyValue(name).trim();
    this.colour = read(`--c${this.hue}`); this.ink = read("--ink"); this.card = read("--card"); this.soft = read("--soft");
    this.draw();
  }
  rotate(i, j, angle) {
    const c = Math.cos(angle), s = Math.sin(angle), a = this.turn[i], b = this.turn[j];
    for (let k = 0; k < this.dim; k++) { const x = a[k], y = b[k]; a[k] = c * x - s * y; b[k] = s * x + c * y; }
  }
  frame(time) {
    if (!this.visible) return;
    if (this.last !== undefined && this.spinning && !this.held) {
      const passed = Math.min(time - this.last, 60) / 1000;
      this.rotate(0, 2, 0.28 * passed);
      for (let k = 3; k < this.dim; k++) this.rotate(k % 2, k, 0.16 * passed / (k - 2));
    }
    const moved = this.spinning || this.dirty;
    this.last = time;
    if (moved) this.draw();
    requestAnimationFrame(t => this.frame(t));
  }
  draw() {
    const canvas = this.canvas, ratio = Math.min(devicePixelRatio || 1, 2.5);
    const w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w || !h) return;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio);
    }
    this.dirty = false;
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, w, h);
    const distance = 4.2, size = Math.min(w, h) * 0.4 * this.zoom;
    const seen = this.points.map(p => {
      const v = [0, 1, 2].map(i => this.turn[i].reduce((sum, t, k) => sum + t * p[k], 0));
      const near = distance / (distance - v[2]);
      return {x: w / 2 + size * v[0] * near, y: h / 2 - size * v[1] * near, z: v[2], near, v};
    });
    this.seen = seen;
    const items = [];
    for (const face of this.faces) {
      const z = face.reduce((sum, k) => sum + seen[k].z, 0) / face.length;
      items.push({z: z - 0.002, paint: () => this.paintFace(g, face.map(k => seen[k]))});
    }
    for (const [a, b] of this.edges) items.push({z: (seen[a].z + seen[b].z) / 2, paint: () => this.paintEdge(g, seen[a], seen[b])});
    seen.forEach((p, k) => items.push({z: p.z + 0.004, paint: () => this.paintPoint(g, p, k)}));
    items.sort((a, b) => a.z - b.z);
    for (const item of items) item.paint();
    g.globalAlpha = 1;
    this.paintNames(g, seen);
  }
  paintNames(g, seen) {
    const few = this.names.length <= 24, {b, c} = this.marked;
    g.font = "12px system-ui, sans-serif"; g.lineJoin = "round"; g.lineWidth = 3; g.strokeStyle = this.card;
    seen.forEach((p, k) => {
      if (!this.names[k] || !(few || k === b || k === c)) return;
      g.globalAlpha = k === b || k === c ? 1 : 0.35 + 0.6 * Math.max(0, Math.min(1, (p.z + 1) / 2));
      const text = this.names[k] + (k === b && k === c ? "  b, c" : k === b ? "  b" : k === c ? "  c" : "");
      g.strokeText(text, p.x + 10, p.y - 8); g.fillStyle = this.ink; g.fillText(text, p.x + 10, p.y - 8);
    });
    g.globalAlpha = 1; g.lineWidth = 2.5; g.strokeStyle = this.ink;
    for (const [k, r, dash] of [[b, 13, []], [c, 18, [4, 3]]]) {
      if (k < 0 || !seen[k]) continue;
      g.setLineDash(dash); g.beginPath(); g.arc(seen[k].x, seen[k].y, r, 0, 7); g.stroke();
    }
    g.setLineDash([]);
  }
  mark(b, c) {
    const side = this.canvas.dataset.side || "bc";
    this.marked = {b: side.includes("b") ? b : -1, c: side.includes("c") ? c : -1};
    this.draw();
  }
  apply(move) {
    if (this.moving) return;
    const start = this.at.map(k => this.places[k]), end = this.at.map(k => move.p[k]);
    const finish = () => { this.at = end; this.points = end.map(k => this.places[k]); this.moving = false; this.draw(); };
    if (still.matches) { finish(); return; }
    this.moving = true;
    const begun = performance.now(), length = 1100;
    const step = now => {
      const passed = Math.min(1, Math.max(0, (now - begun) / length)), t = passed * passed * (3 - 2 * passed);
      if (passed >= 1) { finish(); return; }
      this.points = start.map(p => moved(p, move, t));
      this.draw();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
  paintFace(g, corners) {
    const [a, b, c] = corners.map(p => p.v);
    const u = [0, 1, 2].map(i => b[i] - a[i]), t = [0, 1, 2].map(i => c[i] - a[i]);
    const n = [u[1] * t[2] - u[2] * t[1], u[2] * t[0] - u[0] * t[2], u[0] * t[1] - u[1] * t[0]];
    const light = (n[0] * -0.35 + n[1] * 0.6 + n[2] * 0.72) / (Math.hypot(...n) || 1);
    g.beginPath();
    corners.forEach((p, k) => k ? g.lineTo(p.x, p.y) : g.moveTo(p.x, p.y));
    g.closePath();
    g.globalAlpha = 0.16 + 0.2 * Math.max(0, light);
    g.fillStyle = this.colour; g.fill();
    if (light > 0) { g.globalAlpha = 0.13 * light; g.fillStyle = "#fff"; g.fill(); }
  }
  paintEdge(g, a, b) {
    const near = Math.max(0, Math.min(1, ((a.z + b.z) / 2 + 1) / 2)), crowd = Math.min(1, 60 / this.edges.length + 0.25);
    g.globalAlpha = (0.2 + 0.75 * near) * crowd;
    g.strokeStyle = this.colour; g.lineWidth = (0.9 + 1.9 * near) * Math.min(1, crowd + 0.2); g.lineCap = "round";
    g.beginPath(); g.moveTo(a.x, a.y); g.lineTo(b.x, b.y); g.stroke();
  }
  paintPoint(g, p, k) {
    const share = this.weights.length ? Math.sqrt(this.weights[k] * this.weights.length) : 1;
    const base = this.points.length > 40 ? 4 : 6.5;
    const r = Math.max(1.6, base * Math.min(share, 2)) * p.near;
    g.globalAlpha = 0.45 + 0.55 * Math.max(0, Math.min(1, (p.z + 1) / 2));
    if (this.weights.length && this.weights[k] < 1e-3) {  // no neuron writes here
      g.beginPath(); g.arc(p.x, p.y, base * 0.62 * p.near, 0, 7); g.fillStyle = this.card; g.fill();
      g.strokeStyle = this.soft; g.lineWidth = 1.3; g.setLineDash([2.5, 2.5]); g.stroke(); g.setLineDash([]);
      return;
    }
    g.beginPath(); g.arc(p.x, p.y, r, 0, 7); g.fillStyle = this.colour; g.fill();
    g.strokeStyle = this.card; g.lineWidth = 1.5; g.stroke();
    g.globalAlpha *= 0.5; g.fillStyle = "#fff";
    g.beginPath(); g.arc(p.x - r * 0.3, p.y - r * 0.32, r * 0.32, 0, 7); g.fill();
  }
  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", e => {
      this.held = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId);
    });
    canvas.addEventListener("pointermove", e => {
      if (!this.held) return;
      const dx = e.clientX - this.held[0], dy = e.clientY - this.held[1];
      this.held = [e.clientX, e.clientY];
      if (e.shiftKey && this.dim > 3) this.rotate(0, 3, dx * 0.008); else this.rotate(0, 2, -dx * 0.008);
      this.rotate(1, 2, dy * 0.008); this.draw();
    });
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => { this.held = null; });
    canvas.addEventListener("keydown", e => {
      const step = 0.12;
      const act = {ArrowLeft: () => this.rotate(0, 2, step), ArrowRight: () => this.rotate(0, 2, -step),
        ArrowUp: () => this.rotate(1, 2, -step), ArrowDown: () => this.rotate(1, 2, step),
        "+": () => { this.zoom = Math.min(3, this.zoom * 1.15); }, "-": () => { this.zoom = Math.max(0.4, this.zoom / 1.15); },
        " ": () => this.toggle(), "[": () => this.stepSlot(-1), "]": () => this.stepSlot(1)}[e.key];
      if (act) { act(); this.draw(); e.preventDefault(); }
    });
    const controls = canvas.nextElementSibling;
    if (!controls?.classList.contains("turn")) return;
    this.button = controls.querySelector("button");
    this.button.addEventListener("click", () => this.toggle());
    const slider = controls.querySelector("input");
    if (slider) slider.addEventListener("input", () => {
      const angle = slider.value * Math.PI / 180;
      for (let k = 3; k < this.dim; k++) this.rotate(k % 2, k, angle - this.hidden);
      this.hidden = angle; this.draw();
    });
    const select = controls.querySelector("select");
    if (select && this.moves.length) {
      select.append(new Option("a group element", ""), ...this.moves.map((m, k) => new Option(m.g, k)), new Option("start again", "start"));
      select.addEventListener("change", () => {
        if (select.value === "start") { this.at = this.at.map((_, k) => k); this.points = this.places; this.draw(); }
        else if (select.value !== "") this.apply(this.moves[+select.value]);
        select.value = "";
      });
    } else if (select) select.parentElement.remove();
    this.say();
  }
  stepSlot(by) {
    const [p, q] = (this.canvas.dataset.slots || "0 0").split(" ").map(Number), circuit = this.canvas.closest(".circuit");
    if (!p || !q || !circuit) return;
    this.slot = ((this.slot < 0 && by < 0 ? 0 : this.slot) + by + p * q) % (p * q);
    markSlot(circuit, Math.floor(this.slot / q), this.slot % q);
  }
  toggle() { this.spinning = !this.spinning; this.say(); }
  say() { if (this.button) this.button.textContent = this.spinning ? "Pause" : "Turn"; }
}

// A point of ℝ^d on its way under a group element: turns by t of their angles, a mirror through the flat figure.
function moved(point, move, t) {
  const out = [...point], dot = v => v.reduce((sum, x, k) => sum + x * point[k], 0);
  const add = (v, amount) => v.forEach((x, k) => { out[k] += amount * x; });
  for (const [angle, u, v] of move.t) {
    const a = dot(u), b = dot(v), c = Math.cos(t * angle), s = Math.sin(t * angle);
    add(u, a * c - b * s - a); add(v, a * s + b * c - b);
  }
  for (const w of move.r) add(w, dot(w) * (Math.cos(Math.PI * t) - 1));
  return out;
}

function markSlot(circuit, b, c) {
  for (const viewer of viewers) if (circuit.contains(viewer.canvas)) viewer.mark(b, c);
}

function openViewers(element) {
  for (const canvas of element.querySelectorAll("canvas.solid:not([data-ready])")) {
    canvas.dataset.ready = "yes";
    viewers.push(new Solid(canvas));
  }
}
