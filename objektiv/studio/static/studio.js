// What pages of the studio do beyond plain HTML; each part looks for its own attributes.

const SECOND = 1000;

/** Follow a job: fill in how far it is until it has ended. */
async function follow(place) {
  const part = (name) => place.querySelector(`[data-part="${name}"]`);
  const show = (running) => {
    for (const element of document.querySelectorAll("[data-while]")) {
      element.hidden = (element.dataset.while === "running") !== running;
    }
  };
  while (place.dataset.state === "running") {
    await new Promise((done) => setTimeout(done, SECOND));
    let told;
    try {
      const answer = await fetch(place.dataset.job, { headers: { accept: "application/json" } });
      if (!answer.ok) continue;
      told = await answer.json();
    } catch {
      continue; // the studio may be starting again; the job does not mind
    }
    for (const name of ["word", "seconds", "step"]) part(name).textContent = told[name];
    part("progress").max = told.total || 1;
    part("progress").value = told.done;
    part("said").textContent = told.said.join("\n");
    part("said").scrollTop = part("said").scrollHeight;
    part("next").href = told.next;
    place.dataset.state = told.state;
    show(told.state === "running");
    place.dispatchEvent(new CustomEvent("told", { detail: told, bubbles: true }));
  }
}

for (const place of document.querySelectorAll("[data-job]")) follow(place);

// On a phone the steps scroll: show the one that is open.
const step = document.querySelector(".steps [aria-current]");
if (step) step.parentElement.scrollLeft = step.offsetLeft - step.parentElement.clientWidth / 3;
