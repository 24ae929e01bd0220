// Copies a text: <button data-copies="ID OF WHAT HOLDS IT">. Without a secure address (an app on another machine)
// browsers have no clipboard to write to, and copy what is selected.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copies]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copies).textContent;
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copySelected(text);
  const label = button.firstChild;
  label.data = "Copied ";
  setTimeout(() => (label.data = "Copy "), 1500);
});

function copySelected(text) {
  const place = document.body.appendChild(document.createElement("textarea"));
  place.value = text;
  place.select();
  document.execCommand("copy");
  place.remove();
}
