// The portal works without this file; it only saves reloads. Nothing here decides anything.
(() => {
  'use strict';
  const say = document.body.dataset;
  const news = document.getElementById('news');
  let lastSaid = 0, waitingToSay = '', sayTimer = 0;

  // One polite voice, at most one message in five seconds; the newest wins.
  function tell(text) {
    waitingToSay = text;
    if (sayTimer) return;
    sayTimer = setTimeout(() => {
      sayTimer = 0;
      lastSaid = Date.now();
      news.textContent = waitingToSay;
    }, Math.max(0, lastSaid + 5000 - Date.now()));
  }

  for (const button of document.querySelectorAll('[data-reveal]')) {
    const field = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener('click', () => {
      const show = field.type === 'password';
      field.type = show ? 'text' : 'password';
      button.textContent = show ? button.dataset.hide : button.dataset.show;
      button.setAttribute('aria-pressed', String(show));
    });
    field.form.addEventListener('submit', () => { field.type = 'password'; });
  }

  for (const button of document.querySelectorAll('[data-copy]')) {
    const line = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener('click', async () => {
      try { await navigator.clipboard.writeText(line.value); tell(say.copied); button.textContent = say.copied; }
      catch { line.select(); tell(say.copyFailed); button.textContent = say.copyFailed; }
    });
  }

  for (const words of document.querySelectorAll('[data-countdown]')) {
    const end = performance.now() + Number(words.dataset.countdown) * 1000;
    const tick = setInterval(() => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left > 0) { words.textContent = left === 1 ? words.dataset.one : words.dataset.many.replace('1000', String(left)); return; }
      clearInterval(tick);
      words.textContent = words.dataset.expired;
      words.classList.add('over');
      document.getElementById('line')?.classList.add('over');
      for (const button of document.querySelectorAll('[data-copy]')) button.hidden = true;
      tell(words.dataset.expired);
    }, 500);
  }

  for (const box of document.querySelectorAll('[data-progress]')) {
    const events = new EventSource(box.dataset.progress);
    let heard = '';
    const again = delay => { events.close(); setTimeout(() => location.reload(), delay); };
    events.addEventListener('waiting', e => {
      const words = JSON.parse(e.data);
      for (const place of box.querySelectorAll('[data-word]')) {
        const text = words[place.dataset.word];
        if (text !== undefined && place.textContent !== text) place.textContent = text;
      }
      const all = [words.reason, words.place, words.estimate].filter(Boolean).join(' ');
      if (heard && heard !== all) tell(all);
      heard = all;
    });
    events.addEventListener('done', () => again(0));
    events.addEventListener('broken', () => again(4000));
    events.onerror = () => again(4000);
    addEventListener('pagehide', () => events.close());
  }

  // Replaces only the parts that changed, and gives the focus back to the same control.
  for (const live of document.querySelectorAll('[data-live]')) {
    let paused = false;
    const parts = root => new Map([...root.querySelectorAll('[data-part]')].map(part => [part.dataset.part, part]));
    // Every second while something is likely to happen, then every five.
    let awake = Date.now();
    const again = () => setTimeout(refresh, Date.now() - awake < 120000 ? 1000 : 5000);
    const refresh = async () => {
      if (!document.hidden) await look();
      again();
    };
    const look = async () => {
      let answer;
      try { answer = await fetch(live.dataset.live, { credentials: 'same-origin', redirect: 'error' }); }
      catch { answer = null; }
      if (answer?.status === 401) { location.reload(); return; }
      if (!answer?.ok) { if (!paused) tell(say.paused); paused = true; return; }
      paused = false;
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(live.id);
      const now = parts(live), next = fresh ? parts(fresh) : new Map();
      if ([...now.keys()].join() !== [...next.keys()].join()) { location.reload(); return; }
      const focused = document.activeElement?.id;
      for (const [key, part] of next) {
        const old = now.get(key);
        // A menu that is open is no change of the desktop's, and stays open.
        for (const open of old.querySelectorAll('details[open]')) part.querySelector('#' + CSS.escape(open.id))?.setAttribute('open', '');
        if (old.outerHTML === part.outerHTML) continue;
        awake = Date.now();
        if (old.dataset.say !== part.dataset.say) tell(part.dataset.say);
        old.replaceWith(document.adoptNode(part));
      }
      if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
    };
    again();
    document.addEventListener('visibilitychange', () => { awake = Date.now(); });
  }

  // A menu closes as menus do: by Escape, by a click elsewhere.
  const close = (menu, back) => { menu.open = false; if (back) menu.querySelector('summary').focus(); };
  addEventListener('keydown', e => {
    const menu = e.key === 'Escape' && document.querySelector('details.more[open]');
    if (menu) close(menu, menu.contains(document.activeElement));
  });
  addEventListener('click', e => {
    for (const menu of document.querySelectorAll('details.more[open]')) if (!menu.contains(e.target)) close(menu, false);
  });

  // Only keeps the shell; a browser that refuses it loses nothing but speed.
  navigator.serviceWorker?.register('/service-worker.js').catch(error => console.info('The portal cannot be installed here:', error.message));
})();
