// skipd's dashboard: everything comes from server-sent events, nothing is kept on the server, and the history lives in this page.
// Names of streams and labels are hostile: they enter the page as text only, never as markup.
"use strict";

const $ = id => document.getElementById(id);
const text = (node, value) => { if (node.textContent !== value) node.textContent = value; };
const element = (tag, className = "", content = "") => Object.assign(document.createElement(tag), { className, textContent: content });
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Numbers

const compact = n => {
  if (!isFinite(n)) return "–";
  const unit = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]].find(([size]) => Math.abs(n) >= size);
  if (!unit) return n >= 100 || Number.isInteger(n) ? Math.round(n).toLocaleString("en") : n.toFixed(1);
  const scaled = n / (unit[1] === "k" ? 1e3 : unit[0]);
  return scaled.toFixed(scaled < 100 ? 1 : 0) + " " + unit[1];
};
const percent = r => !isFinite(r) ? "–" : (r * 100).toFixed(r > 0 && r < 0.01 ? 2 : 1) + " %";
const seconds = s => s < 1e-3 ? "0 ms" : s < 1 ? Math.round(s * 1e3) + " ms" : s < 120 ? (s < 10 ? s.toFixed(1) : Math.round(s)) + " s"
  : s < 7200 ? Math.round(s / 60) + " min" : Math.round(s / 3600) + " h";
const plural = (n, one, many = one + "s") => `${compact(n)} ${n === 1 ? one : many}`;

// Colours: canvases take them from the style sheet, so that both themes are defined once.

let colours = {};
const readColours = () => {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["card", "line", "ink", "quiet", "read", "skipped", "omitted", "lost", "grid", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"])
    colours[name] = style.getPropertyValue("--" + name).trim();
};
const tint = label => label < 0 ? "quiet" : "c" + label % 8;
const paintTint = (node, label) => node.style.setProperty("--tint", `var(--${tint(label)})`);

/// A canvas, sized to its box, with one unit a CSS pixel.
const surface = canvas => {
  const { width, height } = canvas.getBoundingClientRect(), scale = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.lineJoin = "round";
  return { context, width, height };
};

// Overall rates

/// The status events of the last five minutes.
let history = [];
const span = 300, window_ = 2;
const pointer = { chart: null, x: 0 };

const since = (status, age) => {
  let index = history.length - 1;
  while (index > 0 && status.time - history[index].time < age) index--;
  return history[index];
};
const rates = (now, then) => {
  const time = now.time - then.time, d = key => now.timesteps[key] - then.timesteps[key];
  if (!(time > 0)) return null;
  const [read, skipped] = [d("updated"), d("skipped")];
  return { time: now.time, read: read / time, skipped: skipped / time, messages: (now.messages - then.messages) / time,
    results: (now.results - then.results) / time, busy: (now.busy - then.busy) / time, ratio: read + skipped > 0 ? read / (read + skipped) : NaN };
};

const showStatus = status => {
  if (history.length && status.messages < history.at(-1).messages) history = [];
  status.rates = history.length ? rates(status, since(status, window_)) : null;
  history.push(status);
  while (status.time - history[0].time > span) history.shift();

  const t = status.timesteps, arrived = t.updated + t.skipped + t.stale + t.rejected, now = status.rates;
  text($("version"), status.version);
  linkState(status.draining ? "bad" : "live", status.draining ? "stopping" : "live");
  text($("timestep-rate"), now ? compact(now.read + now.skipped) : "–");
  text($("timestep-total"), compact(arrived) + " since the start");
  text($("update-rate"), percent(now && isFinite(now.ratio) ? now.ratio : t.updated / (t.updated + t.skipped)));
  text($("update-total"), now && isFinite(now.ratio) ? compact(now.read) + " updates/s" : "since the start");
  text($("message-rate"), now ? compact(now.messages) : "–");
  text($("dropped"), status.dropped ? compact(status.dropped) + " refused" : "none refused");
  $("dropped").classList.toggle("warn", status.dropped > 0);
  text($("result-rate"), now ? compact(now.results) : "–");
  text($("result-total"), compact(status.results) + " in all");
  text($("stream-count"), compact(status.streams));
  text($("connection-count"), plural(status.connections, "connection"));
  text($("lag"), seconds(status.lag));
  $("lag").classList.toggle("warn", status.lag > 1);
  text($("busy"), now ? percent(Math.min(now.busy, 1)) + " busy" : "");
  showFates(t);
  showModels(status.models);
  if (!$("overview").hidden) drawCharts();
};

const fateNames = { updated: "read", skipped: "skipped", omitted: "never sent, not needed", lost: "lost", stale: "stale", rejected: "rejected" };
const showFates = fates => {
  const [bar, keys] = [$("fates"), $("fate-keys")];
  if (!bar.children.length) {
    for (const [fate, name] of Object.entries(fateNames)) {
      bar.append(element("i", fate));
      const key = element("li", "key");
      key.append(element("i", fate), name, element("b"));
      keys.append(key);
    }
  }
  Object.keys(fateNames).forEach((fate, index) => {
    bar.children[index].style.flexGrow = fates[fate];
    bar.children[index].hidden = !fates[fate];
    text(keys.children[index].lastChild, compact(fates[fate]));
    keys.children[index].hidden = !fates[fate] && fate !== "updated" && fate !== "skipped";
  });
};

const showModels = models => {
  const parent = $("models");
  while (parent.children.length > models.length) parent.lastChild.remove();
  models.forEach((model, index) => {
    let node = parent.children[index];
    if (!node) {
      parent.append(node = element("span", "quiet"));
      node.append("model ", element("b"), element("span"), element("code"));
    }
    text(node.children[0], model.name);
    text(node.children[1], ` · ${plural(model.streams, "stream")} · ${model.timesteps ? percent(model.updates / model.timesteps) + " read" : "nothing read yet"} · `);
    text(node.children[2], model.identity.slice(0, 12));
  });
};

const niceTop = value => {
  const decade = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 2, 3, 4, 5, 6, 8, 10].map(step => step * decade).find(top => top >= value * 1.02) ?? 10 * decade;
};

/// Draws areas over time, stacked from the first up, and the values under the pointer.
const drawChart = (canvas, readout, series, label, describe) => {
  const { context: c, width, height } = surface(canvas);
  const points = history.filter(status => status.rates).map(status => status.rates);
  const end = history.at(-1)?.time ?? 0, length = Math.min(span, Math.max(30, end - (points[0]?.time ?? end)));
  const [left, right, top, bottom] = [46, 4, 8, 20], [w, h] = [width - left - right, height - top - bottom];
  const sums = points.map(point => series.reduce((sum, [key]) => sum + (isFinite(point[key]) ? point[key] : 0), 0));
  const peak = niceTop(Math.max(...sums, label === percent ? 0.02 : 1));
  const maximum = label === percent ? Math.min(peak, 1) : peak;
  const x = time => left + w * (1 - (end - time) / length), y = value => top + h * (1 - Math.min(value / maximum, 1));

  c.textBaseline = "middle";
  for (const part of [0, 0.5, 1]) {
    c.fillStyle = colours.grid;
    c.fillRect(left, Math.round(y(part * maximum)), w, 1);
    c.fillStyle = colours.quiet;
    c.textAlign = "right";
    c.fillText(label === percent ? +(part * maximum * 100).toPrecision(3) + " %" : compact(part * maximum), left - 8, y(part * maximum));
  }
  c.textBaseline = "alphabetic";
  c.textAlign = "left";
  c.fillText(`${seconds(length)} ago`, left, height - 4);
  c.textAlign = "right";
  c.fillText("now", left + w, height - 4);

  const base = points.map(() => 0);
  for (const [key, colour, isLine] of series) {
    let run = [];
    const finish = () => {
      if (run.length > 1) {
        c.beginPath();
        run.forEach(i => c.lineTo(x(points[i].time), y(base[i] + points[i][key])));
        if (isLine) {
          c.strokeStyle = colours[colour];
          c.lineWidth = 1.75;
          c.stroke();
        }
        [...run].reverse().forEach(i => c.lineTo(x(points[i].time), y(base[i])));
        c.closePath();
        c.fillStyle = colours[colour];
        c.globalAlpha = isLine ? 0.14 : 1;
        c.fill();
        c.globalAlpha = 1;
      }
      run = [];
    };
    points.forEach((point, i) => isFinite(point[key]) && x(point.time) >= left - 1 ? run.push(i) : finish());
    finish();
    points.forEach((point, i) => { if (isFinite(point[key])) base[i] += point[key]; });
  }

  let shown = points.at(-1);
  if (pointer.chart && points.length) {
    const time = end - length * (1 - (pointer.x - left) / w);
    shown = points.reduce((best, point) => Math.abs(point.time - time) < Math.abs(best.time - time) ? point : best);
    c.fillStyle = colours.quiet;
    c.fillRect(Math.round(x(shown.time)), top, 1, h);
    text(readout, `${seconds(end - shown.time)} ago: ${describe(shown)}`);
  } else {
    text(readout, shown ? describe(shown) : "");
  }
};

const drawCharts = () => {
  drawChart($("rate-chart"), $("rate-readout"), [["ratio", "read", true]], percent, point => percent(point.ratio));
  drawChart($("load-chart"), $("load-readout"), [["read", "read"], ["skipped", "skipped"]], compact,
    point => `${compact(point.read)} read, ${compact(point.skipped)} skipped`);
};
for (const id of ["rate-chart", "load-chart"]) {
  $(id).addEventListener("pointermove", event => { Object.assign(pointer, { chart: id, x: event.offsetX }); drawCharts(); });
  $(id).addEventListener("pointerleave", () => { pointer.chart = null; drawCharts(); });
}

// The table of streams

const sorting = { key: "name", ascending: true };
const collator = new Intl.Collator("en", { numeric: true });
let found = null;
const rowOf = new Map();

/// Timesteps of a row's line of which it is known whether they were read: at most 200, fewer just after the page was opened.
const seenTimesteps = row => {
  const since = firstSeen.get(row.name);
  if (since === undefined || since > row.next) firstSeen.set(row.name, Math.min(row.reads[0]?.[0] ?? row.next, row.next));
  return Math.min(200, row.next - firstSeen.get(row.name));
};
const firstSeen = new Map();

const showStreams = streams => {
  found = streams;
  for (const row of streams.rows) {
    row.index = row.reads.at(-1)?.[1] ?? -1;
    // Behind the last restart only: where indices go back, those before are another sequence's.
    row.reads = row.reads.slice(Math.max(row.reads.findLastIndex((read, i) => i > 0 && read[0] <= row.reads[i - 1][0]), 0));
    row.rate = seenTimesteps(row) ? row.reads.length / seenTimesteps(row) : NaN;
  }
  const { key, ascending } = sorting;
  const compare = key === "name" || key === "label" ? (a, b) => collator.compare(a[key] ?? "", b[key] ?? "") : (a, b) => (a[key] ?? -1) - (b[key] ?? -1);
  const rows = [...streams.rows].sort((a, b) => (ascending ? 1 : -1) * compare(a, b) || collator.compare(a.name, b.name));

  text($("match-count"), streams.total > rows.length ? `first ${rows.length} of ${compact(streams.total)}` : rows.length ? compact(streams.total) : "");
  $("streams").hidden = !rows.length;
  $("no-streams").hidden = rows.length > 0;
  if (!rows.length) {
    const search = $("search").value;
    $("no-streams").replaceChildren(...search ? [`No stream's name contains “${search}”.`]
      : ["Nothing has been heard yet. Publish something: ", element("code", "", "skipctl pub watch/1 --generate sine --rate 50")]);
  }

  const body = $("streams").tBodies[0], names = new Set(rows.map(row => row.name));
  for (const [name, node] of rowOf) if (!names.has(name)) { node.remove(); rowOf.delete(name); }
  rows.forEach((row, place) => {
    const node = rowOf.get(row.name) ?? makeRow(row.name);
    if (body.children[place] !== node) body.insertBefore(node, body.children[place] ?? null);
    fillRow(node, row);
  });
};

const makeRow = name => {
  const row = element("tr");
  const link = element("a", "", name);
  link.href = address(name);
  link.title = name;
  const meter = element("span", "meter");
  meter.append(element("i"), element("span"));
  for (const [className, content] of [["", link], ["", element("span", "chip")], ["", meter], ["", element("canvas", "spark")], ["number", ""], ["number", ""], ["number", ""]]) {
    const cell = element("td", className);
    cell.append(content);
    row.append(cell);
  }
  row.addEventListener("click", event => { if (event.target !== link) location.hash = address(name); });
  rowOf.set(name, row);
  return row;
};

const fillRow = (node, row) => {
  const [, label, confidence, spark, rate, next, idle] = node.cells;
  node.classList.toggle("silent", row.idle > 10);
  paintTint(node, row.index);
  text(label.firstChild, row.label ?? "");
  const [bar, value] = confidence.firstChild.children;
  bar.style.setProperty("--fill", (row.p ?? 0) * 100 + "%");
  text(value, row.p === undefined ? "–" : row.p.toFixed(2));
  text(rate, percent(row.rate));
  text(next, row.next.toLocaleString("en"));
  text(idle, row.idle < 2 ? "now" : seconds(row.idle) + " ago");
  drawSpark(spark.firstChild, row);
};

/// One bar for each of the last 200 timesteps that was read, in its label's colour.
const drawSpark = (canvas, row) => {
  const { context: c, width, height } = surface(canvas);
  const cells = 200, start = row.next - cells, step = width / cells;
  c.fillStyle = colours.grid;
  c.fillRect(0, height / 2 - 0.5, width, 1);
  for (const [timestep, label] of row.reads) {
    c.fillStyle = colours[tint(label)];
    c.fillRect((timestep - start) * step, 2, Math.max(step - 0.6, 1.6), height - 4);
  }
};

for (const head of document.querySelectorAll("th[data-sort]")) {
  head.firstChild.addEventListener("click", () => {
    const key = head.dataset.sort;
    sorting.ascending = sorting.key === key ? !sorting.ascending : key === "name" || key === "label" || key === "idle";
    sorting.key = key;
    for (const other of document.querySelectorAll("th[data-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sorting.ascending ? "ascending" : "descending");
    if (found) showStreams(found);
  });
}
let typing;
$("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(connect, 150); });
addEventListener("keydown", event => {
  if (event.key === "/" && !$("overview").hidden && document.activeElement !== $("search")) { event.preventDefault(); $("search").focus(); }
  if (event.key === "Escape") { if ($("overview").hidden) location.hash = "#/"; else if ($("search").value) { $("search").value = ""; connect(); } }
});

// One stream: its timesteps, rebuilt from the marks by the gate's own arithmetic

const Mark = { start: 0, read: 1, rejected: 2, omitted: 3, lost: 4 };
let stream = null, shownEnd = NaN, hovered = null;

/// The cells of the timesteps from the first mark after the last restart on, up to the newest.
const timeline = (marks, next) => {
  let first = 0;
  for (let i = 1; i < marks.length; i++) if (marks[i][1] < marks[i - 1][1] && marks[i][0] !== Mark.lost) first = i;
  const used = marks.slice(first), begin = Math.max(used[0]?.[1] ?? next, next - 2000), at = new Map();
  for (const mark of used) {
    const [kind, from, to] = mark;
    // A gap of before the device's restart may end far behind where the stream is now.
    const end = Math.min(kind === Mark.omitted || kind === Mark.lost ? to : from + 1, next);
    for (let t = Math.max(from, begin); t < end; t++) {
      const cell = at.get(t) ?? {};
      if (kind === Mark.start) cell.start = true; else cell.mark = mark;
      at.set(t, cell);
    }
  }
  const cells = [];
  let [sum, increment, label, p] = [0, NaN, -1, 0];
  for (let t = begin; t < next; t++) {
    const { start = false, mark } = at.get(t) ?? {};
    if (start) [sum, increment, label, p] = [0, 1, -1, 0];
    const before = Math.fround(sum + Math.min(increment, Math.fround(1 - sum)));
    const cell = { t, start, kind: mark?.[0] ?? 0, before };
    if (cell.kind === Mark.read) [sum, increment, label, p] = [0, mark[3], mark[4], mark[5]];
    else if (!(before > 0.5)) sum = before;
    cells.push(Object.assign(cell, { after: sum, increment, label, p }));
  }
  return cells;
};

const showStream = data => {
  $("gone").hidden = data.known;
  $("stream-body").hidden = !data.known;
  text($("stream-name"), data.name);
  document.title = data.name + " – skipd";
  if (!data.known) {
    text($("gone"), "skipd does not know this stream: nothing has been heard of it since the start, or it was dropped. The page waits for it.");
    for (const id of ["stream-model", "stream-label", "stream-p"]) text($(id), "");
    stream = null;
    return;
  }
  const cells = timeline(data.marks, data.next), last = cells.at(-1);
  const jump = !stream || stream.data.name !== data.name || data.next < stream.data.next;
  stream = { data, cells };
  if (jump || calm.matches || !(Math.abs(data.next - shownEnd) < 150)) shownEnd = data.next;

  text($("stream-model"), "model " + data.model);
  text($("stream-label"), data.label ?? "");
  paintTint($("stream-label"), last?.label ?? -1);
  text($("stream-p"), data.p === undefined ? "" : percent(data.p));
  const recent = cells.slice(-visible()), read = recent.filter(cell => cell.kind === Mark.read).length;
  text($("s-rate"), percent(recent.length ? read / recent.length : NaN));
  text($("s-window"), `${read} of the last ${plural(recent.length, "timestep")}`);
  const left = data.due === undefined ? NaN : Math.max(data.due - data.next + 1, 1);
  text($("s-due"), data.due === undefined ? "never" : left === 1 ? "1" : compact(left));
  text($("s-due-unit"), data.due === undefined ? "Δũ is too small" : (left === 1 ? "timestep" : "timesteps") + ", at " + data.due.toLocaleString("en"));
  text($("s-next"), data.next.toLocaleString("en"));
  text($("s-sequence"), `${data.timesteps.toLocaleString("en")} in this sequence, ${data.updates.toLocaleString("en")} read`);
  text($("s-omitted"), compact(data.omitted));
  text($("s-lost"), data.lost ? plural(data.lost, "timestep") + " lost" : "none lost");
  $("s-lost").classList.toggle("warn", data.lost > 0);
  showReads(cells, data);
  requestAnimationFrame(drawGate);
};

const showReads = (cells, data) => {
  const reads = cells.filter(cell => cell.kind === Mark.read), body = $("reads").tBodies[0];
  const rows = reads.map((cell, i) => ({ cell, gap: i ? cell.t - reads[i - 1].t - 1 : NaN, next: reads[i + 1]?.t ?? data.due })).slice(-8).reverse();
  while (body.children.length > rows.length) body.lastChild.remove();
  rows.forEach(({ cell, gap, next }, place) => {
    let row = body.children[place];
    if (!row) {
      body.append(row = element("tr"));
      for (const className of ["number", "number", "", "", "number", "number"]) row.append(element("td", className));
      row.cells[2].append(element("span", "chip"));
    }
    paintTint(row, cell.label);
    text(row.cells[0], cell.t.toLocaleString("en"));
    text(row.cells[1], isFinite(gap) ? compact(gap) : "");
    text(row.cells[2].firstChild, data.labels[cell.label] ?? "");
    text(row.cells[3], cell.label < 0 ? +cell.p.toPrecision(4) + "" : cell.p.toFixed(3));
    text(row.cells[4], cell.increment.toPrecision(3));
    text(row.cells[5], next === undefined ? "never" : plural(next - cell.t, "timestep"));
  });
};

const gutter = 58;
const visible = () => Math.max(60, Math.min(300, Math.floor(($("gate").clientWidth - gutter) / 3.2)));

/// The picture of the gate: labels with their confidence, ũ against ½, and the timesteps.
const drawGate = () => {
  if (!stream || $("detail").hidden) return;
  const { data, cells } = stream;
  const behind = data.next - shownEnd;
  if (behind > 0.01) { shownEnd += Math.max(behind * 0.08, 0.02); requestAnimationFrame(drawGate); } else shownEnd = data.next;
  const { context: c, width, height } = surface($("gate"));
  const count = visible(), start = shownEnd - count, w = width - gutter, step = w / count;
  const x = t => gutter + (t - start) * step;
  const shown = cells.filter(cell => cell.t >= start - 1 && cell.t < shownEnd);
  const bands = { label: [18, 84], sum: [120, 140], cells: [282, 34] };

  c.save();
  c.beginPath();
  c.rect(gutter, 0, w, height);
  c.clip();
  drawStarts(c, shown, x, height);
  drawLabels(c, shown, data.labels, x, step, bands.label);
  drawSum(c, shown, x, step, bands.sum, w);
  drawCells(c, shown, x, step, bands.cells);
  drawTicks(c, start, count, x, bands.cells[0] + bands.cells[1] + 16);
  drawPointer(c, shown, data, start, step, height);
  c.restore();

  c.fillStyle = colours.quiet;
  c.textAlign = "right";
  c.textBaseline = "middle";
  const scale = ([top, h], values) => values.forEach(([value, name]) => c.fillText(name, gutter - 10, top + h * (1 - value)));
  scale(bands.label, [[0, "0"], [1, "p = 1"]]);
  scale(bands.sum, [[0, "0"], [0.5, "ũ = ½"], [1, "1"]]);
  c.fillText("timestep", gutter - 10, bands.cells[0] + bands.cells[1] / 2);
};

const drawStarts = (c, cells, x, height) => {
  c.fillStyle = colours.quiet;
  c.textAlign = "left";
  c.textBaseline = "alphabetic";
  for (const cell of cells) {
    if (!cell.start) continue;
    c.globalAlpha = 0.5;
    for (let y = 14; y < height - 26; y += 6) c.fillRect(Math.round(x(cell.t)), y, 1, 3);
    c.globalAlpha = 1;
    c.fillText("sequence begins", x(cell.t) + 4, 10);
  }
};

const drawLabels = (c, cells, labels, x, step, [top, height]) => {
  c.fillStyle = colours.grid;
  c.fillRect(gutter, top, 4000, 1);
  c.fillRect(gutter, top + height, 4000, 1);
  const y = p => top + height * (1 - p);
  for (let i = 0; i < cells.length;) {
    // A staircase of one label: a step from each read to the next.
    let j = i + 1;
    while (j < cells.length && cells[j].label === cells[i].label && !cells[j].start) j++;
    if (cells[i].label >= 0) {
      c.beginPath();
      for (const cell of cells.slice(i, j)) { c.lineTo(x(cell.t), y(cell.p)); c.lineTo(x(cell.t + 1), y(cell.p)); }
      c.strokeStyle = c.fillStyle = colours[tint(cells[i].label)];
      c.lineWidth = 1.75;
      c.stroke();
      c.lineTo(x(cells[j - 1].t + 1), y(0));
      c.lineTo(x(cells[i].t), y(0));
      c.globalAlpha = 0.18;
      c.fill();
      c.globalAlpha = 1;
    }
    i = j;
  }
  c.textAlign = "left";
  c.textBaseline = "alphabetic";
  c.save();
  c.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
  for (let i = 0; i < cells.length;) {
    let j = i + 1;
    while (j < cells.length && cells[j].label === cells[i].label && !cells[j].start) j++;
    const name = labels[cells[i].label], from = Math.max(x(cells[i].t), gutter) + 6, room = x(cells[j - 1].t + 1) - from;
    if (name !== undefined && c.measureText(name).width < room - 4) {
      c.fillStyle = colours[tint(cells[i].label)];
      c.fillText(name, from, top + height - 8);
    }
    i = j;
  }
  c.restore();
};

const drawSum = (c, cells, x, step, [top, height], width) => {
  const y = value => top + height * (1 - value);
  c.fillStyle = colours.grid;
  c.fillRect(gutter, y(1), width, 1);
  c.fillRect(gutter, y(0), width, 1);
  c.strokeStyle = colours.quiet;
  c.setLineDash([4, 4]);
  c.lineWidth = 1;
  c.beginPath();
  c.moveTo(gutter, y(0.5) + 0.5);
  c.lineTo(gutter + width, y(0.5) + 0.5);
  c.stroke();
  c.setLineDash([]);

  const path = new Path2D();
  let isOpen = false;
  for (const cell of cells) {
    if (!isFinite(cell.before)) { isOpen = false; continue; }
    const centre = x(cell.t + 0.5);
    if (cell.start || !isOpen) path.moveTo(centre, y(cell.start ? 0 : cell.before));
    path.lineTo(centre, y(cell.before));
    if (cell.kind === Mark.read) path.lineTo(centre, y(0));
    isOpen = true;
  }
  c.strokeStyle = colours.read;
  c.lineWidth = 1.5;
  c.stroke(path);
  for (const cell of cells) {
    if (cell.kind !== Mark.read || !isFinite(cell.before)) continue;
    c.beginPath();
    c.arc(x(cell.t + 0.5), y(cell.before), 3, 0, 7);
    c.fillStyle = colours.read;
    c.fill();
    c.lineWidth = 1.5;
    c.strokeStyle = colours.card;
    c.stroke();
  }
};

const drawCells = (c, cells, x, step, [top, height]) => {
  const gap = step > 2.5 ? 0.8 : 0;
  for (const cell of cells) {
    const from = x(cell.t), width = Math.max(step - gap, 1);
    switch (cell.kind) {
      case Mark.read: c.fillStyle = colours.read; c.fillRect(from, top, width, height); break;
      case Mark.lost: case Mark.rejected: c.fillStyle = colours.lost; c.fillRect(from, top, width, height); break;
      case Mark.omitted:
        c.fillStyle = colours.omitted;
        for (let y = cell.t % 2 * 3; y < height; y += 6) c.fillRect(from, top + y, width, 3);
        break;
      default: c.fillStyle = colours.skipped; c.fillRect(from, top + height * 0.3, width, height * 0.4);
    }
  }
};

const drawTicks = (c, start, count, x, y) => {
  const spacing = [5, 10, 20, 25, 50, 100].find(step => count / step < 9) ?? 100;
  c.fillStyle = colours.quiet;
  c.textBaseline = "alphabetic";
  c.textAlign = "center";
  for (let t = Math.ceil(Math.max(start, 0) / spacing) * spacing; t <= start + count; t += spacing) {
    const place = x(t + 0.5);
    // A number that doesn't fit under its timestep at the edge is moved in.
    const number = t.toLocaleString("en"), half = c.measureText(number).width / 2;
    if (place > gutter + 12) c.fillText(number, Math.min(place, x(start + count) - half), y);
  }
};

const describe = (cell, data) => {
  const what = { [Mark.read]: "read", [Mark.omitted]: "never sent, and not needed", [Mark.lost]: "lost", [Mark.rejected]: "rejected" }[cell.kind] ?? "skipped";
  const label = data.labels[cell.label];
  return `timestep ${cell.t.toLocaleString("en")}: ${what}` + (isFinite(cell.before) ? ` at ũ = ${cell.before.toFixed(3)}` : "")
    + (cell.kind === Mark.read ? `, next Δũ = ${cell.increment.toPrecision(3)}` : "") + (label === undefined ? "" : ` · ${label} ${cell.p.toFixed(2)}`);
};

const drawPointer = (c, cells, data, start, step, height) => {
  let cell = null;
  if (hovered !== null && hovered > gutter) {
    const t = Math.floor(start + (hovered - gutter) / step);
    cell = cells.find(cell => cell.t === t);
  }
  if (cell) {
    c.fillStyle = colours.ink;
    c.globalAlpha = 0.35;
    c.fillRect(Math.round(gutter + (cell.t + 0.5 - start) * step), 14, 1, height - 40);
    c.globalAlpha = 1;
  }
  text($("gate-readout"), cell ? describe(cell, data) : "");
};
$("gate").addEventListener("pointermove", event => { hovered = event.offsetX; drawGate(); });
$("gate").addEventListener("pointerleave", () => { hovered = null; drawGate(); });

// The way here and back

const address = name => "#/stream/" + encodeURIComponent(name);
const streamInAddress = () => {
  try { return location.hash.startsWith("#/stream/") ? decodeURIComponent(location.hash.slice(9)) : null; } catch { return null; }
};

const linkState = (state, words) => {
  $("link").className = "pill " + state;
  text($("link").lastChild, words);
};

let events;
const connect = () => {
  events?.close();
  const name = streamInAddress(), isDetail = name !== null;
  $("overview").hidden = isDetail;
  $("detail").hidden = !isDetail;
  if (!isDetail) document.title = "skipd";
  if (isDetail && stream?.data.name !== name) { stream = null; text($("stream-name"), name); }
  events = new EventSource("/events?" + (isDetail ? "stream=" + encodeURIComponent(name) : "search=" + encodeURIComponent($("search").value)));
  events.addEventListener("status", event => showStatus(JSON.parse(event.data)));
  events.addEventListener("streams", event => showStreams(JSON.parse(event.data)));
  events.addEventListener("stream", event => showStream(JSON.parse(event.data)));
  events.addEventListener("silence", () => linkState("bad", "the sample loop does not answer"));
  const source = events;
  source.addEventListener("error", () => {
    linkState("bad", "no connection, trying again");
    // A refusal ends an EventSource for good; skipd may be restarting, or have too many viewers.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (events === source) connect(); }, 2000);
  });
};

addEventListener("hashchange", () => { connect(); scrollTo(0, 0); });
addEventListener("resize", () => { drawCharts(); drawGate(); });
// Nobody looks at a hidden tab: skipd then works for nobody.
document.addEventListener("visibilitychange", () => { if (document.hidden) events?.close(); else connect(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); drawCharts(); drawGate(); });
readColours();
connect();
