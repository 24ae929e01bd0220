// The keyboard sheet lists the keys of the page that it is opened on, by what they press there.
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

document.addEventListener("click", (event) => {
  const sheet = document.getElementById("sheet");
  if (event.target === sheet || event.target.closest("#sheet button")) sheet.close();
  else if (event.target.closest("[data-sheet]")) sheet.open ? sheet.close() : open(sheet);
});

function open(sheet) {
  const list = sheet.querySelector("dl");
  list.replaceChildren();
  const seen = new Set();
  const own = document.querySelectorAll("main [data-key]");
  for (const control of [...own, ...document.querySelectorAll("[data-key]")]) {
    const { key } = control.dataset;
    if (seen.has(key)) continue; // the first that bears it is pressed
    seen.add(key);
    const term = list.appendChild(document.createElement("dt"));
    term.appendChild(document.createElement("kbd")).textContent = SIGNS[key] ?? key;
    list.appendChild(document.createElement("dd")).textContent = does(control);
  }
  sheet.showModal();
}

function does(control) {
  if (control.dataset.does) return control.dataset.does;
  const named = (control.labels?.[0] ?? control).cloneNode(true);
  for (const part of named.querySelectorAll("kbd, input, select")) part.remove();
  return named.textContent.trim();
}
