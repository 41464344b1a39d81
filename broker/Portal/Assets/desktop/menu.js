// The menu: what it shows follows what the desktop allows and what goes on.
import { byId, cover, element, number, say, sizeOf, words } from './page.js';
import { press } from './on-screen.js';
import { Allowed } from './wire.js';

const SMALLEST_SCREEN = 600;   // CSS pixels; a phone shows one window at a time

export class Menu {
  constructor({ focusDesktop, opened }) {
    this.focusDesktop = focusDesktop;
    this.opened = opened;
    this.lines = new Map();
    byId('menu-button').addEventListener('click', () => this.toggle());
    byId('menu-close').addEventListener('click', () => this.close());
    byId('menu').addEventListener('keydown', event => { if (event.key === 'Escape') this.close(); });
  }

  get isOpen() { return !byId('menu').hidden; }

  toggle() { if (this.isOpen) this.close(); else this.open(); }

  open() {
    this.opened();
    byId('menu').hidden = false;
    byId('menu-button').setAttribute('aria-expanded', 'true');
    byId('menu-close').focus();
  }

  close() {
    byId('menu').hidden = true;
    byId('menu-button').setAttribute('aria-expanded', 'false');
    if (!cover.shown) this.focusDesktop();
  }

  /** Further monitors: nothing of them where they are of no use; where the machine's size is fixed, it says so. */
  monitors({ most, all }) {
    byId('monitors').hidden = !this.resizes || !matchMedia('(any-pointer: fine)').matches || Math.min(screen.width, screen.height) < SMALLEST_SCREEN;
    byId('add-monitor').hidden = most < 2;
    byId('close-monitors').hidden = !all.length;
    byId('monitor-words').textContent = most < 2 ? words.monitorsFixed : words.monitorHelp;
  }

  /** What this pool forbids stands there in words, and its button cannot be pressed. */
  allow(allowed) {
    const has = bit => (allowed & bit) !== 0;
    this.resizes = has(Allowed.resize);
    byId('paste-here').disabled = !has(Allowed.paste);
    byId('upload').disabled = !has(Allowed.upload);
    byId('sound').disabled = !has(Allowed.audio);
    byId('clipboard-words').textContent = [!has(Allowed.paste) && words.pasteOff, !has(Allowed.copy) && words.copyOff].filter(Boolean).join(' ');
    byId('files-words').textContent = [has(Allowed.upload) ? words.uploadHelp : words.uploadOff, !has(Allowed.download) && words.downloadOff].filter(Boolean).join(' ');
    byId('sound-words').textContent = has(Allowed.audio) ? '' : words.soundNotAllowed;
  }

  press(id, on, [whenOn, whenOff]) {
    press(byId(id), on, [whenOn, whenOff]);
  }

  quality({ quality, trip, frames, kilobytes, late }) {
    const names = [['', words.qualityUnknown], ['good', words.qualityGood], ['fair', words.qualityFair], ['poor', words.qualityPoor]];
    const [tone, word] = names[quality] ?? names[0];
    byId('quality-dot').className = `quality-dot ${tone}`;
    byId('menu-button').title = `${words.quality}: ${word}`;
    byId('quality-word').textContent = word;
    byId('quality-trip').textContent = trip === null ? '–' : `${number(trip)} ms`;
    byId('quality-frames').textContent = frames === null ? '–' : number(frames);
    byId('quality-rate').textContent = kilobytes === null ? '–' : `${sizeOf(kilobytes * 1000)}/s`;
    byId('quality-loss').textContent = late === null ? '–' : `${number(late * 100)} %`;
  }

  /** One line a transfer, changed in place so that nothing jumps while it is read. */
  transfer(t, cancel) {
    let line = this.lines.get(t);
    if (!line) {
      line = { box: element('li'), name: element('p', t.name, { className: 'name' }), state: element('p', '', { className: 'help' }), bar: element('progress', '', { max: 1 }), row: element('div', '', { className: 'menu-row' }) };
      line.bar.setAttribute('aria-label', t.name);
      line.box.append(line.name, line.state, line.bar, line.row);
      byId('transfers').prepend(line.box);
      this.lines.set(t, line);
    }
    const running = t.state === 'running' || t.state === 'waiting';
    line.bar.hidden = !running;
    if (t.size) line.bar.value = t.done / t.size; else line.bar.removeAttribute('value');
    line.state.textContent = stateOf(t);
    if (line.shown === t.state) return;
    line.shown = t.state;
    line.row.replaceChildren(...this.buttonsOf(t, cancel));
    if (!running && t.state !== 'cancelled') this.finished(t);
  }

  buttonsOf(t, cancel) {
    const button = (text, act) => { const made = element('button', text, { type: 'button', className: 'button' }); made.addEventListener('click', act); return made; };
    if (t.state === 'running' || t.state === 'waiting') return [button(words.cancelFile, cancel)];
    if (t.blob && t.document) return [button(words.openDocument, () => openBlob(t)), button(words.saveFile, () => saveBlob(t))];
    return t.blob ? [button(words.saveFile, () => saveBlob(t))] : [];
  }

  finished(t) {
    if (t.state === 'failed') say(`${words.failed}: ${t.name}. ${t.words}`);
    else if (t.document) say(words.printReady, [[words.openDocument, () => openBlob(t)], [words.saveFile, () => saveBlob(t)]]);
    else {
      if (t.blob) saveBlob(t);
      say(`${t.up ? words.sent : words.received}: ${t.name}`);
    }
  }
}

function stateOf(t) {
  const amount = t.size === null ? sizeOf(t.done) : `${sizeOf(t.done)} / ${sizeOf(t.size)}`;
  switch (t.state) {
    case 'running': case 'waiting': return `${t.up ? words.sending : words.receiving}: ${amount}`;
    case 'done': return `${t.up ? words.sent : words.received} (${sizeOf(t.size ?? t.done)})`;
    case 'cancelled': return words.cancelled;
    default: return `${words.failed}. ${t.words}`;
  }
}

function withAddress(t, use) {
  const address = URL.createObjectURL(t.blob);
  use(address);
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const saveBlob = t => withAddress(t, address => element('a', '', { href: address, download: t.name }).click());
const openBlob = t => withAddress(t, address => { if (!open(address, '_blank')) saveBlob(t); });
