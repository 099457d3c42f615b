// The camera: while a class's button is held, pictures are taken; each press is one series.

const PAUSE = 150; // milliseconds between two pictures
const LONGEST = 640; // pixels of the longer side
const QUALITY = 0.92; // of JPEG
const PORTION = 30; // pictures sent at once
const STRIP = 6; // last pictures of a class that are shown

const place = document.querySelector("[data-camera]");
const video = place.querySelector("[data-video]");
const start = place.querySelector("[data-start]");
const which = place.querySelector("[data-which]");
const told = place.querySelector("[data-told]");
const buttons = [...place.querySelectorAll("[data-capture]")];
let held = null; // the button that is pressed

function refuse(kind) {
  for (const part of place.querySelectorAll("[data-refused]")) {
    part.hidden = part.dataset.refused !== kind;
  }
}

async function open(camera) {
  refuse("");
  if (!navigator.mediaDevices?.getUserMedia) {
    refuse("insecure");
    return;
  }
  try {
    const wish = camera ? { deviceId: { exact: camera } } : { facingMode: "environment" };
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
    await video.play();
  } catch (error) {
    refuse(["NotAllowedError", "SecurityError"].includes(error.name) ? "denied" : "none");
    return;
  }
  start.hidden = true;
  for (const button of buttons) button.disabled = false;
  await list();
}

async function list() {
  const found = await navigator.mediaDevices.enumerateDevices();
  const cameras = found.filter((device) => device.kind === "videoinput");
  const field = which.querySelector("select");
  const now = video.srcObject.getVideoTracks()[0].getSettings().deviceId;
  field.replaceChildren(
    ...cameras.map((camera, number) => {
      const label = camera.label || String(number + 1);
      return new Option(label, camera.deviceId, false, camera.deviceId === now);
    }),
  );
  which.hidden = cameras.length < 2;
}

/** The picture of now, as a canvas. */
function still() {
  const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function send(button, series, pictures) {
  const body = new FormData();
  body.append("label", button.dataset.capture);
  body.append("burst", series);
  pictures.forEach((picture, number) => body.append("files", picture, `${series}-${number}.jpg`));
  try {
    const headers = { accept: "application/json" };
    const answer = await fetch(place.dataset.camera, { method: "POST", body, headers });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${said.happened}: ${said.value}`);
    const count = button.parentElement.querySelector("[data-count]");
    count.textContent = Number(count.textContent) + said.kept;
    told.textContent = said.refused.map(([name, why]) => `${name}: ${why}`).join(", ");
  } catch (error) {
    told.textContent = error instanceof TypeError ? place.dataset.toldLost : error.message;
  }
}

async function take(button) {
  if (held || button.disabled || !video.videoWidth) return;
  held = button;
  button.classList.add("held");
  const series = crypto.randomUUID();
  const strip = button.parentElement.querySelector("[data-strip]");
  const waiting = [];
  while (held === button) {
    const canvas = still();
    strip.prepend(canvas);
    while (strip.children.length > STRIP) strip.lastChild.remove();
    waiting.push(await new Promise((good) => canvas.toBlob(good, "image/jpeg", QUALITY)));
    if (waiting.length >= PORTION) send(button, series, waiting.splice(0));
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  button.classList.remove("held");
  if (waiting.length) await send(button, series, waiting);
}

const release = () => {
  held = null;
};

start.addEventListener("click", () => open());
which.querySelector("select").addEventListener("change", (event) => open(event.target.value));
for (const button of buttons) {
  button.addEventListener("pointerdown", (event) => {
    if (event.button === 0) take(button);
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
for (const kind of ["pointerup", "pointercancel", "blur"]) window.addEventListener(kind, release);
document.addEventListener("keyup", release);
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("input, select, textarea");
  if (field || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const own = event.target.closest?.("[data-capture]");
  const number = Number(event.key);
  if (own && (event.key === " " || event.key === "Enter")) {
    event.preventDefault();
    take(own);
  } else if (number >= 1 && number <= buttons.length) {
    take(buttons[number - 1]);
  }
});
