"use strict";
// The page is complete without this: it only narrows the page to one actor.
(() => {
  const all = (query) => [...document.querySelectorAll(query)];
  const select = document.getElementById("actor");
  if (!select) return;
  const parts = all("[data-actor]");
  const rows = all("#positions [data-actor]");

  const narrow = (actor) => {
    select.value = actor;
    for (const part of parts) part.hidden = actor !== "" && part.dataset.actor !== actor;
    for (const note of all(".nothing")) {
      const list = note.parentElement.querySelectorAll("[data-actor]");
      note.hidden = [...list].some((part) => !part.hidden);
    }
    const n = rows.filter((row) => !row.hidden).length;
    document.getElementById("said").textContent =
      actor === ""
        ? `All ${rows.length} positions`
        : `${n} of ${rows.length} positions: ${select.selectedOptions[0].textContent}`;
  };

  select.addEventListener("change", () => narrow(select.value));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") narrow("");
  });
  // A link leads to its row, also to one that is hidden at the moment.
  for (const link of all('a[href^="#p"]')) {
    link.addEventListener("click", () => {
      const row = document.getElementById(link.getAttribute("href").slice(1));
      if (row && row.hidden) narrow("");
    });
  }
  document.getElementById("choice").hidden = false;
  narrow("");
})();
