const value = cell => {
  if (cell.dataset.value !== undefined) return cell.dataset.value;
  const shown = cell.textContent.trim(), number = /^[<>]?([+-]?(?:\d[\d,]*\.?\d*|\.\d+))(?![\w.])/.exec(shown);
  return number ? number[1].replaceAll(",", "") : shown;
};
for (const table of document.querySelectorAll("table:has(> thead button)")) {
  const [...heads] = table.tHead.rows[0].cells;
  heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = row => value(row.cells[column]), words = head.className === "word";
    const order = (a, b) => (words || isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
    const compare = (a, b) => (a === "" || b === "" ? (a === "") - (b === "") : (up ? 1 : -1) * order(a, b));
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => compare(key(a), key(b))));
  }));
}
const body = document.getElementById("rows").tBodies[0];
const filter = document.getElementById("filter");
filter.parentElement.hidden = false;
filter.addEventListener("input", event => {
  const wanted = event.target.value.trim().toLowerCase();
  let n = 0;
  for (const row of body.rows) n += !(row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted));
  document.getElementById("shown").textContent = wanted ? `${n} of ${body.rows.length}` : "";
});
