// Live curves of a network that learns: loss and accuracy, epoch by epoch, drawn as SVG.

const NAME = "http://www.w3.org/2000/svg";
const WIDE = 420;
const HIGH = 220;
const EDGE = { left: 48, right: 12, top: 12, bottom: 30 };
const SECONDS = 2000;
const place = document.querySelector("[data-curves]");
const language = document.documentElement.lang;

function element(name, attributes, text = "") {
  const made = document.createElementNS(NAME, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** One figure: the epochs' columns `names`, from `low` to `high`. */
function draw(figure, epochs, names, share) {
  const values = epochs.flatMap((epoch) => names.map((name) => epoch[name])).filter(Number.isFinite);
  const low = share ? Math.min(...values) : 0;
  const high = Math.max(...values, low + 1e-6);
  const last = Math.max(epochs.length, 2);
  const x = (epoch) => EDGE.left + ((epoch - 1) / (last - 1)) * (WIDE - EDGE.left - EDGE.right);
  const y = (value) => HIGH - EDGE.bottom - ((value - low) / (high - low)) * (HIGH - EDGE.top - EDGE.bottom);
  const label = (value) => share
    ? `${(100 * value).toLocaleString(language, { maximumFractionDigits: 1 })} %`
    : value.toLocaleString(language, { maximumSignificantDigits: 3 });
  const svg = figure.querySelector("svg");
  svg.replaceChildren();
  for (const value of [low, (low + high) / 2, high]) {
    svg.append(element("line", { x1: EDGE.left, x2: WIDE - EDGE.right, y1: y(value), y2: y(value), class: "grid" }));
    svg.append(element("text", { x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, label(value)));
  }
  svg.append(element("text", { x: x(1), y: HIGH - 8, "text-anchor": "middle" }, "1"));
  svg.append(element("text", { x: x(last), y: HIGH - 8, "text-anchor": "middle" }, String(last)));
  names.forEach((name, number) => {
    const points = epochs.map((epoch) => `${x(epoch.epoch)},${y(epoch[name])}`).join(" ");
    svg.append(element("polyline", { points, class: `curve c${number}` }));
    const end = epochs[epochs.length - 1];
    svg.append(element("circle", { cx: x(end.epoch), cy: y(end[name]), r: 3.5, class: `dot c${number}` }));
  });
}

async function load() {
  const answer = await fetch(place.dataset.curves, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { epochs } = await answer.json();
  if (!epochs.length) return;
  place.hidden = false;
  for (const figure of place.querySelectorAll("[data-names]")) {
    draw(figure, epochs, figure.dataset.names.split(" "), figure.dataset.share === "yes");
  }
}

async function follow() {
  const job = document.querySelector("[data-job]");
  for (;;) {
    await load().catch(() => {}); // the studio may be starting again
    if (job.dataset.state !== "running") return;
    await new Promise((done) => setTimeout(done, SECONDS));
  }
}

if (place) follow();
