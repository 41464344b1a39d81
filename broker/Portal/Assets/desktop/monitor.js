// The page of a further monitor: all that it shows and hears is the business of the page that opened it.

if (opener) {
  opener.postMessage({ monitor: 'ready' }, location.origin);
  // A page that crashed says nothing, and its picture would stand still.
  setInterval(() => { if (opener.closed) close(); }, 1000);
} else document.getElementById('cover-sentence').textContent = document.body.dataset.alone;
