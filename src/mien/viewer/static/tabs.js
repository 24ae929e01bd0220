// What tabs know of one another. One that nobody looks at asks for nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[hx-trigger^=every]")) event.preventDefault();
});

// Says so where one person answers the same questions in two tabs: <p data-place="what is asked of whom" hidden>.
const channel = new BroadcastChannel("mien");
const notice = () => document.querySelector("[data-place]");

function ask() {
  if (notice()) channel.postMessage({ place: notice().dataset.place });
}

channel.addEventListener("message", ({ data }) => {
  if (!notice() || notice().dataset.place !== data.place) return;
  notice().hidden = false;
  if (!data.reply) channel.postMessage({ place: data.place, reply: true });
});
document.addEventListener("htmx:afterSwap", ask);
ask();
