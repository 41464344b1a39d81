// Asks the browser for a passkey and puts its answer into the form. Without this file the form stays hidden, and the page's other way is there.
(() => {
  'use strict';
  const passkeys = window.PublicKeyCredential;
  if (!navigator.credentials || !passkeys?.parseRequestOptionsFromJSON) return;
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const problem = form.querySelector('[role=alert]'), answer = form.elements.namedItem('answer');
    let asking = false;
    const say = text => { problem.textContent = text; problem.hidden = !text; };
    const ask = async () => {
      const reply = await fetch(form.dataset.begin, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
      if (reply.status === 401) { location.reload(); return; }
      const question = await reply.json();
      if (question.go) { location.assign(question.go); return; }
      if (!reply.ok) { say(question.problem); return; }
      const credential = form.dataset.passkey === 'make'
        ? await navigator.credentials.create({ publicKey: passkeys.parseCreationOptionsFromJSON(question.options) })
        : await navigator.credentials.get({ publicKey: passkeys.parseRequestOptionsFromJSON(question.options) });
      answer.value = JSON.stringify(credential.toJSON());
      form.submit();
    };
    form.hidden = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      if (asking) return;
      asking = true;
      say('');
      // The browser tells why only roughly, so that a page cannot find out which passkeys somebody has.
      try { await ask(); }
      catch (error) { say(error.name === 'InvalidStateError' ? form.dataset.known : form.dataset.failed); }
      asking = false;
    });
  }
})();
