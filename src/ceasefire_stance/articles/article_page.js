"use strict";
// The page is complete without this: it only lets a reader follow one actor through the text.
(() => {
  const all = (query) => [...document.querySelectorAll(query)];
  const byId = (id) => document.getElementById(id);
  const buttons = all("button[data-actor]");
  const marks = all("mark[data-actors]");
  if (marks.length === 0) return;
  const stances = new Map(
    marks.map((mark) => [
      mark,
      // "2:accepts" and "2:accepts:unsure": an actor, its stance and whether that is a guess.
      new Map(
        mark.dataset.actors
          .split(" ")
          .filter(Boolean)
          .map((told) => told.split(":"))
          .map(([actor, ...stance]) => [actor, stance.join(" ")]),
      ),
    ]),
  );
  const plain = new Map(marks.map((mark) => [mark, mark.className]));
  const total = marks.filter((mark) => mark.id).length;
  let chosen = null; // the pressed button
  let at = -1; // the place among the steps, -1 before the first

  const isOn = (mark) => chosen !== null && stances.get(mark).has(chosen.dataset.actor);
  // A sentence that runs over a line end has two marks; only the first of them has an id.
  const steps = () => marks.filter((mark) => mark.id && (chosen === null || isOn(mark)));
  const say = (words, sentence = "") => {
    byId("said").textContent = words;
    byId("sentence").textContent = sentence;
  };

  const paint = () => {
    document.body.classList.toggle("choosing", chosen !== null);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
    const current = steps()[at];
    for (const mark of marks) {
      const on = isOn(mark);
      // The sentence shows the stance of the actor chosen, which need not be its strongest.
      const stance = on ? stances.get(mark).get(chosen.dataset.actor) : plain.get(mark);
      mark.className = `${stance}${on ? " is-chosen" : ""}${mark === current ? " is-current" : ""}`;
      if (mark === current) mark.setAttribute("aria-current", "true");
      else mark.removeAttribute("aria-current");
    }
    return current;
  };

  const show = (moveFocus) => {
    const current = paint();
    const name = chosen === null ? "All actors" : chosen.textContent;
    if (!current) {
      say(`${name}: no sentence is marked in the text`);
      return;
    }
    const doubt = current.classList.contains("unsure") ? ", unsure" : "";
    const stance = chosen === null ? "" : `, ${current.classList[0]}${doubt}`;
    const words = current.cloneNode(true);
    for (const refs of words.querySelectorAll(".refs")) refs.remove();
    say(`${name}${stance}: sentence ${at + 1} of ${steps().length}`, words.textContent);
    current.scrollIntoView({ block: "center" });
    if (moveFocus) current.focus({ preventScroll: true });
  };

  const clear = () => {
    chosen = null;
    at = -1;
    paint();
    say(`All actors: ${total} ${total === 1 ? "sentence" : "sentences"} marked`);
  };

  const choose = (button) => {
    if (button === chosen) {
      clear();
      return;
    }
    chosen = button;
    at = 0;
    show(false);
  };

  const step = (by, moveFocus) => {
    const n = steps().length;
    if (n === 0) return;
    at = at < 0 ? (by > 0 ? 0 : n - 1) : (at + by + n) % n;
    show(moveFocus);
  };

  for (const button of buttons) button.addEventListener("click", () => choose(button));
  byId("next").addEventListener("click", () => step(1, false));
  byId("previous").addEventListener("click", () => step(-1, false));
  byId("clear").addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toLowerCase();
    if (key === "escape") clear();
    else if (byId("keys").checked && key === "n") step(1, true);
    else if (byId("keys").checked && key === "p") step(-1, true);
  });
  byId("bar").hidden = false;
  clear();
})();
