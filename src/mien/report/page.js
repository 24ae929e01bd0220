const table = document.getElementById("rows"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
  const up = head.getAttribute("aria-sort") !== "ascending";
  heads.forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = row => row.cells[column].dataset.value;
  const compare = head.className === "word" ? (a, b) => a.localeCompare(b) : (a, b) => a - b;
  body.append(...[...body.rows].sort((a, b) => (up ? 1 : -1) * compare(key(a), key(b))));
}));
const filter = document.getElementById("filter");
filter.parentElement.hidden = false;
filter.addEventListener("input", event => {
  const wanted = event.target.value.trim().toLowerCase();
  let n = 0;
  for (const row of body.rows) n += !(row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted));
  document.getElementById("shown").textContent = wanted ? `${n} of ${body.rows.length}` : "";
});
