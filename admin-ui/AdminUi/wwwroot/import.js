// Sends a chosen disk piece by piece. It lives as long as the document; after a reload the same file is chosen again and the
// broker says how much it has. A lost connection is waited out.
(() => {
  const piece = 512 * 1024;
  const running = new Map();
  const troubles = {};
  const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));

  async function post(path, body) {
    for (let wait = 500; ; wait = Math.min(wait * 2, 10000)) {
      // No answer is a lost connection, and 408 one that stood still: both are waited out like a server that is busy.
      const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/octet-stream" }, body }).catch(() => null);
      if (answer && answer.status < 500 && answer.status !== 408) return answer;
      await pause(wait);
    }
  }

  async function send(id, file, offset) {
    const state = { paused: false };
    running.set(id, state);
    delete troubles[id];
    try {
      while (!state.paused) {
        const done = offset >= file.size;
        const answer = await post(`/images/imports/${id}/${done ? "finish" : `data?offset=${offset}`}`, done ? null : file.slice(offset, offset + piece));
        if (!answer.ok) {
          troubles[id] = answer.redirected || answer.status === 401 ? "signed-out" : await answer.text();
          return;
        }
        const now = await answer.json();
        if (done || !now.receiving) return;
        offset = now.received;
      }
    } catch (failure) {
      troubles[id] = String(failure);   // the file was moved or changed under us
    } finally {
      running.delete(id);
    }
  }

  const chosen = input => document.getElementById(input)?.files?.[0];
  window.montalegreImport = {
    picked: input => { const file = chosen(input); return file ? { name: file.name, size: file.size } : null; },
    start: (input, id, offset) => { const file = chosen(input); if (file && !running.has(id)) send(id, file, offset); },
    pause: id => { const state = running.get(id); if (state) state.paused = true; },
    state: () => ({ running: [...running.keys()], troubles }),
  };
  window.addEventListener("beforeunload", event => { if (running.size > 0) event.preventDefault(); });
})();
