"use strict";
// The page is complete without this: it only narrows the table to one actor.
(() => {
  const select = document.getElementById("actor");
  if (!select) return;
  const rows = [...document.querySelectorAll("tr[data-actor]")];

  const narrow = (actor) => {
    select.value = actor;
    for (const row of rows) row.hidden = actor !== "" && row.dataset.actor !== actor;
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
  // A mark of the grid leads to its row, also to one that is hidden at the moment.
  for (const mark of document.querySelectorAll("a.mark")) {
    mark.addEventListener("click", () => {
      const row = document.getElementById(mark.getAttribute("href").slice(1));
      if (row && row.hidden) narrow("");
    });
  }
  document.getElementById("choice").hidden = false;
  narrow("");
})();
