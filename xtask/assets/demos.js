// The two demos of the article. What trains is WebAssembly, compiled from crates/cl-web; this draws, and asks for the rest.
(() => {
"use strict";
const WASM = "__WASM__";
const get = id => document.getElementById(id);
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

// The functions of crates/cl-web/src/exports.rs over arrays of numbers. Compiled when a demo is first seen or used.
let engine = null;
function load() {
  engine ??= (async () => {
    const text = atob(WASM), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const raw = (await WebAssembly.instantiate(bytes)).instance.exports;
    const message = () => new TextDecoder().decode(new Uint8Array(raw.memory.buffer, raw.demo_message() >>> 0, raw.demo_message_length() >>> 0));
    // Whether something was left to do.
    const call = (name, ...given) => {
      const status = raw[name](...given);
      if (status < 0) throw new Error(message());
      return status !== 0;
    };
    return {
      call,
      write: values => new Float64Array(raw.memory.buffer, raw.demo_input(values.length) >>> 0, values.length).set(values),
      ask: (name, ...given) => {
        call(name, ...given);
        return Array.from(new Float64Array(raw.memory.buffer, raw.demo_output() >>> 0, raw.demo_output_length() >>> 0));
      },
    };
  })();
  return engine;
}

// Rows of `width` numbers.
const rows = (numbers, width) => Array.from({ length: numbers.length / width }, (_, k) => numbers.slice(k * width, (k + 1) * width));

// Clears a canvas and gives its context in CSS pixels, its width and its height, which is `heightOf` its width.
function prepare(canvas, heightOf) {
  const width = Math.max(80, canvas.clientWidth), height = Math.round(heightOf(width)), scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale); canvas.style.height = height + "px";
  const c = canvas.getContext("2d");
  c.setTransform(scale, 0, 0, scale, 0, 0);
  return [c, width, height];
}

// A colour of the theme, and one of #rrggbb as numbers.
const css = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
const channels = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));

// From blue over green to yellow, ever lighter: told apart by all eyes, and seen on dark and on light; `at` from 0 to 1.
const RAMP = [[74, 72, 176], [49, 115, 178], [33, 154, 147], [106, 200, 99], [253, 231, 37]];
const OUTLINE = "#111";
function ramp(at) {
  const place = Math.max(0, Math.min(1, at)) * (RAMP.length - 1), k = Math.min(RAMP.length - 2, Math.floor(place));
  return "rgb(" + RAMP[k].map((from, i) => Math.round(from + (place - k) * (RAMP[k + 1][i] - from))).join(",") + ")";
}
function drawScale(canvas) {
  const [c, width, height] = prepare(canvas, () => 16);
  for (let x = 0; x < width; x++) { c.fillStyle = ramp(x / width); c.fillRect(x, 0, 1.5, height); }
}

// A point: a circle for class 0, a square for class 1.
function mark(c, x, y, label, radius) {
  c.beginPath();
  if (label) c.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius); else c.arc(x, y, radius, 0, 2 * Math.PI);
}

// The range of some points with a margin: x from, x to, y from, y to.
function around(points) {
  const range = axis => { const all = points.map(point => point[axis]); return [Math.min(...all) - 0.4, Math.max(...all) + 0.4]; };
  return [...range(0), ...range(1)];
}
const places = ([x0, x1, y0, y1], width, height) => [x => (x - x0) / (x1 - x0) * width, y => height - (y - y0) / (y1 - y0) * height];

// Lines over passes 0 to `last`: of [name, colour, dash, values]; the names in the colours of the lines where there are two.
function chart(canvas, { lines, last, shown, values, text, floor }) {
  const [c, width, height] = prepare(canvas, width => Math.min(220, Math.max(150, 0.45 * width)));
  const left = 46, right = 12, top = lines.length > 1 ? 26 : 12, bottom = height - 24;
  const fg = css(canvas, "--demo-fg"), muted = css(canvas, "--demo-muted"), low = values[0], high = values[values.length - 1];
  const px = at => left + at / last * (width - left - right), py = value => top + (high - value) / (high - low) * (bottom - top);
  c.clearRect(0, 0, width, height);
  c.font = "12px system-ui, sans-serif";
  c.textBaseline = "middle";
  for (const value of values) {
    c.strokeStyle = css(canvas, "--demo-line"); c.lineWidth = 1;
    c.beginPath(); c.moveTo(left, py(value)); c.lineTo(width - right, py(value)); c.stroke();
    c.fillStyle = muted; c.textAlign = "right"; c.fillText(text(value), left - 6, py(value));
  }
  c.textAlign = "center"; c.fillStyle = muted;
  for (let at = 0; at <= last; at += 10) c.fillText(at, px(at), height - 10);
  c.save(); c.beginPath(); c.rect(left - 5, top - 5, width - left - right + 10, bottom - top + 10); c.clip();
  for (const [, colour, dash, numbers] of lines) {
    c.strokeStyle = colour; c.lineWidth = 2; c.setLineDash(dash); c.beginPath();
    numbers.forEach((value, at) => c[at ? "lineTo" : "moveTo"](px(at), py(Math.max(floor ?? -Infinity, value))));
    c.stroke(); c.setLineDash([]);
    c.fillStyle = colour; c.beginPath(); c.arc(px(shown), py(numbers[shown]), 4, 0, 2 * Math.PI); c.fill();
  }
  c.restore();
  c.strokeStyle = fg; c.lineWidth = 1; c.globalAlpha = 0.5;
  c.beginPath(); c.moveTo(px(shown), top); c.lineTo(px(shown), bottom); c.stroke(); c.globalAlpha = 1;
  if (lines.length > 1) {
    c.textAlign = "left";
    let x = left;
    for (const [name, colour, dash] of lines) {
      c.strokeStyle = c.fillStyle = colour; c.lineWidth = 2; c.setLineDash(dash);
      c.beginPath(); c.moveTo(x, 12); c.lineTo(x + 22, 12); c.stroke(); c.setLineDash([]);
      c.fillText(name, x + 27, 12);
      x += 27 + c.measureText(name).width + 18;
    }
  }
}

// Steps of 0.1, 0.2, 0.5 ... between the ends of `numbers`, at most six of them, as values to draw lines at.
function ticks(numbers, lowest, highest) {
  const low = Math.max(lowest, Math.min(...numbers)), high = Math.min(highest, Math.max(...numbers)), span = Math.max(high - low, 0.02);
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].find(step => span / step <= 4) ?? 1000;
  const first = Math.max(Math.ceil(lowest / step), Math.floor(low / step + 1e-9)), last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
}
const digits = values => { const step = values[1] - values[0]; return step < 0.099 ? 2 : step < 0.99 ? 1 : 0; };

// What both demos have in common: Train and Pause, Step, Reset, the slider over what has been trained, and what goes wrong.
// `make(engine)` makes the demo of its controls, if they suffice; `step(engine)` says whether something was left, `nTrained()`
// how far it is, `last()` how far it can come; `draw(engine, shown)` draws what the slider shows and gives the status.
function player(name, root, { make, step, reset, nTrained, last, draw }) {
  const [train, one, back, slider, status] = ["train", "step", "reset", "epoch", "status"].map(part => get(`${name}-${part}`));
  let made = false, timer = null, api = null;

  const fail = error => { stop(); status.textContent = `This cannot be trained: ${error.message}.`; };
  const stop = () => {
    clearTimeout(timer); timer = null;
    train.textContent = "Train";
    status.setAttribute("aria-live", "polite");
  };
  // What has been trained is where the slider can be.
  function show(wanted) {
    const shown = Math.min(wanted, nTrained());
    slider.max = last(); slider.value = shown;
    status.textContent = draw(api, shown);
    slider.setAttribute("aria-valuetext", status.textContent);
  }
  // Runs with the demo made; a setting that is refused is said and leaves the pictures as they are.
  async function ready(then) {
    try {
      api ??= await load();
      made ||= make(api);
      if (made) return then();
      stop(); show(0);
    } catch (error) { fail(error); }
  }
  // Trains on by some steps; whether there may be more.
  function advance(n) {
    let more = true;
    for (let k = 0; more && k < n; k++) more = step(api);
    show(nTrained());
    return more;
  }
  function play() {
    if (!timer) return;
    try {
      // Without motion: a quarter of the whole at a time.
      if (!advance(quiet.matches ? 10 : 1)) return stop();
      timer = setTimeout(play, quiet.matches ? 800 : 90);
    } catch (error) { fail(error); }
  }
  train.addEventListener("click", () => {
    if (timer) return stop();
    ready(() => {
      if (nTrained() >= last()) reset(api);
      train.textContent = "Pause";
      status.setAttribute("aria-live", "off");
      timer = setTimeout(play, 0);
    });
  });
  one.addEventListener("click", () => { stop(); ready(() => advance(1)); });
  back.addEventListener("click", () => { stop(); ready(() => { reset(api); show(0); }); });
  slider.addEventListener("input", () => { stop(); ready(() => show(+slider.value)); });

  // A control was changed: the demo is made anew.
  const remake = () => { stop(); made = false; ready(() => show(0)); };
  const redraw = () => { if (made) show(+slider.value); };
  new IntersectionObserver((entries, observer) => {
    if (entries.some(entry => entry.isIntersecting)) { observer.disconnect(); if (!made) ready(() => show(0)); }
  }, { rootMargin: "200px" }).observe(root);
  let width = root.clientWidth;
  new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; redraw(); } }).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme", "class", "style"] });
  return { remake, redraw };
}

// --- The race ---------------------------------------------------------------------------------------------------------

function race(root) {
  const input = name => get(`race-${name}`), OWN = [-3, 3, -2.4, 2.4], COLUMNS = 60, ROWS = 48;
  const lanes = [["easy first", "--demo-easy", [], "easy"], ["random order", "--demo-random", [7, 4], "order"]];
  const settings = ["points", "spread", "flipped", "difficulty", "rate", "hidden", "a", "b"].map(input);
  const PERCENT = new Set(["race-flipped", "race-a", "race-b"]);
  let points = [], history = [], range = OWN, grid = [], last = 40, own = [], isOwn = false, cross = [0, 0], filled = false;

  // Puts a preset's numbers into the controls.
  function fill(api) {
    const preset = api.ask("race_preset", input("preset").value === "article" ? 0 : 1);
    isOwn = input("preset").value === "own";
    settings.forEach((control, k) => { control.value = PERCENT.has(control.id) ? Math.round(100 * preset[k]) : preset[k]; });
    if (isOwn) input("flipped").value = 0;
    if (isOwn) { input("b").value = 20; input("a").value = 50; }
    input("seed").value = preset[8];
    last = preset[9];
    input("own").hidden = !isOwn;
    for (const name of ["points", "spread", "difficulty"]) input(name).disabled = isOwn;
    input("note").textContent = input("note").dataset[input("preset").value];
    input("accuracy-caption").textContent = isOwn ? "Accuracy on your points" : "Test accuracy";
    input("loss-caption").textContent = isOwn ? "Loss on your points" : "Test loss";
    for (const [, , , id] of lanes) {
      const canvas = input(id);
      if (isOwn) { canvas.tabIndex = 0; canvas.setAttribute("role", "application"); } else { canvas.removeAttribute("tabindex"); canvas.setAttribute("role", "img"); }
    }
    filled = true;
  }

  function make(api) {
    if (!filled) fill(api);
    const numbers = settings.map(control => control.value === "" ? NaN : +control.value / (PERCENT.has(control.id) ? 100 : 1));
    if (isOwn) {
      [numbers[0], numbers[3]] = [2, 1];
      points = own.map(([x, y, label], k) => [x, y, label, k, 0]);
      range = OWN; history = [];
      if (!own.some(point => point[2] === 0) || !own.some(point => point[2] === 1)) return false;
    }
    api.write([...numbers, input("seed").value === "" ? NaN : +input("seed").value, ...(isOwn ? own.flat() : [])]);
    api.call("race_new");
    points = rows(api.ask("race_points"), 5);
    range = isOwn ? OWN : around(points);
    const [x0, x1, y0, y1] = range;
    grid = [];
    for (let row = 0; row < ROWS; row++) for (let column = 0; column < COLUMNS; column++) {
      grid.push(x0 + column / (COLUMNS - 1) * (x1 - x0), y1 - row / (ROWS - 1) * (y1 - y0));
    }
    history = rows(api.ask("race_history"), 6);
    return true;
  }
  const told = api => { history = rows(api.ask("race_history"), 6); };

  // The ground of a picture, from class to class, and the line between them.
  function drawDecision(c, width, height, p, canvas) {
    const colours = ["--demo-zero", "--demo-one"].map(name => channels(css(canvas, name)));
    const small = new OffscreenCanvas(COLUMNS, ROWS), s = small.getContext("2d"), image = s.createImageData(COLUMNS, ROWS);
    p.forEach((value, i) => image.data.set([...colours[value > 0.5 ? 1 : 0], 255 * (0.06 + 0.7 * Math.abs(value - 0.5))], 4 * i));
    s.putImageData(image, 0, 0);
    const dx = width / (COLUMNS - 1), dy = height / (ROWS - 1);
    c.imageSmoothingEnabled = true;
    c.drawImage(small, -dx / 2, -dy / 2, COLUMNS * dx, ROWS * dy);
    // Where p passes 1/2 between four neighbours: on two sides, or on all four.
    c.beginPath();
    for (let row = 0; row + 1 < ROWS; row++) for (let column = 0; column + 1 < COLUMNS; column++) {
      const at = row * COLUMNS + column, corners = [p[at], p[at + 1], p[at + COLUMNS + 1], p[at + COLUMNS]].map(value => value - 0.5);
      const sides = [[0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 0, 0]], crossed = [];
      sides.forEach(([fromX, fromY, toX, toY], k) => {
        const from = corners[k], to = corners[(k + 1) % 4];
        if ((from > 0) !== (to > 0)) {
          const share = from / (from - to);
          crossed.push([(column + fromX + share * (toX - fromX)) * dx, (row + fromY + share * (toY - fromY)) * dy]);
        }
      });
      for (let k = 0; k + 1 < crossed.length; k += 2) { c.moveTo(...crossed[k]); c.lineTo(...crossed[k + 1]); }
    }
    c.strokeStyle = css(canvas, "--demo-fg"); c.lineWidth = 2.5; c.stroke();
  }

  function drawLane(api, lane, shown) {
    const [name, , , id] = lanes[lane], canvas = input(id), [c, width, height] = prepare(canvas, width => Math.round(0.8 * width));
    const [px, py] = places(range, width, height), fg = css(canvas, "--demo-fg"), bg = css(canvas, "--demo-bg");
    c.clearRect(0, 0, width, height);
    const isTrained = history.length > 0, available = isTrained ? history[shown][3 * lane + 2] : points.length;
    if (isTrained) {
      api.write(grid);
      drawDecision(c, width, height, api.ask("race_probabilities", lane, shown), canvas);
    }
    for (const [x, y, label, rank, flipped] of points) {
      const isShown = lane === 1 || rank < available, radius = isShown ? 4.5 : 3;
      mark(c, px(x), py(y), label, radius);
      c.fillStyle = isShown ? ramp(points.length > 1 ? rank / (points.length - 1) : 0) : bg; c.fill();
      c.strokeStyle = isShown ? OUTLINE : fg; c.lineWidth = isShown ? 1 : 0.7; c.stroke();
      if (flipped && isShown) { c.fillStyle = "#fff"; c.strokeStyle = "#000"; c.lineWidth = 0.8; c.beginPath(); c.arc(px(x), py(y), 1.7, 0, 2 * Math.PI); c.fill(); c.stroke(); }
    }
    if (isOwn && document.activeElement === canvas) {
      const [x, y] = [px(cross[0]), py(cross[1])];
      c.strokeStyle = fg; c.lineWidth = 1.5; c.beginPath();
      c.moveTo(x - 9, y); c.lineTo(x + 9, y); c.moveTo(x, y - 9); c.lineTo(x, y + 9); c.stroke();
    }
    const how = isTrained ? `pass ${shown}: accuracy ${history[shown][3 * lane].toFixed(3)}, ${available} of ${points.length} points shown` : `${points.length} points`;
    const keys = isOwn ? "; arrow keys move the cross, Enter sets a point of the class chosen" : "";
    canvas.setAttribute("aria-label", `Decision of the network trained ${lane ? "in " : ""}${name}, ${how}${keys}`);
  }

  function drawCharts(shown) {
    for (const [k, id] of ["accuracy", "loss"].entries()) {
      const canvas = input(id), lines = lanes.map(([name, colour, dash], lane) => [name, css(canvas, colour), dash, history.map(pass => pass[3 * lane + k])]);
      const all = lines.flatMap(line => line[3]), values = k === 0 ? ticks([...all, 1], 0, 1) : ticks([...all, 0], 0, Infinity);
      chart(canvas, { lines, last, shown, values, text: value => value.toFixed(digits(values)) });
      const ends = lines.map(([name, , , numbers]) => `${name} ${numbers[shown].toFixed(3)}`).join(", ");
      canvas.setAttribute("aria-label", `${k ? "Loss" : "Accuracy"} over the passes; at pass ${shown}: ${ends}`);
    }
  }

  function draw(api, shown) {
    drawLane(api, 0, shown); drawLane(api, 1, shown);
    drawScale(input("scale"));
    if (!history.length) {
      for (const id of ["accuracy", "loss"]) { const [c, width, height] = prepare(input(id), width => Math.min(220, Math.max(150, 0.45 * width))); c.clearRect(0, 0, width, height); }
      return `${points.length} points: set at least one of each class.`;
    }
    drawCharts(shown);
    const [easy, , available, random] = history[shown];
    const lead = easy === random ? "level" : `${lanes[easy > random ? 0 : 1][0]} ahead`;
    return `Pass ${shown} of ${last}: easy first ${easy.toFixed(3)}, random order ${random.toFixed(3)} (${lead}); easy first has ${available} of ${points.length} points.`;
  }

  const { remake, redraw } = player("race", root, {
    make, draw,
    step: api => { const more = api.call("race_step"); told(api); return more; },
    reset: api => { api.call("race_reset"); told(api); },
    nTrained: () => Math.max(0, history.length - 1),
    last: () => last,
  });
  input("preset").addEventListener("change", () => { filled = false; remake(); });
  [...settings, input("seed")].forEach(control => control.addEventListener("change", () => {
    if (!isOwn && filled) input("note").textContent = `Settings of your own, changed from: ${input("preset").selectedOptions[0].text}.`;
    remake();
  }));

  const chosen = () => +root.querySelector("input[name=race-class]:checked").value;
  const add = (...more) => { own.push(...more); remake(); };
  input("random").addEventListener("click", () => {
    // Five of each class around a centre of its own.
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    const centre = () => [3 * Math.random() - 1.5, 2.4 * Math.random() - 1.2];
    add(...[0, 1].flatMap(label => { const at = centre(); return Array.from({ length: 5 }, () => [at[0] + 0.4 * normal(), at[1] + 0.4 * normal(), label]); }));
  });
  input("clear").addEventListener("click", () => { own = []; remake(); });
  for (const [, , , id] of lanes) {
    const canvas = input(id);
    canvas.addEventListener("click", event => {
      if (!isOwn) return;
      const box = canvas.getBoundingClientRect(), [x0, x1, y0, y1] = OWN;
      add([x0 + (event.clientX - box.left) / box.width * (x1 - x0), y1 - (event.clientY - box.top) / box.height * (y1 - y0), chosen()]);
    });
    canvas.addEventListener("keydown", event => {
      if (!isOwn) return;
      const move = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] }[event.key];
      if (move) cross = cross.map((at, axis) => Math.max(OWN[2 * axis], Math.min(OWN[2 * axis + 1], at + move[axis])));
      else if (event.key === "Enter" || event.key === " ") add([...cross, chosen()]);
      else return;
      event.preventDefault(); redraw();
    });
    canvas.addEventListener("focus", redraw);
    canvas.addEventListener("blur", redraw);
  }
}

// --- The self-paced demo ----------------------------------------------------------------------------------------------

function selfPaced(root) {
  const input = name => get(`self-paced-${name}`), MOST = 2;
  const controls = ["lambda", "growth", "mu", "start", "seed"].map(input);
  let points = [], history = [], last = 30, hasTrained = false;

  function make(api) {
    const byFactor = input("growth").value === "factor", number = name => input(name).value === "" ? NaN : +input(name).value;
    last = api.ask("self_paced_preset")[3];
    input("mu").disabled = !byFactor;
    api.write([number("lambda"), byFactor ? number("mu") || NaN : 0, number("start"), number("seed")]);
    api.call("self_paced_new");
    points = rows(api.ask("self_paced_points"), 3);
    told(api);
    hasTrained = false;
    return true;
  }
  const told = api => { history = rows(api.ask("self_paced_history"), 4); };

  function drawPoints(api, shown) {
    const canvas = input("points"), [c, width, height] = prepare(canvas, width => Math.min(460, Math.max(260, 0.55 * width)));
    const [w0, w1, bias, ...numbers] = api.ask("self_paced_epoch", shown), losses = rows(numbers, 2);
    const range = around(points), [x0, x1, y0, y1] = range, [px, py] = places(range, width, height), fg = css(canvas, "--demo-fg");
    c.clearRect(0, 0, width, height);
    c.strokeStyle = fg; c.lineWidth = 2; c.setLineDash([8, 5]); c.beginPath();
    if (Math.abs(w1) * (x1 - x0) > Math.abs(w0) * (y1 - y0)) {
      [x0, x1].forEach((x, i) => c[i ? "lineTo" : "moveTo"](px(x), py(-(bias + w0 * x) / w1)));
    } else if (w0 !== 0) {
      [y0, y1].forEach((y, i) => c[i ? "lineTo" : "moveTo"](px(-(bias + w1 * y) / w0), py(y)));
    }
    c.stroke(); c.setLineDash([]);
    // The small ones on top, so that none is hidden.
    for (const chosen of [1, 0]) points.forEach(([x, y, label], i) => {
      const [loss, selected] = losses[i];
      if (selected !== chosen) return;
      mark(c, px(x), py(y), label, !hasTrained ? 4.5 : chosen ? 7 : 3);
      c.fillStyle = ramp(loss / MOST); c.fill();
      c.strokeStyle = OUTLINE; c.lineWidth = 1; c.stroke();
    });
    canvas.setAttribute("aria-label", `The points and the decision boundary at epoch ${shown}` + (hasTrained ? `: ${history[shown][1]} of ${points.length} selected` : ""));
  }

  function draw(api, shown) {
    drawPoints(api, shown);
    drawScale(input("scale"));
    const n = points.length, [lambda, selected, accuracy] = history[shown];
    const selectedLine = ["selected", css(root, "--demo-easy"), [], history.map(epoch => epoch[1])], values = [0, n / 3, 2 * n / 3, n];
    chart(input("selected"), { lines: [selectedLine], last, shown, values, text: String });
    input("selected").setAttribute("aria-label", `Points selected over the epochs: ${selectedLine[3].join(", ")}`);
    const rightLine = ["accuracy", css(root, "--demo-random"), [], history.map(epoch => epoch[2])], right = ticks([...rightLine[3], 1], 0, 1);
    chart(input("accuracy"), { lines: [rightLine], last, shown, values: right, text: value => value.toFixed(digits(right)) });
    input("accuracy").setAttribute("aria-label", `Accuracy on all points over the epochs; at epoch ${shown}: ${accuracy.toFixed(3)}`);
    return `Epoch ${shown}, lambda = ${lambda.toFixed(2)}, Selected: ${hasTrained ? selected : "-"}/${n}`;
  }

  const { remake } = player("self-paced", root, {
    make, draw,
    step: api => { const more = api.call("self_paced_step"); hasTrained = true; told(api); return more; },
    reset: api => { api.call("self_paced_reset"); hasTrained = false; told(api); },
    nTrained: () => Math.max(0, history.length - 1),
    last: () => last,
  });
  controls.forEach(control => control.addEventListener("change", remake));
}

for (const [id, demo] of [["race", race], ["self-paced-demo", selfPaced]]) {
  const root = get(id);
  if (root) demo(root);
}
})();
