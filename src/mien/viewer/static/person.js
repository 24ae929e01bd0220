// Remembers the name that a person gave on this machine, and writes it where they are asked for it again.
const REMEMBERED = "input[data-remembered]";

function fill() {
  for (const input of document.querySelectorAll(REMEMBERED)) input.value ||= localStorage.getItem("mien person") ?? "";
}

document.addEventListener("change", ({ target }) => {
  if (target.matches(REMEMBERED)) localStorage.setItem("mien person", target.value);
});
document.addEventListener("htmx:load", fill);
fill();
