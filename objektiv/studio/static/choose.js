// Choosing pictures: all at once, how many are chosen, and the buttons that need one.

for (const place of document.querySelectorAll("[data-choose]")) {
  const form = place.closest("form");
  const boxes = [...form.querySelectorAll('input[name="ids"]')];
  const actions = place.querySelectorAll('button[name="action"]');
  const all = place.querySelector("[data-choose-all]");
  const tell = () => {
    const number = boxes.filter((box) => box.checked).length;
    place.querySelector("[data-choose-count]").textContent = `${number} / ${boxes.length}`;
    for (const button of actions) button.disabled = number === 0 && !("all" in button.dataset);
  };
  place.querySelector("[data-choose-buttons]").hidden = false;
  all.addEventListener("click", () => {
    const wanted = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = wanted;
    tell();
  });
  form.addEventListener("change", tell);
  tell();
}
