// Sends files in portions, from a field, a drop of files and folders, or the clipboard.

const FILES = 200; // in one portion
const BYTES = 20_000_000; // likewise; one larger file goes alone
const NAMED = 200; // files that are listed as left out

const form = document.querySelector("[data-upload]");
const drop = form.querySelector("[data-drop]");
const told = form.querySelector('[data-part="told"]');
const bar = form.querySelector("progress");
const sum = { kept: 0, already: 0, refused: 0 };
let busy = false;

/** Files of a dropped entry, each with its path below what was dropped. */
async function* walk(entry) {
  if (entry.name.startsWith(".")) return;
  if (entry.isFile) {
    const file = await new Promise((good, bad) => entry.file(good, bad));
    yield [file, entry.fullPath.replace(/^\//, "")];
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const entries = await new Promise((good, bad) => reader.readEntries(good, bad));
    if (!entries.length) return;
    for (const below of entries) yield* walk(below);
  }
}

function* portions(files) {
  let portion = [];
  let bytes = 0;
  for (const [file, name] of files) {
    if (portion.length && (portion.length >= FILES || bytes + file.size > BYTES)) {
      yield portion;
      [portion, bytes] = [[], 0];
    }
    portion.push([file, name]);
    bytes += file.size;
  }
  if (portion.length) yield portion;
}

function tell(sent, total) {
  const words = form.dataset;
  bar.max = total;
  bar.value = sent;
  const parts = [`${sent} / ${total} ${words.toldRunning}`, `${sum.kept} ${words.toldKept}`];
  if (sum.already) parts.push(`${sum.already} ${words.toldAlready}`);
  if (sum.refused) parts.push(`${sum.refused} ${words.toldRefused}`);
  told.textContent = parts.join(" · ");
}

function refuse(rows) {
  const place = form.querySelector("[data-refused]");
  const list = place.querySelector("ul");
  for (const [name, reason] of rows) {
    if (list.children.length >= NAMED) break;
    const item = document.createElement("li");
    item.textContent = `${name}: ${reason}`;
    list.append(item);
  }
  place.hidden = !list.children.length;
}

async function sendPortion(portion) {
  const body = new FormData();
  const label = form.querySelector('input[name="label"]:checked');
  body.append("label", label ? label.value : "");
  body.append("new", form.querySelector('input[name="new"]').value);
  for (const [file, name] of portion) body.append("files", file, name);
  const answer = await fetch(form.action, {
    method: "POST",
    body,
    headers: { accept: "application/json" },
  });
  const said = await answer.json();
  if (!answer.ok) {
    const why = said.happened ? `${said.happened}: ${said.value}` : said.title || answer.status;
    return { kept: 0, already: 0, refused: portion.map(([, name]) => [name, why]) };
  }
  return said;
}

async function send(files) {
  if (busy || !files.length) return;
  busy = true;
  form.querySelector("[data-send]").disabled = true;
  form.querySelector("[data-progress]").hidden = false;
  let sent = 0;
  tell(0, files.length);
  try {
    for (const portion of portions(files)) {
      const said = await sendPortion(portion);
      sent += portion.length;
      sum.kept += said.kept;
      sum.already += said.already;
      sum.refused += said.refused.length;
      refuse(said.refused);
      tell(sent, files.length);
    }
  } catch {
    told.textContent = form.dataset.toldLost;
  }
  busy = false;
  form.querySelector("[data-send]").disabled = false;
  form.querySelector("[data-done]").hidden = false;
  for (const field of form.querySelectorAll('input[type="file"]')) field.value = "";
}

form.addEventListener("submit", (event) => {
  const fields = [...form.querySelectorAll('input[type="file"]')];
  const files = fields.flatMap((field) => [...field.files]);
  if (!files.length) return; // the studio says that nothing was chosen
  event.preventDefault();
  send(files.map((file) => [file, file.webkitRelativePath || file.name]));
});

// A name that is typed is what is meant, whatever was chosen before.
form.querySelector('input[name="new"]').addEventListener("input", (event) => {
  if (event.target.value) form.querySelector('input[name="label"]').checked = true;
});

for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  drop.addEventListener(kind, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
  const loose = [...event.dataTransfer.files].map((file) => [file, file.name]);
  const files = [];
  for (const entry of entries.filter(Boolean)) {
    for await (const found of walk(entry)) files.push(found);
  }
  send(files.length ? files : loose);
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) event.preventDefault();
  send(files.map((file) => [file, file.name]));
});
