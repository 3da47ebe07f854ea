"use strict";
(() => {
  const root = document.documentElement;
  const press = (name, value) => {
    for (const button of document.querySelectorAll(`button[data-set-${name}]`)) {
      button.setAttribute("aria-pressed", String(button.getAttribute(`data-set-${name}`) === value));
    }
  };
  const set = (name, value) => {
    root.setAttribute(`data-${name}`, value);
    if (name === "lang") root.lang = value === "zh" ? "zh-Hans" : "en";
    press(name, value);
  };
  root.classList.add("js");
  const prefersChinese = (navigator.languages || [navigator.language || "en"])[0].toLowerCase().startsWith("zh");
  const first = root.dataset.fixed ? root.dataset.lang : prefersChinese ? "zh" : "en";
  document.addEventListener("DOMContentLoaded", () => {
    set("lang", first);
    set("x", root.dataset.x);
    for (const name of ["lang", "x"]) {
      for (const button of document.querySelectorAll(`button[data-set-${name}]`)) {
        button.addEventListener("click", () => set(name, button.getAttribute(`data-set-${name}`)));
      }
    }
    document.querySelector("button[data-theme-switch]").addEventListener("click", () => {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
    });
  });
  root.dataset.lang = first;
  const closed = [];
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) { part.open = true; closed.push(part); }
  });
  addEventListener("afterprint", () => { while (closed.length) closed.pop().open = false; });
})();
