"use strict";
// What the report page does beyond showing itself: themes, sorting, filters, charts, downloads and, where it is served,
// updates. The data come from the element #data, packed: see the Go type data. Text enters the page as textContent only.
(() => {
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
root.classList.add("js");

let data = { optimizers: [], charts: [], exports: {} }; // until unpacked
const off = { optimizer: new Set(), problem: new Set() }; // names that filters hide; all else shows
const sorted = new Map(); // table id → {column, descending}, where the reader chose
let lit = -1; // the optimizer that the reader points at, by its place in the legend

// ---- Theme: the system's, until the reader chooses. ----

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches;

function setTheme(theme) {
	if (theme) root.dataset.theme = theme;
	byId("theme").setAttribute("aria-pressed", String(isDark()));
	byId("theme").textContent = isDark() ? "Light" : "Dark";
	redraw();
}

function remembered(key, value) { // storage may be forbidden
	try {
		if (value === undefined) return localStorage.getItem(key);
		localStorage.setItem(key, value);
	} catch { /* then nothing is remembered */ }
	return null;
}

// ---- Tables. ----

function makeSortable(table) {
	const headers = all("thead th", table);
	headers.forEach((th, column) => {
		const button = document.createElement("button");
		button.type = "button";
		button.append(...th.childNodes);
		th.append(button);
		if (!th.hasAttribute("aria-sort")) th.setAttribute("aria-sort", "none");
		button.addEventListener("focus", () => { if (th.title && button.matches(":focus-visible")) tip(button, th.title); });
		button.addEventListener("blur", hideTip);
		button.addEventListener("click", () => {
			const now = th.getAttribute("aria-sort");
			const descending = now === "none" ? th.hasAttribute("data-descending") : now === "ascending";
			sorted.set(table.id, { column, descending });
			sort(table);
		});
	});
	sort(table);
}

// sort sorts by what the reader chose. Rows without a value come last, either way; equal ones keep their order.
function sort(table) {
	const choice = sorted.get(table.id);
	if (!choice) return;
	const { column, descending } = choice;
	const key = (row) => {
		const cell = row.children[column];
		if (!cell.hasAttribute("data-value")) return cell.querySelector(".name")?.textContent ?? cell.textContent;
		return cell.dataset.value === "" ? NaN : Number(cell.dataset.value);
	};
	const rows = all("tbody tr", table).map((row, place) => ({ row, place, key: key(row) }));
	rows.sort((a, b) => {
		const missing = Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
		if (missing) return missing;
		const order = typeof a.key === "string" ? a.key.localeCompare(b.key, undefined, { numeric: true }) : a.key - b.key;
		return (descending ? -order : order) || a.place - b.place;
	});
	table.tBodies[0].append(...rows.map((r) => r.row));
	all("thead th", table).forEach((th, i) =>
		th.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending"));
}

// ---- Filters. ----

function applyFilters() {
	for (const box of all("[data-filter]")) box.checked = !off[box.dataset.filter].has(box.value);
	for (const e of all("#main [data-problem]")) e.hidden = off.problem.has(e.dataset.problem);
	for (const e of all("#main [data-optimizer]")) e.hidden = off.optimizer.has(e.dataset.optimizer);
	redraw();
}

const colorOf = (optimizer) => isDark() ? data.optimizers[optimizer].dark : data.optimizers[optimizer].light;
const visible = (optimizer) => !off.optimizer.has(data.optimizers[optimizer].name);

// light emphasizes an optimizer everywhere; -1: none.
function light(optimizer) {
	if (optimizer === lit) return;
	lit = optimizer;
	const name = data.optimizers[optimizer]?.name;
	for (const row of all("tbody tr[data-optimizer]")) row.classList.toggle("lit", row.dataset.optimizer === name);
	redraw();
}

// ---- Charts: uPlot draws axes and lines, lazily; bands, rings and the hover text are ours. ----

const plots = new Map(); // element → uPlot
const fewBands = 5; // so many bands can be told apart; of more lines, only the emphasized one has its band
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

const number = (v) => v === null || v === undefined ? "–"
	: v !== 0 && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e6) ? v.toExponential(2).replace("e+", "e") : String(Number(v.toPrecision(4)));

// tick writes the numbers at an axis: powers of ten as such.
function tick(v, log) {
	if (v === null) return "";
	if (log && (v < 1e-2 || v >= 1e4)) return v.toExponential(0).replace("e+", "e");
	for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (Math.abs(v) >= size) return Number((v / size).toPrecision(4)) + unit;
	return String(Number(v.toPrecision(6)));
}

function draw(element) {
	const chart = data.charts[Number(element.parentElement.dataset.chart)];
	const shown = (s) => visible(s.o);
	// emphasized says whether a series is drawn in full; few ones all are.
	const emphasized = (s) => lit < 0 || s.o === lit || !chart.series.some((t) => t.o === lit && shown(t));

	const range = (key, log) => {
		let least = Infinity, most = -Infinity;
		const see = (v) => { if (v !== null && v !== undefined && (!log || v > 0)) { least = Math.min(least, v); most = Math.max(most, v); } };
		if (key === "x") chart.at.forEach(see);
		else for (const s of chart.series) if (shown(s)) { s.y.forEach(see); if (!log) { s.lo?.forEach(see); s.hi?.forEach(see); } }
		if (least > most) return log ? [1, 10] : [0, 1];
		if (key === "x" && !log) return [least, most > least ? most : least + 1];
		if (log) { const pad = Math.max(1.05, (most / least) ** 0.04); return [least / pad, most * pad]; }
		const pad = (most - least) * 0.05 || Math.abs(most) * 0.05 || 1;
		return [least - pad, most + pad];
	};

	const axis = (a, isX) => ({
		stroke: () => css("--soft"), font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", label: a.label,
		labelSize: 20, size: isX ? 30 : 58, space: isX ? 60 : 32, gap: 4, ticks: { stroke: () => css("--line"), size: 4 },
		grid: { stroke: () => css("--line"), width: 1 }, values: (u, splits) => splits.map((v) => tick(v, a.log)),
		...(a.log ? { splits: (u, i, least, most) => decades(least, most), filter: (u, splits) => splits } : {}),
	});

	const series = chart.series.map((s) => {
		const o = data.optimizers[s.o];
		return {
			label: o.name, show: shown(s), spanGaps: true, dash: o.dash, alpha: 1,
			stroke: () => colorOf(s.o) + (emphasized(s) ? "" : "30"), width: 2,
			points: { show: Boolean(chart.points), size: 6, fill: () => css("--paper") },
			paths: chart.step ? uPlot.paths.stepped({ align: 1 }) : undefined,
		};
	});

	// under draws the bands below the lines, over rings what was chosen.
	const clipped = (u, paint) => {
		const { ctx, bbox } = u;
		ctx.save();
		ctx.beginPath();
		ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
		ctx.clip();
		paint(ctx);
		ctx.restore();
	};
	const place = (u, i, v) => [u.valToPos(chart.at[i], "x", true), u.valToPos(chart.y.log ? Math.max(v, u.scales.y.min / 10) : v, "y", true)];
	const under = (u) => clipped(u, (ctx) => {
		const many = chart.series.filter(shown).length > fewBands;
		const focused = u === pointedPlot ? chart.series[pointed - 1]?.o : undefined;
		for (const s of chart.series) {
			if (!s.lo || !shown(s) || (many ? s.o !== (focused ?? lit) : !emphasized(s))) continue;
			const edge = chart.at.map((_, i) => i).filter((i) => s.lo[i] !== null && s.hi[i] !== null);
			ctx.beginPath();
			edge.forEach((i) => ctx.lineTo(...place(u, i, s.hi[i])));
			edge.reverse().forEach((i) => ctx.lineTo(...place(u, i, s.lo[i])));
			ctx.fillStyle = colorOf(s.o) + "30";
			ctx.fill();
		}
	});
	const over = (u) => clipped(u, (ctx) => {
		for (const s of chart.series) {
			if (s.mark === undefined || !shown(s) || s.y[s.mark] === null) continue;
			ctx.beginPath();
			ctx.arc(...place(u, s.mark, s.y[s.mark]), 7 * devicePixelRatio, 0, 2 * Math.PI);
			ctx.strokeStyle = colorOf(s.o) + (emphasized(s) ? "" : "38");
			ctx.lineWidth = 2.5 * devicePixelRatio;
			ctx.stroke();
		}
	});

	plots.get(element)?.destroy();
	const plot = new uPlot({
		width: element.clientWidth, height: element.clientHeight, legend: { show: false }, padding: [10, 12, 0, 0],
		cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: (u, i) => colorOf(chart.series[i - 1].o), stroke: (u, i) => colorOf(chart.series[i - 1].o) }, focus: { prox: 1e9 }, dataIdx: nearest },
		scales: {
			x: { time: false, distr: chart.x.log ? 3 : 1, range: () => range("x", chart.x.log) },
			y: { distr: chart.y.log ? 3 : 1, range: () => range("y", chart.y.log) },
		},
		axes: [axis(chart.x, true), axis(chart.y, false)],
		series: [{}, ...series],
		hooks: { drawAxes: [under], draw: [over], setSeries: [(u, i) => point(chart, u, i)], setCursor: [(u) => hover(chart, u)] },
	}, [chart.at, ...chart.series.map((s) => s.y)], element);
	element.onkeydown = (event) => step(event, chart, plot);
	plot.over.addEventListener("mouseleave", () => { if (plot === pointedPlot) hideTip(); pointed = pointedPlot = null; light(-1); });
	plots.set(element, plot);
}

// reachable lets the keyboard reach a plot, even before it is drawn.
function reachable(element) {
	const chart = data.charts[Number(element.parentElement.dataset.chart)];
	element.tabIndex = 0;
	element.setAttribute("role", "img");
	element.setAttribute("aria-label", `${chart.title}, ${chart.problem ?? "all problems"}: ${chart.y.label} over ${chart.x.label}. Arrow keys go from value to value and from line to line; the data of the plots have all numbers.`);
	element.onblur = () => { hideTip(); light(-1); };
}

// step moves the cursor from value to value (left, right) and from line to line (up, down).
function step(event, chart, u) {
	const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
	if (!move) return;
	event.preventDefault();
	const shown = chart.series.map((_, k) => k + 1).filter((k) => u.series[k].show);
	if (!shown.length) return;
	const line = shown.indexOf(pointed) < 0 ? 0 : (shown.indexOf(pointed) + move[0] + shown.length) % shown.length;
	let at = u.cursor.idx ?? chart.at.length - 1;
	const y = u.data[shown[line]];
	do at += move[1]; while (move[1] && at >= 0 && at < y.length && y[at] === null);
	at = nearest(u, shown[line], Math.max(0, Math.min(at, y.length - 1)));
	pointed = shown[line];
	pointedPlot = u;
	u.setCursor({ left: u.valToPos(chart.at[at], "x"), top: u.valToPos(y[at], "y") });
}

// nearest finds the value of a series next to the cursor, where there are gaps.
function nearest(u, i, closest) {
	const y = u.data[i];
	if (i === 0 || y[closest] !== null) return closest;
	for (let d = 1; d < y.length; d++) for (const k of [closest - d, closest + d]) if (y[k] !== null && y[k] !== undefined) return k;
	return closest;
}

// decades places the numbers at a logarithmic axis: powers of ten, thinned where there are many, and steps between them where
// there are few.
function decades(least, most) {
	const first = Math.floor(Math.log10(least)), last = Math.ceil(Math.log10(most));
	const keep = Math.ceil((last - first) / 8);
	let splits = [];
	for (const steps of [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 6, 8]]) {
		splits = [];
		for (let e = first; e <= last; e++) {
			if (steps.length === 1 && (e - first) % keep) continue;
			for (const s of steps) splits.push(Number(`${s}e${e}`));
		}
		splits = splits.filter((v) => v >= least && v <= most);
		if (splits.length >= 3) break;
	}
	return splits;
}

let pointed = null, pointedPlot = null; // the series that uPlot says is next to the cursor, and its chart

function point(chart, u, i) {
	if (!u.over.matches(":hover") && u.root.parentElement !== document.activeElement) return; // it was drawn again
	pointed = i;
	pointedPlot = u;
	hover(chart, u);
}

// hover shows the values next to the cursor.
function hover(chart, u) {
	if (u !== pointedPlot) return; // another chart was drawn again
	const box = byId("hover");
	const s = chart.series[pointed - 1];
	const i = u.cursor.idxs?.[pointed];
	if (!s || u.cursor.left < 0 || i === null || i === undefined || s.y[i] === null) {
		box.hidden = true;
		return;
	}
	const name = document.createElement("b");
	name.textContent = data.optimizers[s.o].name;
	const lines = [`${chart.y.label}: ${number(s.y[i])}`];
	if (s.lo && s.lo[i] !== null) lines.push(`band: ${number(s.lo[i])} to ${number(s.hi[i])}`);
	lines.push(`${chart.x.label}: ${number(chart.at[i])}${i === s.mark ? " (chosen)" : ""}`);
	if (s.hint) lines.push(s.hint);
	box.replaceChildren(name, ...lines.flatMap((line) => [line, document.createElement("br")]));
	box.style.borderColor = colorOf(s.o);
	const over = u.over.getBoundingClientRect();
	show(over.left + u.cursor.left, over.top + u.cursor.top);
}

// show puts the hover box beside a point of the window.
function show(x, y) {
	const box = byId("hover");
	box.hidden = false;
	box.style.left = `${Math.max(4, x + 16 + box.offsetWidth < innerWidth ? x + 16 : x - 16 - box.offsetWidth)}px`;
	box.style.top = `${Math.max(4, Math.min(y + 16, innerHeight - box.offsetHeight - 4))}px`;
}

// tip shows a text below an element.
function tip(element, text) {
	pointed = pointedPlot = null;
	byId("hover").textContent = text;
	byId("hover").style.borderColor = "";
	const box = element.getBoundingClientRect();
	show(box.left - 16, box.bottom - 8);
}

function hideTip() { byId("hover").hidden = true; }

// walkable lets the arrow keys go through the parts of an element, whose texts show as those that the mouse points at do.
function walkable(element, parts, text, rowLength) {
	let at = -1;
	const leave = () => { parts[at]?.classList.remove("at"); at = -1; hideTip(); };
	element.addEventListener("blur", leave);
	element.addEventListener("keydown", (event) => {
		const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -rowLength, ArrowDown: rowLength }[event.key];
		if (!move) return;
		event.preventDefault();
		const from = at;
		let to = at < 0 ? 0 : at + move;
		while (parts[to]?.closest("[hidden]")) to += at < 0 ? 1 : move;
		if (!parts[to]) return;
		parts[from]?.classList.remove("at");
		at = to;
		parts[at].classList.add("at");
		parts[at].scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
		tip(parts[at], text(parts[at]));
	});
}

// Charts are drawn when they come near the window, and again when something changed.
const near = new IntersectionObserver((entries) => {
	for (const e of entries) {
		e.target.dataset.near = e.isIntersecting ? "yes" : "";
		if (e.isIntersecting && e.target.dataset.stale !== "no") drawNow(e.target);
	}
}, { rootMargin: "300px" });

const resized = new ResizeObserver((entries) => {
	for (const e of entries) {
		const plot = plots.get(e.target);
		if (plot && e.target.clientWidth > 0 && plot.width !== e.target.clientWidth) {
			plot.setSize({ width: e.target.clientWidth, height: e.target.clientHeight });
		}
	}
});

function drawNow(element) {
	if (!element.clientWidth) return; // hidden
	element.dataset.stale = "no";
	draw(element);
}

let pending = 0;
function redraw() {
	if (pending) return;
	pending = requestAnimationFrame(() => {
		pending = 0;
		for (const e of all(".plot")) {
			const plot = plots.get(e);
			if (plot && e.dataset.near) {
				const chart = data.charts[Number(e.parentElement.dataset.chart)];
				plot.batch(() => {
					chart.series.forEach((s, i) => { if (plot.series[i + 1].show !== visible(s.o)) plot.setSeries(i + 1, { show: visible(s.o) }, false); });
					plot.setData(plot.data, true); // ranges anew
				});
				plot.redraw(false, true);
			} else {
				e.dataset.stale = "yes";
				if (e.dataset.near) drawNow(e);
			}
		}
	});
}

// ---- Downloads and copies. ----

function fileOf(name) {
	if (name !== "curves.json") return data.exports[name];
	return JSON.stringify({ optimizers: data.optimizers, charts: data.charts }, null, 1);
}

function download(name) {
	const type = name.endsWith(".csv") ? "text/csv" : "application/json";
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([fileOf(name)], { type }));
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function copy(text, button) {
	try {
		await navigator.clipboard.writeText(text);
	} catch { // not allowed: the old way
		const area = document.createElement("textarea");
		area.value = text;
		document.body.append(area);
		area.select();
		document.execCommand("copy");
		area.remove();
		button.focus();
	}
	const label = button.textContent;
	button.textContent = "copied";
	setTimeout(() => { button.textContent = label; }, 1200);
}

// ---- Everything in #main, at the start and after each update. ----

// unpack reads the data: JSON, compressed by gzip, in base64.
async function unpack() {
	const bytes = Uint8Array.from(atob(byId("data").textContent), (c) => c.charCodeAt(0));
	data = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

function start() {
	for (const table of all("table.sortable")) makeSortable(table);
	for (const e of all(".picture .scroll")) walkable(e, all("td", e), (td) => `${td.parentElement.dataset.optimizer}: ${td.title}`, all("thead th", e).length - 1);
	for (const e of all(".maps svg[tabindex]")) walkable(e, all("circle", e), (dot) => dot.textContent, 1);
	for (const e of all(".plot")) {
		reachable(e);
		near.observe(e);
		resized.observe(e);
	}
	applyFilters();
}

document.addEventListener("click", (event) => {
	const button = event.target.closest("button");
	if (!button) return;
	const { download: file, copy: part, copyText, all: show, none: hide } = button.dataset;
	if (file) download(file);
	if (part) copy(fileOf(part), button);
	if (copyText) copy(copyText, button);
	if (show) off[show].clear();
	if (hide) for (const box of all(`[data-filter="${hide}"]`)) off[hide].add(box.value);
	if (show || hide) applyFilters();
});

document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

document.addEventListener("change", (event) => {
	const { filter } = event.target.dataset;
	if (!filter) return;
	if (event.target.checked) off[filter].delete(event.target.value); else off[filter].add(event.target.value);
	applyFilters();
});

// Pointing at an optimizer in the legend or in a table lights it up.
const pointsAt = (target) => {
	const name = target.closest?.(".filters label")?.querySelector('[data-filter="optimizer"]')?.value ?? target.closest?.("tbody tr")?.dataset.optimizer;
	return data.optimizers.findIndex((o) => o.name === name);
};
document.addEventListener("mouseover", (event) => { if (!event.target.closest?.(".plot")) light(pointsAt(event.target)); });
document.addEventListener("focusin", (event) => light(pointsAt(event.target)));

byId("theme").addEventListener("click", () => {
	setTheme(isDark() ? "light" : "dark");
	remembered("noisebench-theme", root.dataset.theme);
});
systemDark.addEventListener("change", () => setTheme());

// Paper is white, and shows every chart.
let before;
addEventListener("beforeprint", () => {
	before = root.dataset.theme;
	root.dataset.theme = "light";
	for (const e of all(".plot")) drawNow(e);
});
addEventListener("afterprint", () => {
	if (before) root.dataset.theme = before; else delete root.dataset.theme;
	redraw();
});

if (matchMedia("(max-width: 60rem)").matches) byId("filters").open = false;
setTheme(remembered("noisebench-theme"));
unpack().then(start);

// ---- Updates, where "bench serve" serves the page: it says that there is something new, and the page fetches itself. ----

if (!("live" in document.body.dataset)) return;

function say(text) {
	byId("live").textContent = text;
	byId("live").hidden = false;
}

async function update() {
	const answer = await fetch(location.pathname, { cache: "no-store" });
	if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
	const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
	const open = new Map(all("#main details[id]").map((d) => [d.id, d.open]));
	const top = scrollY;
	for (const plot of plots.values()) plot.destroy();
	plots.clear();
	near.disconnect();
	resized.disconnect();
	hideTip();
	byId("data").textContent = fresh.getElementById("data").textContent;
	await unpack();
	byId("main").replaceChildren(...document.adoptNode(fresh.getElementById("main")).childNodes);
	document.title = fresh.title;
	for (const d of all("#main details[id]")) if (open.has(d.id)) d.open = open.get(d.id);
	start();
	scrollTo({ top, behavior: "instant" });
	document.body.dataset.live = fresh.body.dataset.live;
	say(`live, ${new Date().toLocaleTimeString()}`);
}

let updating = Promise.resolve();
const events = new EventSource("events");
events.addEventListener("open", () => say("live"));
events.addEventListener("error", () => say("not connected: bench serve has stopped"));
events.addEventListener("change", (event) => {
	updating = updating.then(() => { if (event.data !== document.body.dataset.live) return update(); })
		.catch((e) => say(`not up to date: ${e.message}`));
});
})();
