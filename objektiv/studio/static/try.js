// Try a model: pictures are dropped, pasted or taken, and answered without leaving the page.

const LONGEST = 1280; // pixels of a picture that is taken
const form = document.querySelector("[data-try]");
const answers = document.querySelector("[data-answers]");
const find = (name) => form?.querySelector(`[data-${name}]`);

function wrong(told) {
  find("wrong").textContent = told;
  find("wrong").hidden = !told;
}

/** Ask about files; the answer is a part of the page, made and escaped by the studio. */
async function ask(files) {
  if (!files.length) return;
  const body = new FormData();
  body.append("run", form.elements.run.value);
  for (const name of ["heat", "near"]) body.append(name, form.elements[name].checked);
  for (const file of files) body.append("files", file, file.name || "picture.png");
  wrong("");
  find("working").hidden = false;
  try {
    const headers = { accept: "text/html, application/json", "x-part": "answers" };
    const answer = await fetch(form.action, { method: "POST", body, headers });
    const text = await answer.text();
    if (!answer.ok) {
      const { happened, value, allowed } = JSON.parse(text);
      throw new Error(`${happened}: ${value}. ${allowed}`);
    }
    const part = new DOMParser().parseFromString(text, "text/html");
    const found = [...part.querySelectorAll("article")];
    found.forEach((article, number) => offer(article, files[number]));
    answers.prepend(...found);
    found[0]?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  } catch (error) {
    wrong(error instanceof TypeError || error instanceof SyntaxError ? form.dataset.failed : error.message);
  } finally {
    find("working").hidden = true;
  }
}

/** Let a picture be added to the data under the class that it truly is of. */
function offer(article, file) {
  const keep = article.querySelector("[data-keep]");
  if (!keep) return;
  keep.hidden = false;
  keep.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = keep.querySelector("[data-told]");
    const body = new FormData();
    body.append("label", keep.elements.label.value);
    body.append("files", file, file.name || "picture.png");
    const headers = { accept: "application/json" };
    try {
      const answer = await fetch(keep.dataset.keep, { method: "POST", body, headers });
      const said = await answer.json();
      if (!answer.ok) throw new Error(`${said.happened}: ${said.value}`);
      const [refused] = said.refused;
      told.textContent = refused ? refused[1] : told.dataset.done;
      keep.querySelector("button").disabled = !refused;
    } catch (error) {
      told.textContent = error instanceof TypeError ? form.dataset.failed : error.message;
    }
  });
}

async function open() {
  const video = find("live").querySelector("video");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true, audio: false });
    find("live").hidden = false;
    wrong("");
  } catch {
    wrong(find("wrong").dataset.none);
  }
}

function take() {
  const video = find("live").querySelector("video");
  const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => ask([new File([blob], "camera.png", { type: "image/png" })]), "image/png");
}

if (form) {
  const drop = find("drop");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask([...form.elements.files.files]);
  });
  form.elements.files.addEventListener("change", () => ask([...form.elements.files.files]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    ask([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) ask(files);
  });
  if (navigator.mediaDevices?.getUserMedia) {
    find("camera").hidden = false;
    find("camera").addEventListener("click", open);
    find("take").addEventListener("click", take);
  }
}
