// Draws what the server tells. Everything told is set as text, never as markup.
"use strict";

const COLOURS = ["#3a8fc4", "#de8f05", "#0fa37f", "#cc6677", "#9479d8", "#a8893c", "#4fb3bf", "#d55e00", "#7f8c99", "#c469b5"];
const SVG = "http://www.w3.org/2000/svg";
const MOST_SAMPLES = 600;
const ROW = 18;

const by = (id) => document.getElementById(id);
const colour = (stage) => COLOURS[stage % COLOURS.length];

let state = null;
let tasks = null;
let samples = [];
let epoch = null;

// ---- words

function bytes(n) {
  if (n === null || n === undefined) return "unknown";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let u = 0;
  while (n >= 1023.5 && u < units.length - 1) { n /= 1024; u += 1; }
  return `${u === 0 || n >= 100 ? Math.round(n) : n.toPrecision(3)} ${units[u]}`;
}

function mark(n) {
  return bytes(n).replace(/\.0+(?= )/, "");
}

function count(n) {
  for (const [size, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (n >= size) return `${(n / (size === 1e4 ? 1e3 : size)).toPrecision(3)} ${name}`;
  }
  return Math.round(n).toLocaleString("en");
}

function time(s) {
  if (s < 1e-3) return `${(s * 1e6).toFixed(0)} µs`;
  if (s < 1) return `${(s * 1e3).toPrecision(3)} ms`;
  if (s < 60) return `${Number(s.toFixed(1))} s`;
  const whole = Math.floor(s);
  const two = (n) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const tasksWord = (n) => (n === 1 ? "1 task" : `${n.toLocaleString("en")} tasks`);

// ---- elements

function make(tag, attributes = {}, ...inner) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inner);
  return element;
}

function vector(tag, attributes, ...inner) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inner);
  return element;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// As many children as there are items, each kept for the same key.
function children(parent, items, key, fresh, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, place) => {
    const name = String(key(item, place));
    const child = old.get(name) || fresh(item);
    old.delete(name);
    child.dataset.key = name;
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] || null);
    update(child, item, place);
  });
  for (const child of old.values()) child.remove();
}

function bar() {
  const element = make("div", { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, make("div"));
  return element;
}

function setBar(element, fraction, kind, label) {
  const percent = Math.floor(fraction * 100);
  element.className = `bar ${kind}`;
  element.setAttribute("aria-valuenow", String(percent));
  element.setAttribute("aria-label", label);
  element.firstChild.style.width = `${(fraction * 100).toFixed(2)}%`;
}

// ---- runs

function freshRun() {
  const title = make("div", { class: "title" }, make("h3"), make("span", { class: "state" }), make("span", { class: "percent" }));
  const head = make("tr");
  for (const [name, kind] of [["Stage", ""], ["Done", ""], ["Tasks", "number"], ["Rate", "number wide"],
    ["Read", "number wide of-read"], ["Written", "number wide of-written"], ["Task needs", "number wide"]]) {
    head.append(make("th", { scope: "col", class: kind }, name));
  }
  const table = make("table", {}, make("thead", {}, head), make("tbody"));
  return make("article", { class: "run" }, title, bar(), make("dl", { class: "facts" }),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Stages" }, table),
    make("p", { class: "faint" }));
}

const STATES = { running: "running", done: "done", failed: "failed", cancelled: "stopped" };

function updateRun(element, run) {
  const [title, progress, facts, scroll, rest] = element.children;
  write(title.children[0], `${run.id}: ${run.name || "run"}`);
  title.children[1].className = `state ${run.state}`;
  write(title.children[1], STATES[run.state]);
  write(title.children[2], `${Math.floor(run.fraction * 100)} %`);
  setBar(progress, run.fraction, run.state, `Run ${run.id}`);
  const told = [["time", time(run.elapsed)]];
  if (run.state === "running" && run.fraction > 0.02 && run.elapsed > 1) {
    told.push(["left about", time(run.elapsed / run.fraction * (1 - run.fraction))]);
  }
  told.push(["tasks", `${run.done.toLocaleString("en")} of ${run.tasks.toLocaleString("en")}`]);
  told.push(["threads", String(run.threads)]);
  told.push(["peak of arrays", `${bytes(run.peak)} of ${bytes(run.limit)}`]);
  told.push(["read", bytes(run.read)], ["written", bytes(run.written)]);
  if (run.spilled || run.loaded) told.push(["spilled", bytes(run.spilled)], ["read back", bytes(run.loaded)]);
  children(facts, told, (t) => t[0], () => make("div", {}, make("dt"), make("dd")), (div, [name, value]) => {
    write(div.children[0], name);
    write(div.children[1], value);
  });
  children(scroll.querySelector("tbody"), run.rows, (r) => r.n, freshRow, (row, stage) => updateRow(row, stage, run));
  scroll.firstChild.classList.toggle("no-read", run.read === 0);
  scroll.firstChild.classList.toggle("no-written", run.written === 0);
  const left = run.stages - run.rows.length;
  rest.hidden = left <= 0;
  write(rest, `and ${left.toLocaleString("en")} more stages`);
}

function freshRow() {
  const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
  const cell = (kind) => make("td", { class: kind });
  return make("tr", {}, make("td", { class: "name" }, swatch, make("span"), make("span", { class: "place" })),
    make("td", { class: "small" }, bar()), cell("number"), cell("number wide"), cell("number wide of-read"), cell("number wide of-written"), cell("number wide"));
}

function updateRow(row, stage, run) {
  const [name, small, done, rate, read, written, memory] = row.children;
  name.children[0].style.background = colour(stage.n);
  write(name.children[1], stage.label);
  write(name.children[2], stage.place || "");
  name.children[2].hidden = !stage.place;
  const kind = stage.fraction >= 1 ? "done" : run.state;
  setBar(small.firstChild, stage.fraction, kind, stage.label);
  const running = stage.running ? ` (${stage.running} now)` : "";
  write(done, `${stage.done.toLocaleString("en")} / ${stage.tasks.toLocaleString("en")}${running}`);
  write(rate, stage.rate === null ? "" : `${count(stage.rate)} values/s`);
  write(read, stage.read ? bytes(stage.read) : "");
  write(written, stage.written ? bytes(stage.written) : "");
  write(memory, bytes(stage.memory));
}

function drawRuns() {
  const shown = [...state.running];
  if (state.last && shown.length === 0) shown.push(state.last);
  children(by("runs"), shown, (r) => r.id, freshRun, updateRun);
  by("quiet").hidden = shown.length > 0;
  by("more").hidden = state.more === 0;
  write(by("more"), `and ${state.more} more runs at the same time`);
}

function drawPast() {
  by("past-section").hidden = state.past.length === 0;
  children(by("past"), state.past, (r) => r.id, () => {
    const row = make("tr", {}, make("td", { class: "name" }), make("td", { class: "state" }));
    for (let n = 0; n < 6; n += 1) row.append(make("td", { class: n < 3 ? "number" : "number wide" }));
    return row;
  }, (row, run) => {
    const words = [`${run.id}: ${run.name || "run"}`, STATES[run.state], time(run.elapsed),
      `${run.done.toLocaleString("en")} / ${run.tasks.toLocaleString("en")}`, bytes(run.peak), bytes(run.read), bytes(run.written), bytes(run.spilled)];
    words.forEach((word, n) => write(row.children[n], word));
    row.children[1].className = `state ${run.state}`;
  });
}

function drawErrors() {
  by("errors-section").hidden = state.errors.length === 0;
  children(by("errors"), state.errors, (e) => `${e.time} ${e.run}`,
    () => make("li", {}, make("strong"), make("span", { class: "faint" }), make("pre")),
    (item, error) => {
      const [what, where, message] = item.children;
      const run = error.run === null ? "refused" : `run ${error.run}`;
      write(what, error.operation || "The run");
      write(where, `  ${[run, error.place].filter(Boolean).join(", ")}`);
      write(message, error.message);
    });
}

// ---- charts

// Steps of 1, 2 or 5 (of powers of two for bytes) up to a top.
function ticks(top, binary) {
  if (!(top > 0)) return [0, 1];
  const base = binary ? 1024 ** Math.floor(Math.log(top) / Math.log(1024)) : 1;
  const raw = top / base / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((s) => s * power >= raw) * power * base;
  const all = [];
  for (let t = 0; t < top + step; t += step) all.push(t);
  return all;
}

function chart(svg, lines, top, word, binary) {
  const width = svg.clientWidth || 500;
  const height = svg.clientHeight || 190;
  const [left, right, above, below] = [66, 8, 8, 20];
  const marks = ticks(top, binary);
  const highest = marks[marks.length - 1];
  const end = samples.length ? samples[samples.length - 1][0] : 0;
  const span = Math.max(20, samples.length ? end - samples[0][0] : 0);
  const x = (t) => left + (width - left - right) * (1 - (end - t) / span);
  const y = (v) => above + (height - above - below) * (1 - v / highest);
  const parts = [];
  for (const at of marks) {
    parts.push(vector("path", { class: "grid", d: `M${left} ${y(at).toFixed(1)}H${width - right}` }));
    parts.push(vector("text", { x: left - 6, y: y(at) + 4, "text-anchor": "end" }, word(at)));
  }
  for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const ago = span * (1 - share);
    const at = left + (width - left - right) * share;
    parts.push(vector("text", { x: at, y: height - 4, "text-anchor": anchor }, share === 1 ? "now" : `${time(ago)} ago`));
  }
  for (const [name, value, filled] of lines) {
    let path = "";
    let from = null;
    let last = null;
    const close = () => (filled && from !== null ? vector("path", { class: `area ${name}`, d: `${path}V${y(0)}H${from}Z` }) : null);
    const pieces = [];
    const finish = () => {
      if (path) pieces.push([close(), vector("path", { class: `line ${name}`, d: path })]);
      path = "";
      from = null;
    };
    for (const sample of samples) {
      const v = value(sample);
      if (v === null || v === undefined) { finish(); continue; }
      // Nobody looked, or nothing came: no line is drawn across.
      if (last !== null && sample[0] - last > 5) finish();
      last = sample[0];
      const at = x(sample[0]).toFixed(1);
      path += `${path ? "L" : "M"}${at} ${y(v).toFixed(1)}`;
      if (from === null) from = at;
    }
    finish();
    for (const [area, line] of pieces) {
      if (area) parts.push(area);
      parts.push(line);
    }
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
}

function legend(element, entries) {
  children(element, entries, (e) => e[0], ([name]) => make("span", {}, make("span", { class: `key ${name}`, "aria-hidden": "true" }), make("span")),
    (span, [, text]) => write(span.children[1], text));
}

function drawCharts() {
  const last = samples[samples.length - 1];
  if (!last) return;
  const most = (n) => Math.max(0, ...samples.map((s) => s[n] || 0));
  const limit = last[4];
  chart(by("memory"), [["arrays", (s) => s[3], true], ["resident", (s) => s[2]], ["limit", (s) => s[4]]],
    Math.max(most(2), most(3), most(4), 1 << 20), mark, true);
  const held = [["arrays", `arrays ${bytes(last[3])}`]];
  if (last[2] !== null) held.push(["resident", `process ${bytes(last[2])}`]);
  if (limit !== null) held.push(["limit", `limit ${bytes(limit)}`]);
  legend(by("memory-legend"), held);
  by("memory").setAttribute("aria-label", `Memory over time; now ${held.map((e) => e[1]).join(", ")}`);
  const all = state.cpus ? 100 * state.cpus : 100;
  chart(by("cpu"), [["cpu", (s) => s[1], true]], Math.max(all, most(1)), (v) => `${v} %`, false);
  const busy = last[1] === null ? "unknown" : `${Math.round(last[1])} %`;
  legend(by("cpu-legend"), [["cpu", `${busy} of ${all} %`]]);
  by("cpu").setAttribute("aria-label", `Processors over time; now ${busy} of ${all} %`);
}

// ---- tasks

const LEFT = 72;

function drawLanes() {
  const going = new Set(state.running.map((r) => r.id));
  const some = tasks.runs.filter((r) => going.has(r.id));
  const runs = some.length ? some : tasks.runs.slice(-1);
  by("no-lanes").hidden = runs.length > 0;
  children(by("lanes"), runs, (r) => r.id, freshLanes, (element, run) => {
    element.run = run;
    paint(element);
  });
}

function freshLanes() {
  const element = make("div", { class: "lane-run" }, make("p"), make("canvas", { role: "img" }));
  const canvas = element.children[1];
  canvas.addEventListener("pointermove", (event) => hover(element, event));
  canvas.addEventListener("pointerleave", () => { by("tip").hidden = true; });
  return element;
}

function known(id) {
  return [...state.running, state.last].find((r) => r && r.id === id);
}

function paint(element) {
  const { run } = element;
  const [line, canvas] = element.children;
  const about = known(run.id);
  const lanes = run.lanes.length;
  const height = lanes * ROW + 18;
  canvas.style.height = `${height}px`;
  const width = canvas.clientWidth || 500;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const faint = style.getPropertyValue("--faint");
  const track = style.getPropertyValue("--track");
  const whole = Math.max(run.elapsed * 1e6, 1);
  const x = (t) => LEFT + (width - LEFT - 4) * Math.min(t / whole, 1);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  let bars = 0;
  run.lanes.forEach((lane, n) => {
    const top = n * ROW;
    pen.fillStyle = faint;
    pen.textAlign = "right";
    pen.fillText(`thread ${n}`, LEFT - 8, top + ROW / 2);
    pen.fillStyle = track;
    pen.fillRect(LEFT, top + ROW / 2 - 0.5, width - LEFT - 4, 1);
    for (const [start, end, stage, , share] of lane.bars) {
      pen.globalAlpha = 0.35 + 0.65 * share / 100;
      pen.fillStyle = colour(stage);
      const from = x(start);
      // A hair's breadth between bars that touch, where there is room.
      const wide = x(end) - from;
      pen.fillRect(from, top + 2, Math.max(wide > 4 ? wide - 0.7 : wide, 0.7), ROW - 4);
      bars += 1;
    }
    if (lane.running) {
      pen.globalAlpha = 0.55;
      pen.fillStyle = colour(lane.running[1]);
      pen.fillRect(x(lane.running[0]), top + ROW / 2 - 3, Math.max(x(whole) - x(lane.running[0]), 1), 6);
    }
    pen.globalAlpha = 1;
  });
  pen.fillStyle = faint;
  for (const [share, side] of [[0, "left"], [0.5, "center"], [1, "right"]]) {
    pen.textAlign = side;
    pen.fillText(share ? time(run.elapsed * share) : "0", LEFT + (width - LEFT - 4) * share, height - 8);
  }
  write(line, about ? `${run.id}: ${about.name || "run"}` : `${run.id}`);
  const shared = run.threads > lanes ? `, shared by ${run.threads} threads` : "";
  canvas.setAttribute("aria-label", `Tasks of run ${run.id}: ${bars} bars on ${lanes} lanes${shared}, over ${time(run.elapsed)}`);
}

function hover(element, event) {
  const { run } = element;
  const canvas = element.children[1];
  const box = canvas.getBoundingClientRect();
  const lane = run.lanes[Math.floor((event.clientY - box.top) / ROW)];
  const at = (event.clientX - box.left - LEFT) / (box.width - LEFT - 4) * run.elapsed * 1e6;
  const near = run.elapsed * 1e6 / box.width;
  const tip = by("tip");
  const hit = lane && lane.bars.find((b) => b[0] - near <= at && at <= b[1] + near);
  tip.hidden = !hit;
  if (!hit) return;
  const about = known(run.id);
  const stage = about && about.rows.find((r) => r.n === hit[2]);
  const label = stage ? stage.label : `stage ${hit[2]}`;
  write(tip, `${label}: ${tasksWord(hit[3])}, ${time((hit[1] - hit[0]) / 1e6)} from ${time(hit[0] / 1e6)}, busy ${hit[4]} %`);
  const left = Math.min(event.clientX + 12, window.innerWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${event.clientY + 16}px`;
}

// ---- the server

function status(word, kind) {
  write(by("word"), word);
  by("dot").className = kind;
}

function take(news) {
  if (news.epoch !== epoch) {
    epoch = news.epoch;
    samples = [];
    tasks = null;
    by("lanes").replaceChildren();
  }
  state = news;
  const last = samples.length ? samples[samples.length - 1][0] : -1;
  for (const sample of news.samples) if (sample[0] > last) samples.push(sample);
  if (samples.length > MOST_SAMPLES) samples.splice(0, samples.length - MOST_SAMPLES);
  drawRuns();
  drawPast();
  drawErrors();
  drawCharts();
  const n = news.running.length + news.more;
  const percent = news.running.length ? `${Math.floor(news.running[0].fraction * 100)} % ` : "";
  document.title = `${percent}chunkwise`;
  if (news.closed) status("ended: this is how it stood last", "");
  else status(n ? (n === 1 ? "1 run" : `${n} runs`) : "waiting for runs", "live");
}

function listen() {
  const events = new EventSource("events");
  events.addEventListener("state", (event) => {
    const news = JSON.parse(event.data);
    take(news);
    if (news.closed) events.close();
  });
  events.addEventListener("tasks", (event) => {
    tasks = JSON.parse(event.data);
    if (state) drawLanes();
  });
  events.addEventListener("error", () => {
    status("no connection: the program has ended, or is being waited for", "lost");
    // What the browser does not try again by itself.
    if (events.readyState === EventSource.CLOSED && !(state && state.closed)) setTimeout(listen, 3000);
  });
}

const redraw = () => {
  if (state) drawCharts();
  if (state && tasks) drawLanes();
};
window.addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
listen();
