"use strict";
// Runs in a copy of the report, before all else of it, and tells the test what it found.
(() => {
  const errors = [];
  addEventListener("error", (event) => errors.push(String(event.message ?? event.target?.outerHTML)), true);
  addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
  for (const level of ["error", "warn"]) {
    const own = console[level];
    console[level] = (...parts) => {
      errors.push(`${level}: ${parts.join(" ")}`);
      own.apply(console, parts);
    };
  }

  const all = (selector) => [...document.querySelectorAll(selector)];
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const until = async (holds) => {
    for (let frames = 0; frames < 1000 && !holds(); frames++) await frame();
    return holds();
  };

  // Trains for some epochs, then goes back to the first one by the slider.
  const demo = async (id) => {
    const [train, epoch, status] = ["train", "epoch", "status"].map((part) => document.getElementById(`${id}-${part}`));
    const before = status.textContent;
    train.scrollIntoView({ block: "center" });
    await frame();
    train.click();
    const trained = await until(() => Number(epoch.value) >= 2 && status.textContent !== before);
    const [reached, told] = [Number(epoch.value), status.textContent];
    epoch.value = "0";
    for (const type of ["input", "change"]) epoch.dispatchEvent(new Event(type, { bubbles: true }));
    const back = await until(() => Number(epoch.value) < reached && status.textContent !== told);
    return { id, trained, back, before, told, now: status.textContent };
  };

  // Colours as the browser paints them.
  let paint = null;
  const painted = new Map();
  const rgba = (color) => {
    if (!painted.has(color)) {
      paint ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = color;
      paint.fillRect(0, 0, 1, 1);
      painted.set(color, [...paint.getImageData(0, 0, 1, 1).data]);
    }
    return painted.get(color);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((channel, at) => channel * (a / 255) + below[at] * (1 - a / 255));
  const background = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer[3] === 255) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (color, ground) => {
    const [a, b] = [over(rgba(color), ground), ground].map(luminance);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };

  // The text that is hardest to read, of the page and of the figures whose text stands on the page's own colours.
  const faintest = () => {
    let least = { contrast: 21, text: "" };
    const see = (element, color, ground, text) => {
      const found = contrast(color, ground);
      if (found < least.contrast) least = { contrast: found, text: `${element.tagName}.${element.getAttribute("class")}: ${text.trim()}` };
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const isSeen = walker.currentNode.data.trim() && element.checkVisibility() && !element.closest("svg, :disabled");
      if (isSeen) see(element, getComputedStyle(element).color, background(element), walker.currentNode.data);
    }
    for (const text of all(".plot text")) {
      const before = text.previousElementSibling;
      const isInCell = before?.tagName === "polyline" && before.getAttribute("stroke") === "#FFFFFF";
      if (!isInCell) see(text, getComputedStyle(text).fill, background(text.closest(".plot")), text.textContent);
    }
    return least;
  };

  // Light and dark by the button that a reader has.
  const themes = async () => {
    const found = {};
    for (let click = 0; click < 3; click++) {
      document.getElementById("theme").click();
      await frame();
      const theme = document.documentElement.dataset.theme ?? "system";
      found[theme] = { background: getComputedStyle(document.body).backgroundColor, faintest: faintest() };
    }
    return found;
  };

  // What is wider than the window, and scrolls in no box of its own.
  const wide = () => all("body *")
    .filter((element) => {
      const scrolls = (box) => box !== document.body && ["auto", "scroll", "hidden"].includes(getComputedStyle(box).overflowX);
      for (let box = element.parentElement; box; box = box.parentElement) if (scrolls(box)) return false;
      return element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 0.5;
    })
    .slice(0, 3)
    .map((element) => element.outerHTML.slice(0, 200));

  const structure = () => {
    const ids = all("[id]").map((element) => element.id);
    const levels = all("h1, h2, h3, h4, h5, h6").map((heading) => Number(heading.tagName[1]));
    const targets = all("a[href^='#']").map((link) => decodeURIComponent(link.hash.slice(1)));
    return {
      repeated_ids: ids.filter((id, at) => ids.indexOf(id) !== at),
      skipped_levels: levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1),
      lost_links: targets.filter((id) => !document.getElementById(id)),
      unnamed_figures: all("figure svg").filter((svg) => !svg.getAttribute("aria-label")).length,
      loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
    };
  };

  const drive = async () => {
    const bottom = (element) => element.getBoundingClientRect().bottom;
    const first = {
      question: document.querySelector("h1").textContent,
      sentences: all(".answer li").map((sentence) => sentence.textContent),
      lowest: Math.max(...all("h1, .answer li, .opening figure svg").map(bottom)),
      figures: all(".opening figure svg").length,
    };
    const demos = [];
    for (const id of ["race", "self-paced"]) demos.push(await demo(id));
    const found = { first, demos, themes: await themes(), ...structure() };
    for (const details of all("details")) details.open = true;
    await frame();
    const { scrollWidth } = document.documentElement;
    const isStill = getComputedStyle(document.documentElement).scrollBehavior === "auto";
    return { ...found, width: innerWidth, height: innerHeight, scroll_width: scrollWidth, wide: wide(), is_still: isStill };
  };

  addEventListener("load", async () => {
    let found;
    try {
      found = await drive();
    } catch (error) {
      found = { width: innerWidth };
      errors.push(`driver: ${error.stack}`);
    }
    await fetch("found", { method: "POST", body: JSON.stringify({ ...found, errors }) });
  });
})();
