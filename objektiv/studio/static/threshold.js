// The slider of a run: what a threshold finds and misses, computed from the probabilities.

const place = document.querySelector("[data-chances]");
const field = (id) => document.getElementById(id);
const [line, at, sought, prevalence, own, back] = ["line", "at", "sought", "prevalence", "own", "back"].map(field);
const language = document.documentElement.lang;
const STEPS = 1000;
let told = null;
let threshold = 0.5;

const number = (value, digits) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share) => (Number.isFinite(share) ? `${number(100 * share, 1)}\u00a0%` : "\u2013");

/** Found, missed, alarmed and cleared from `threshold` on; chances rise. */
function counts({ chances, truth }) {
  const found = { found: 0, missed: 0, alarmed: 0, cleared: 0 };
  chances.forEach((chance, row) => {
    const yes = chance >= threshold;
    found[truth[row] ? (yes ? "found" : "missed") : yes ? "alarmed" : "cleared"] += 1;
  });
  return found;
}

/** Shares of these counts; predictive values by Bayes' rule at the prevalence `often`. */
function shares(c, often) {
  const sensitivity = c.found / (c.found + c.missed);
  const specificity = c.cleared / (c.cleared + c.alarmed);
  const alarms = often * sensitivity + (1 - often) * (1 - specificity);
  const clearances = often * (1 - sensitivity) + (1 - often) * specificity;
  return {
    sensitivity,
    specificity,
    ppv: (often * sensitivity) / alarms,
    npv: ((1 - often) * specificity) / clearances,
    accuracy: (c.found + c.cleared) / (c.found + c.missed + c.alarmed + c.cleared),
  };
}

function show() {
  const often = Math.min(0.9999, Math.max(0.0001, Number(prevalence.value) / 100 || 0.05));
  at.textContent = number(threshold, 3);
  line.setAttribute("aria-valuetext", number(threshold, 3));
  for (const of of ["validation", "test"]) {
    const c = told[of] ? counts(told[of]) : null;
    const all = c ? shares(c, often) : {};
    for (const cell of place.querySelectorAll(`[data-of="${of}"]`)) {
      const name = cell.dataset.figure;
      if (!c) cell.textContent = "\u2013";
      else cell.textContent = name in all ? percent(all[name]) : number(c[name], 0);
    }
  }
}

async function load() {
  const address = `${place.dataset.chances}?sought=${encodeURIComponent(sought.value)}`;
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  told = await answer.json();
  own.hidden = told.chosen === null;
  if (told.chosen !== null) back.textContent = number(told.chosen, 4);
  threshold = told.chosen ?? 0.5;
  line.value = Math.round(threshold * STEPS);
  place.hidden = false;
  show();
}

line.addEventListener("input", () => {
  threshold = Number(line.value) / STEPS;
  show();
});
back.addEventListener("click", () => {
  threshold = told.chosen;
  line.value = Math.round(threshold * STEPS);
  show();
});
prevalence.addEventListener("input", show);
sought.addEventListener("change", load);
load();
