"use strict";
(() => {
  const root = document.documentElement;
  const THEMES = ["system", "dark", "light"];

  // A page from disk or a private window may have no store: the theme then lasts as long as the page.
  const kept = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const keep = (theme) => {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Nothing is kept.
    }
  };
  const show = (theme) => {
    if (theme === "dark" || theme === "light") {
      root.dataset.theme = theme;
    } else {
      delete root.dataset.theme;
    }
  };
  // Before anything is painted.
  show(kept());

  const themes = () => {
    const button = document.getElementById("theme");
    let theme = THEMES.includes(kept()) ? kept() : "system";
    const name = () => {
      button.textContent = `Theme: ${theme}`;
    };
    button.hidden = false;
    name();
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      keep(theme);
      show(theme);
      name();
    });
  };

  // Folded on a phone, where it would fill the screen.
  const contents = () => {
    const nav = document.getElementById("contents");
    const button = document.getElementById("contents-button");
    const fold = (folded) => {
      nav.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
    };
    button.hidden = false;
    fold(true);
    button.addEventListener("click", () => fold(!nav.classList.contains("folded")));
    nav.addEventListener("click", (event) => {
      if (event.target.closest("a")) fold(true);
    });
    nav.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !nav.classList.contains("folded")) {
        fold(true);
        button.focus();
      }
    });
  };

  // The link of the section at the upper edge.
  const whereabouts = () => {
    const links = new Map();
    for (const link of document.querySelectorAll("#contents a")) links.set(link.hash.slice(1), link);
    const seen = new Set();
    let current = null;
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target.id);
        else seen.delete(target.id);
      }
      // The innermost section comes last.
      const link = links.get([...links.keys()].filter((id) => seen.has(id)).pop());
      if (link && link !== current) {
        current?.removeAttribute("aria-current");
        link.setAttribute("aria-current", "true");
        current = link;
      }
    }, { rootMargin: "-20% 0px -79% 0px" });
    for (const id of links.keys()) {
      const section = document.getElementById(id);
      if (section) observer.observe(section);
    }
  };

  // Paper does not unfold.
  const printing = () => {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      for (const details of opened) details.open = true;
    });
    addEventListener("afterprint", () => {
      for (const details of opened) details.open = false;
      opened = [];
    });
  };

  addEventListener("DOMContentLoaded", () => {
    themes();
    contents();
    whereabouts();
    printing();
  });
})();
