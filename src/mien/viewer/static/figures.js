// Draws <figure data-figure="ADDRESS">. Vega is loaded once there is one to draw, and interprets a figure's
// expressions instead of compiling them, so that the pages need allow no eval.
const dark = matchMedia("(prefers-color-scheme: dark)");
const [NARROWEST, WIDEST] = [160, 760]; // pixels between a figure's axes

async function draw(figure) {
  const theme = dark.matches ? "dark" : "light";
  if (figure.dataset.theme === theme) return;
  figure.dataset.theme = theme;
  const [answer, { expressionInterpreter }] = await Promise.all([
    fetch(`${figure.dataset.figure}&theme=${theme}`),
    import("./vega-interpreter.js"),
  ]);
  if (!answer.ok) {
    say(figure, "p", "The figure could not be drawn; the table holds the same numbers.");
    return;
  }
  const { title, said, fluid, scaled, links, spec } = await answer.json();
  if (figure.dataset.theme !== theme) return; // another was asked for meanwhile
  figure.style.minHeight = `${figure.offsetHeight}px`; // so that the page stays where it is
  figure.replaceChildren();
  const caption = say(figure, "figcaption", "");
  say(caption, "strong", title);
  for (const sentence of said) say(caption, "span", ` ${sentence}`);
  const place = figure.appendChild(document.createElement("div"));
  place.className = scaled ? "wide scaled" : "wide";
  place.tabIndex = 0;
  const view = new vega.View(vega.parse(spec, null, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    container: place,
  });
  const leads = new Map(Object.entries(links));
  const target = (item) => item && (leads.get(item.datum?.trait) ?? leads.get(item.datum?.value));
  view.addEventListener("click", (_, item) => {
    if (target(item)) location.assign(target(item));
  });
  view.addEventListener("mouseover", (_, item) => {
    place.style.cursor = target(item) ? "pointer" : "";
  });
  await view.runAsync();
  if (fluid) {
    // What is beside the axes keeps its size; the rest is as wide as there is room.
    const beside = place.querySelector("svg").getBoundingClientRect().width - view.width();
    await view.width(Math.min(WIDEST, Math.max(NARROWEST, place.clientWidth - beside))).runAsync();
  }
}

function say(parent, tag, text) {
  const child = parent.appendChild(document.createElement(tag));
  child.textContent = text;
  return child;
}

function drawAll() {
  for (const figure of document.querySelectorAll("[data-figure]")) draw(figure);
}

dark.addEventListener("change", drawAll);
document.addEventListener("htmx:load", drawAll);
drawAll();
