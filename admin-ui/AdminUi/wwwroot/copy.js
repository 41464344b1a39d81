// One listener for all copy buttons, also those that a circuit draws later. Without a clipboard the text is selected instead.
document.addEventListener("click", async event => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy);
  const said = document.getElementById(button.dataset.copy + "-said");
  try {
    await navigator.clipboard.writeText(text.value);
    said.textContent = button.dataset.copied;
  } catch {
    text.select();
    said.textContent = button.dataset.failed;
  }
});
