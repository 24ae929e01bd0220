// Sorts a table by the column whose head is pressed: <table data-sorts>. Heads become buttons, for keyboards, too.
function prepare() {
  for (const table of document.querySelectorAll("table[data-sorts]:not([data-sorts=ready])")) {
    table.dataset.sorts = "ready";
    for (const head of table.tHead.rows[0].cells) {
      const label = head.firstChild;
      if (label?.nodeType !== Node.TEXT_NODE || !label.data.trim()) continue; // what is drawn has no head
      const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
      button.textContent = label.data.trim();
      label.replaceWith(button);
      button.addEventListener("click", () => sort(table, head));
    }
  }
}

function sort(table, head) {
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, key: value(row.cells[head.cellIndex].textContent) }));
  const order = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : `${a}`.localeCompare(b));
  rows.sort(({ key: a }, { key: b }) => (a === "" || b === "" ? (a === "") - (b === "") : (up ? 1 : -1) * order(a, b)));
  body.append(...rows.map(({ row }) => row));
}

// What a cell begins with, such as 1,207 of "1,207 … 1,626" or .001 of "<.001"; words where that is no number.
function value(text) {
  const shown = text.trim();
  const number = /^[<>]?([+-]?(?:\d[\d,]*\.?\d*|\.\d+))(?![\w.])/.exec(shown);
  return number ? Number(number[1].replaceAll(",", "")) : shown;
}

document.addEventListener("htmx:load", prepare);
prepare();
