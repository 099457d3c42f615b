// Keys for buttons and links that name one in data-key.

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.("input, select, textarea")) return;
  // Enter on another button or link is meant for that one.
  if (event.key === "Enter" && event.target.closest?.("button, a, summary")) return;
  const key = CSS.escape(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  const part = document.querySelector(`[data-key="${key}"]`);
  if (!part) return;
  event.preventDefault();
  part.click();
});
