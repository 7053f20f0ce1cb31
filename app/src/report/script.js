// Language switch, filters and sorting of tables. Without it the report is complete, in English.
// The language is kept behind the anchor, `#findings~zh`, so that a link carries it and nothing needs to be stored.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const parts = () => {
    const [, anchor, lang] = /^#?(.*?)(?:~(zh|en))?$/.exec(location.hash) || [];
    return { anchor: anchor || "", lang };
  };

  function remember(anchor) {
    try {
      history.replaceState(null, "", `#${anchor}~${root.lang}`);
    } catch {
      // Some viewers forbid it: the language still holds as long as the page is open.
    }
  }

  function speak(lang) {
    root.lang = lang;
    for (const element of all(`[data-${lang}]`)) {
      const text = element.getAttribute(`data-${lang}`);
      if (element.tagName === "INPUT") element.placeholder = text;
      else element.textContent = text;
    }
    for (const button of all("[data-lang]")) button.setAttribute("aria-pressed", String(button.dataset.lang === lang));
    for (const filter of all("[data-for]")) narrow(filter);
  }

  function show(anchor) {
    for (const marked of all(".target")) marked.classList.remove("target");
    const element = anchor && document.getElementById(decodeURIComponent(anchor));
    if (!element) return;
    element.hidden = false;
    element.classList.add("target");
    element.scrollIntoView();
  }

  /** Shows the rows of a table that hold the words and choices of its filter. */
  function narrow(filter) {
    const table = document.getElementById(filter.dataset.for);
    const words = filter.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = all("select", filter).filter((select) => select.value !== "");
    const rows = all("tbody > tr:not(.head)", table);
    let shown = 0;
    for (const row of rows) {
      const text = (row.title + row.innerText || row.textContent).toLowerCase();
      const site = (row.dataset.site || "").toLowerCase();
      row.hidden = !(
        words.every((word) => text.includes(word) || site.includes(word) || row.textContent.toLowerCase().includes(word)) &&
        chosen.every((select) => row.dataset[select.dataset.key] === select.value)
      );
      if (!row.hidden) shown += 1;
    }
    const sorted = table.dataset.sorted !== undefined;
    let head = null;
    for (const row of all("tbody > tr", table)) {
      if (row.classList.contains("head")) {
        head = row;
        head.hidden = true;
      } else if (head && !row.hidden) head.hidden = sorted;
    }
    const of = root.lang === "zh" ? `${shown} / ${rows.length} 行` : `${shown} of ${rows.length} rows`;
    filter.querySelector("output").textContent = shown === rows.length ? "" : of;
  }

  function sort(table, head) {
    const column = [...head.parentNode.children].indexOf(head);
    const numeric = head.dataset.sort === "number";
    const down = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") !== "descending" : numeric;
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const cell = row.cells[column];
      const text = cell.dataset.v ?? cell.innerText.trim();
      return cell.dataset.v !== undefined || numeric ? Number(text) || 0 : text;
    };
    const compare = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b), root.lang));
    const body = table.tBodies[0];
    const rows = all("tr:not(.head)", body).map((row) => [key(row), row]);
    rows.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
    table.dataset.sorted = "";
    for (const head of all("tr.head", body)) head.hidden = true;
    body.append(...rows.map(([, row]) => row));
  }

  for (const table of all("table[id]")) {
    if (!table.id || table.classList.contains("grouped")) continue;
    for (const head of all("thead th", table)) {
      if (head.dataset.sort === "no") continue;
      head.tabIndex = 0;
      head.classList.add("sortable");
      head.addEventListener("click", () => sort(table, head));
      head.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        sort(table, head);
      });
    }
  }
  for (const filter of all("[data-for]")) filter.addEventListener("input", () => narrow(filter));
  for (const button of all("[data-lang]")) {
    button.addEventListener("click", () => {
      speak(button.dataset.lang);
      remember(parts().anchor);
    });
  }
  for (const button of all("button.print")) button.addEventListener("click", () => window.print());
  addEventListener("hashchange", () => {
    const { anchor, lang } = parts();
    if (lang && lang !== root.lang) speak(lang);
    show(anchor);
    if (!lang) remember(anchor);
  });

  const { anchor, lang } = parts();
  speak(lang || (/^zh/i.test(navigator.language || "") ? "zh" : "en"));
  if (anchor) show(anchor);
  root.classList.add("script");
})();
