// The page's own words and parts: notices, questions, the cover that stands before and after the picture.

export const byId = id => document.getElementById(id);

const data = document.body.dataset;
export const { words, reasons } = await (await fetch(data.words)).json();
export const settings = { pool: data.pool, name: data.name, language: data.language, byItself: data.byItself === 'yes', field: data.formField, token: data.formToken };

export const fill = (text, value) => text.replace('{0}', value);

export function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  if (text) made.textContent = text;
  return made;
}

/** A public reason by its number, as { code, sentence }. */
export function reasonOf(number) {
  const [code, sentence] = reasons[number] ?? ['', words.endTitle];
  return { code, sentence };
}

export const reasonNamed = name => ({ code: name, sentence: Object.values(reasons).find(([code]) => code === name)?.[1] ?? words.endTitle });

export const number = (value, digits = 0) => value.toLocaleString(settings.language, { maximumFractionDigits: digits, minimumFractionDigits: 0 });

export function sizeOf(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; at++; }
  return `${number(bytes, bytes < 10 && at > 0 ? 1 : 0)} ${units[at]}`;
}

const news = byId('news');

/** Says something that passes by itself; with actions [text, call] it stays until one is pressed. */
export function say(text, actions = []) {
  const line = element('p', text);
  for (const [label, call] of actions) {
    const button = element('button', label, { type: 'button' });
    button.addEventListener('click', () => { line.remove(); call(); });
    line.append(button);
  }
  for (const old of [...news.children].slice(0, -2)) old.remove();
  news.append(line);
  if (!actions.length) setTimeout(() => line.remove(), 6000);
  return line;
}

let asking = null;

/** Asks; answers the value of the button pressed. A question that is taken back answers null. */
export function ask(text, buttons) {
  asking?.(null);
  const box = byId('ask');
  const before = document.activeElement;
  byId('ask-text').textContent = text;
  return new Promise(resolve => {
    const close = value => {
      asking = null;
      box.hidden = true;
      box.onkeydown = null;
      before?.focus({ preventScroll: true });
      resolve(value);
    };
    asking = close;
    byId('ask-buttons').replaceChildren(...buttons.map(([label, value], i) => {
      const button = element('button', label, { type: 'button', className: i === 0 ? 'button primary' : 'button' });
      button.addEventListener('click', () => close(value));
      return button;
    }));
    box.onkeydown = event => { if (event.key === 'Escape') close(buttons.at(-1)[1]); };
    box.hidden = false;
    byId('ask-buttons').lastChild.focus();
  });
}

export const stopAsking = () => asking?.(null);

export const cover = {
  /** Shows the cover: sentence, place and help are texts; codes is a reason; again and signIn show their buttons. */
  show({ title, sentence = '', place = '', help = '', codes = null, walking = false, again = false, againText = words.connectAgain, signIn = false, overPicture = false }) {
    const box = byId('cover');
    const was = box.hidden;
    box.hidden = false;
    box.classList.toggle('over-picture', overPicture);
    put('cover-title', title);
    put('cover-sentence', sentence);
    put('cover-place', place);
    put('cover-help', help);
    byId('cover-codes').replaceChildren(...(codes ? codeParts(codes) : []));
    byId('cover-walk').hidden = !walking;
    byId('cover-again').hidden = !again;
    byId('cover-again').textContent = againText;
    byId('cover-sign-in').hidden = !signIn;
    if (again || signIn) byId(again ? 'cover-again' : 'cover-sign-in').focus();
    else if (was) byId('cover-title').focus();
  },
  hide() { byId('cover').hidden = true; },
  get shown() { return !byId('cover').hidden; },
};

function put(id, text) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

function codeParts({ code, reference }) {
  return [[words.code, code], [words.reference, reference]].filter(([, value]) => value).map(([label, value]) => {
    const span = element('span', `${label}: `);
    span.append(element('code', value));
    return span;
  });
}
