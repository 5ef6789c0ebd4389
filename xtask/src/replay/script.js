"use strict";
const get = id => document.getElementById(id);
const recorded = JSON.parse(get("recorded").textContent);
const play = get("play"), slider = get("frame"), speed = get("speed"), state = get("state");
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Clears a canvas and gives its context in CSS pixels, its width and its height, which is `heightOf` its width.
function prepare(canvas, heightOf) {
  const width = Math.max(120, canvas.clientWidth), height = Math.round(heightOf(width)), scale = window.devicePixelRatio || 1;
  canvas.width = width * scale; canvas.height = height * scale; canvas.style.height = height + "px";
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}

// The axes of a chart over the frames: a line at each of `values`, and every so many frames' numbers. Gives the context,
// the places of a frame and of a value, and how to mark the frame that is shown.
function axes(canvas, heightOf, nFrames, every, values, text) {
  const [c, width, height] = prepare(canvas, heightOf), left = 44, right = 12, top = 10, bottom = height - 24;
  const low = values[0], high = values[values.length - 1];
  const px = f => left + f / (nFrames - 1) * (width - left - right), py = v => top + (high - v) / (high - low) * (bottom - top);
  c.font = "12px system-ui, sans-serif"; c.fillStyle = css("--faint"); c.strokeStyle = css("--line");
  for (const value of values) {
    c.beginPath(); c.moveTo(left, py(value)); c.lineTo(width - right, py(value)); c.stroke();
    c.fillText(text(value), 12, py(value) + 4);
  }
  for (let f = 0; f < nFrames; f += every) c.fillText(f, Math.min(px(f) - 6, width - 18), height - 6);
  const line = (points, color) => {
    c.beginPath(); c.strokeStyle = color; c.lineWidth = 2;
    points.forEach((value, f) => c[f ? "lineTo" : "moveTo"](px(f), py(value)));
    c.stroke();
  };
  const mark = frame => {
    c.strokeStyle = css("--ink"); c.lineWidth = 1;
    c.beginPath(); c.moveTo(px(frame), top); c.lineTo(px(frame), bottom); c.stroke();
  };
  return [c, px, py, line, mark];
}

// Draws whenever a control, the window or the colours change, and plays the frames one after the other.
function replay(nFrames, draw, choices) {
  let timer = null;
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; state.setAttribute("aria-live", "polite"); };
  const begin = () => {
    if (+slider.value >= nFrames - 1) slider.value = 0;
    play.textContent = "Pause";
    state.setAttribute("aria-live", "off");
    timer = setInterval(() => { slider.value = +slider.value + 1; draw(); if (+slider.value >= nFrames - 1) stop(); }, +speed.value);
  };
  slider.max = nFrames - 1;
  play.addEventListener("click", () => timer ? stop() : begin());
  speed.addEventListener("change", () => { if (timer) { stop(); begin(); } });
  slider.addEventListener("input", () => { if (timer) stop(); draw(); });
  choices.forEach(choice => choice.addEventListener("change", draw));
  window.addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
}
