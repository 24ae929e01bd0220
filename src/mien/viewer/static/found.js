// Marks what was searched for on the page of a trial: <div data-found='[["word", false]]'>, each with whether it
// may stand within a word. The browser paints the ranges; the page stays as the server has made it.
const WORD = "[\\p{L}\\p{N}\\p{M}]";

function expression([found, within]) {
  const literal = found.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(within ? literal : `(?<!${WORD})${literal}(?!${WORD})`, "giu");
}

function markFound() {
  if (!CSS.highlights) return;
  CSS.highlights.delete("found");
  const asked = document.querySelector("[data-found]");
  if (!asked) return;
  const expressions = JSON.parse(asked.dataset.found).map(expression);
  const ranges = [];
  for (const part of asked.querySelectorAll(".response, .text")) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const hit of expressions.flatMap((each) => [...walker.currentNode.data.matchAll(each)])) {
        const range = new Range();
        range.setStart(walker.currentNode, hit.index);
        range.setEnd(walker.currentNode, hit.index + hit[0].length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

document.addEventListener("htmx:load", markFound);
markFound();
