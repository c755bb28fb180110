// The arrow keys lead through what is late or missing; what it is stands above the table. Without this file the
// pointer, and the tables, say the same.
"use strict";
(() => {
  const gaps = (row) => [...row.querySelectorAll(".week rect")];
  const middle = (rect) => rect.x.baseVal.value + rect.width.baseVal.value / 2;

  const beside = (rect, key) => {
    const row = rect.closest("tr");
    const here = gaps(row);
    if (key === "Home") return here[0];
    if (key === "End") return here.at(-1);
    if (key === "ArrowLeft" || key === "ArrowRight") return here[here.indexOf(rect) + (key === "ArrowLeft" ? -1 : 1)];
    const side = key === "ArrowUp" ? "previousElementSibling" : key === "ArrowDown" ? "nextElementSibling" : null;
    let other = side && row[side];
    while (other && gaps(other).length === 0) other = other[side];
    return other && gaps(other).reduce((one, two) => (Math.abs(middle(two) - middle(rect)) < Math.abs(middle(one) - middle(rect)) ? two : one));
  };

  const say = (event) => {
    const rect = event.target.closest?.("[data-week] rect");
    if (!rect) return null;
    document.getElementById("pointed").textContent = `${rect.closest("svg").getAttribute("aria-label")}: ${rect.firstChild.textContent}`;
    return rect;
  };

  addEventListener("mouseover", say);
  addEventListener("focusin", (event) => {
    const rect = say(event);
    if (!rect) return;
    for (const other of document.querySelectorAll('[data-week] rect[tabindex="0"]')) other.setAttribute("tabindex", "-1");
    rect.setAttribute("tabindex", "0");
  });
  addEventListener("keydown", (event) => {
    const rect = event.target.closest?.("[data-week] rect");
    const next = rect && beside(rect, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
})();
