// Text and images both ways. What the person pastes by keyboard needs no permission; the rest asks the browser, and says so
// in words when the browser refuses.
import { Allowed, encode, Limits } from './wire.js';

const TEXT = 1, PNG = 2;
const decoder = new TextDecoder();

export class Clipboard {
  constructor({ send, allowed, say, offered, words, field, focusDesktop }) {
    Object.assign(this, { send, allowed, say, offered, words, field, focusDesktop });
    this.sent = null;
    this.here(field);
  }

  /** The person is in another window of this desktop: its field takes what is pasted, and its clipboard is the one allowed. */
  here(field) {
    this.field = field;
    field.onpaste ??= event => this.pasted(event);
  }

  get device() { return this.field.ownerDocument.defaultView.navigator; }

  may(bit) { return (this.allowed() & bit) !== 0; }

  /** The person pressed the keys that paste: answers a promise that holds the key back, or null when nothing is to be sent. */
  beforeKey() {
    if (!this.may(Allowed.paste)) return null;
    this.field.inputMode = 'none';
    this.field.focus({ preventScroll: true });
    return new Promise(resolve => {
      // Without anything to paste a browser may fire no event at all.
      const timer = setTimeout(() => this.pasteOver?.(), 150);
      this.pasteOver = () => {
        clearTimeout(timer);
        this.pasteOver = null;
        this.focusDesktop();
        resolve();
      };
    });
  }

  async pasted(event) {
    event.preventDefault();
    const over = this.pasteOver;
    if (over) this.pasteOver = null;
    try {
      await this.give(event.clipboardData.getData('text/plain'), [...event.clipboardData.items].find(item => item.kind === 'file' && item.type.startsWith('image/'))?.getAsFile());
    } finally {
      over?.();
    }
  }

  /** The button: asks the browser, which may ask the person. */
  async paste() {
    if (!this.may(Allowed.paste)) { this.say(this.words.pasteOff); return; }
    try {
      const { text, image } = await readClipboard(this.device);
      const told = await this.give(text, image);
      this.say(told === 'sent' || told === 'same' ? this.words.pasted : told === 'large' ? this.words.clipboardTooLarge : this.words.clipboardEmpty);
    } catch (error) {
      console.info('The clipboard could not be read:', error.message);
      this.say(this.words.clipboardBlocked);
    }
  }

  /** The window has the focus again: only where the person allowed it before, so that nobody is asked out of the blue. */
  async onFocus() {
    if (!this.may(Allowed.paste) || !this.device.permissions || !this.device.clipboard?.read) return;
    try {
      if ((await this.device.permissions.query({ name: 'clipboard-read' })).state !== 'granted') return;
      const { text, image } = await readClipboard(this.device);
      await this.give(text, image);
    } catch (error) {
      console.info('The clipboard was not read on focus:', error.message);
    }
  }

  /** Sends text, else an image, unless the desktop has it already. */
  async give(text, image) {
    if (text) {
      if (text === this.sent) return 'same';
      const bytes = new TextEncoder().encode(text.replaceAll('\r\n', '\n'));
      if (bytes.length > Limits.clipboardText) return 'large';
      this.sent = text;
      this.send(encode.clipboardData(TEXT, bytes));
      return 'sent';
    }
    if (image) {
      const png = image.type === 'image/png' ? image : await toPng(image);
      if (png.size > Limits.clipboardImage) return 'large';
      const bytes = new Uint8Array(await png.arrayBuffer());
      // A window that gets the focus often must not send the same picture often.
      const mark = new Uint32Array(await crypto.subtle.digest('SHA-256', bytes)).join();
      if (mark === this.sent) return 'same';
      this.sent = mark;
      this.send(encode.clipboardData(PNG, bytes));
      return 'sent';
    }
    return 'empty';
  }

  /** Something was copied in the desktop: an image is worth more than its text, when there are both. */
  offer({ formats }) {
    if (!this.may(Allowed.copy)) return;
    this.send(encode.clipboardRequest(formats & TEXT ? TEXT : PNG));
  }

  async arrived({ format, data }) {
    if (!this.may(Allowed.copy)) return;
    this.pending = format === TEXT ? { text: decoder.decode(data) } : { image: new Blob([data.slice()], { type: 'image/png' }) };
    if (this.pending.text !== undefined) this.sent = this.pending.text;
    if (await this.write()) { this.offered(false); this.say(this.words.copiedHere); }
    else { this.offered(true); this.say(this.words.copyWaiting); }
  }

  /** The button: what arrived while the browser refused. */
  async copy() {
    const done = await this.write();
    if (done) this.offered(false);
    this.say(done ? this.words.copiedHere : this.words.clipboardBlocked);
  }

  async write() {
    if (!this.pending) return false;
    try {
      if (this.pending.text !== undefined) await this.device.clipboard.writeText(this.pending.text);
      else await this.device.clipboard.write([new ClipboardItem({ 'image/png': this.pending.image })]);
      return true;
    } catch (error) {
      console.info('The clipboard could not be written:', error.message);
      return false;
    }
  }
}

async function readClipboard(navigator) {
  if (!navigator.clipboard?.read) return { text: await navigator.clipboard.readText() };
  for (const item of await navigator.clipboard.read()) {
    if (item.types.includes('text/plain')) {
      const text = await (await item.getType('text/plain')).text();
      if (text) return { text };
    }
    const image = item.types.find(type => type.startsWith('image/'));
    if (image) return { image: await item.getType(image) };
  }
  return {};
}

async function toPng(image) {
  const bitmap = await createImageBitmap(image);
  const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height });
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  bitmap.close();
  return await new Promise(resolve => canvas.toBlob(resolve, 'image/png'));
}
