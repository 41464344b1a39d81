// The circuit is disposable: when the console no longer knows it, the page is loaded again with its state in the address.
document.getElementById("components-reconnect-modal")?.addEventListener("components-reconnect-state-changed", event => {
  if (event.detail.state === "rejected" || event.detail.state === "resume-failed") location.reload();
  if (event.detail.state === "failed") setTimeout(() => location.reload(), 3000);
});
