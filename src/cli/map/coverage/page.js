"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const sections = all("main > section");
  const tabs = all("nav [data-show]");
  const filter = document.querySelector("nav input");
  const only = document.querySelector("#only");
  const says = document.querySelector("#says");

  const show = (name) => {
    sections.forEach((one) => { one.hidden = one.id !== name; });
    tabs.forEach((tab) => tab.setAttribute("aria-selected", String(tab.dataset.show === name)));
    places = null;
  };
  const shown = () => sections.find((one) => !one.hidden);

  let places = null;
  let at = -1;
  const open = () => {
    places ??= all("[data-open]", shown()).filter((one) => !one.hidden && !one.closest("[hidden]"));
    return places;
  };
  const go = (by) => {
    const list = open();
    if (list.length === 0) { says.textContent = "nothing is open here"; return; }
    const now = list.findIndex((one) => one.classList.contains("here"));
    at = now < 0 ? (by > 0 ? 0 : list.length - 1) : (now + by + list.length) % list.length;
    reach(list[at]);
    says.textContent = `${at + 1} of ${list.length} open`;
  };
  const reach = (one) => {
    all(".here").forEach((other) => other.classList.remove("here"));
    one.classList.add("here");
    const details = one.closest("details");
    if (details) details.open = true;
    one.scrollIntoView({ block: "center" });
  };
  const sift = () => {
    const text = filter.value.trim().toLowerCase();
    const strict = only.getAttribute("aria-pressed") === "true";
    all("[data-text]").forEach((one) => {
      const fits = one.dataset.text.toLowerCase().includes(text);
      one.hidden = !fits || (strict && one.dataset.open === undefined && one.dataset.keep === undefined);
    });
    places = null;
  };
  const theme = () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = root.dataset.theme ?? (dark ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  };
  const toggle = () => {
    only.setAttribute("aria-pressed", String(only.getAttribute("aria-pressed") !== "true"));
    sift();
  };
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const section = target.closest("main > section");
    if (section) show(section.id);
    target.hidden = false;
    reach(target);
  };

  tabs.forEach((tab) => tab.addEventListener("click", () => show(tab.dataset.show)));
  filter.addEventListener("input", sift);
  only.addEventListener("click", toggle);
  document.querySelector("#theme").addEventListener("click", theme);
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === filter) {
      if (event.key === "Escape") { filter.value = ""; sift(); filter.blur(); }
      return;
    }
    const keys = {
      n: () => go(1), j: () => go(1), p: () => go(-1), k: () => go(-1), o: toggle, t: theme,
      "/": () => filter.focus(), 1: () => show("maps"), 2: () => show("elements"), 3: () => show("messages"),
    };
    const key = keys[event.key];
    if (key) { event.preventDefault(); key(); }
  });
  show("maps");
  follow();
})();
