// A key presses what bears its name: <button data-key="1">. While the next page is on its way keys wait for it, in
// their order, and where the app does not answer they wait until it does, so that none is lost. Loaded before the
// page is read, it hears keys from the first moment; the page comes into the body by htmx.
{
  const AGAIN = 1000; // milliseconds between two looks whether the app is back
  const LONG = 1500; // milliseconds after which a page that is on its way is waited for aloud
  const waiting = []; // keys, each with the page it was meant for
  let coming = "the first page"; // what brings the next page, or null
  let sent = null; // the key that asked for it
  let lost = null; // what asked for a page that never came
  let gone = null; // looks whether the app is back
  let patience = 0;

  const asked = () => document.querySelector("[data-asks]")?.dataset.asks ?? "nothing";
  const bearing = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    const named = event.key.length > 1; // such as ArrowRight, by which what has the focus may be scrolled
    if (event.target.closest(`input, select, textarea${named ? ", summary, [tabindex]" : ""}`)) return;
    const key = named ? event.key : event.key.toLowerCase();
    if (document.querySelector("dialog[open]") && key !== "?") return;
    if (bearing(key)) event.preventDefault();
    else if (!coming || named || key === " ") return; // the next page may have it
    waiting.push({ key, page: location.pathname });
    if (gone) sayGone();
    next();
  });

  function next() {
    while (waiting.length && !coming) {
      const entry = waiting.shift();
      // Where the page asks for something else, the answer was kept before, and only word of it was lost.
      if (entry.page !== location.pathname || (entry.asks && entry.asks !== asked())) continue;
      const control = bearing(entry.key);
      sent = entry;
      if (control?.matches("input, select, textarea")) control.focus();
      else control?.click();
    }
  }

  function arrived() {
    coming = sent = null;
    clearTimeout(patience);
    next();
  }

  document.addEventListener("htmx:load", () => coming === "the first page" && arrived());
  addEventListener("load", () => coming === "the first page" && arrived());

  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (detail.target !== document.body) return;
    coming = detail.xhr;
    patience = setTimeout(() => say("Waiting for the app …"), LONG);
  });

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.xhr !== coming) return; // it is told of every element that came
    const unsaved = detail.xhr.status >= 400 ? waiting.splice(0).filter(({ asks }) => asks) : [];
    if (unsaved.length) say(`Not saved: what you pressed last (${unsaved.map(({ key }) => key).join(" ")}).`);
    arrived();
  });

  for (const name of ["htmx:sendAbort", "htmx:onLoadError", "htmx:swapError"])
    document.addEventListener(name, ({ detail }) => (detail.xhr ?? coming) === coming && arrived());

  // An app that was started anew takes no form of the pages before: the page is loaded again, then asked again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.xhr !== coming || detail.xhr.status !== 403 || sent?.again || !keep(detail)) return;
    detail.shouldSwap = false;
    reload();
  });

  document.addEventListener("htmx:sendError", ({ detail }) => {
    if (detail.xhr === coming) {
      lost = detail;
      keep(detail);
    }
    clearTimeout(patience);
    sayGone();
    gone ||= setInterval(look, AGAIN);
  });

  async function look() {
    const answer = await fetch("/static/icon.svg", { cache: "no-store" }).catch(() => null);
    if (!answer || !gone) return;
    clearInterval(gone);
    const missed = lost;
    gone = lost = null;
    if (waiting.length) reload();
    else if (missed?.requestConfig.verb === "get") location.assign(missed.pathInfo.finalRequestPath);
    else {
      say(missed ? "The app is back. What you sent was not saved: send it again." : "");
      arrived();
    }
  }

  // Whether what was sent is an answer that can be given once more, which then is the first to wait.
  function keep(detail) {
    const key = detail.requestConfig.triggeringEvent?.submitter?.dataset.key;
    if (key) waiting.unshift({ key, page: location.pathname, asks: asked(), again: true });
    return Boolean(key);
  }

  function reload() {
    coming = "the same page";
    htmx.ajax("GET", location.href, { target: "body", swap: "innerHTML" });
  }

  function sayGone() {
    const kept = waiting.length
      ? ` What you press is kept, and answered once it is back: ${waiting.map(({ key }) => key).join(" ")}`
      : "";
    say(`The app does not answer; is mien view still running?${kept}`);
  }

  function say(text) {
    let place = document.getElementById("said");
    if (!place) document.body.prepend((place = Object.assign(document.createElement("p"), { id: "said" })));
    place.textContent = text;
  }

  addEventListener("beforeunload", (event) => gone && waiting.length && event.preventDefault());
}
