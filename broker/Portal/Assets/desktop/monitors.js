// Further monitors: windows that show other parts of the same desktop. They have no connection of their own: the page's worker
// draws into their pictures, and their keys and pointers go the page's way. They live and end with the page.
import { arrange, around, within } from './layout.js';
import { Pointer } from './pointer.js';
import { View } from './view.js';
import { Limits } from './wire.js';

const ADDRESS = '/desktop/monitor';
const CLOSED_SEEN = 500;    // ms; a window that the person closes may tell nobody

export class Monitors {
  /**
   * view is the page's own; changed() after a window came, went or took another size; placed() after the page's own part changed;
   * listen(window, canvas, field) takes keys, focus and dropped files of a window; touched(event) before its pointer is told.
   */
  constructor({ view, screen, send, say, words, changed, placed, listen, touched, fullScreen, opened }) {
    Object.assign(this, { view, screen, send, say, words, changed, placed, listen, touched, fullScreen, opened });
    this.most = 0;
    this.pixels = Limits.screen;
    this.all = [];
    this.desktop = { width: 1, height: 1 };
    this.asked = [];
    this.applied = [];
    this.ids = 0;
    this.cursor = '';
    addEventListener('message', event => this.heard(event));
    addEventListener('pagehide', () => this.closeAll());
  }

  /** The window that has the keyboard, if it is one of these. */
  get focused() { return this.all.find(m => m.canvas?.ownerDocument.hasFocus()); }

  get anyVisible() { return this.all.some(m => m.canvas && !m.canvas.ownerDocument.hidden); }

  /** How many windows the machine allows, this page's among them. */
  allow({ most, pixels }) {
    this.most = Math.min(most, Limits.monitors);
    // Before the machine takes sizes at all it says 0, which is no bound: a wish by it would be for a flat strip.
    this.pixels = this.most ? Math.min(pixels, Limits.screen) : Limits.screen;
    if (!this.most) this.closeAll();
  }

  /** By a press of the person, else the browser lets no window open. */
  add() {
    if (this.all.length + 1 >= this.most) { this.say(this.words.monitorsMost); return; }
    const { width, height } = this.view.window;
    if (arrange([...this.sizes(), { width, height }], this.limits).at(-1) === null) { this.say(this.words.monitorsNoRoom); return; }
    const opened = open(ADDRESS, '_blank', `popup,width=${width},height=${height}`);
    if (!opened) { this.say(this.words.monitorBlocked); return; }
    this.opened();
    const view = new View();
    this.all.push({ id: ++this.ids, window: opened, view, canvas: null, rect: null });
    this.watch ??= setInterval(() => this.look(), CLOSED_SEEN);
    this.toFreeScreen(opened);
  }

  closeAll() {
    for (const m of this.all) m.window.close();
    this.look();
  }

  /** What to ask the desktop for: one rectangle a window that has its place, the page's own first. */
  wanted() {
    const shown = this.all.filter(m => m.canvas);
    const rects = arrange(this.sizes(), this.limits);
    shown.forEach((m, i) => { m.wanted = rects[i + 1]; });
    return { ...this.view.wanted(), width: rects[0].w, height: rects[0].h, further: rects.slice(1).filter(Boolean) };
  }

  /** This was asked for; where the desktop has that size already it holds at once. */
  ask({ width, height, further }) {
    this.asked = [{ x: 0, y: 0, w: width, h: height }, ...further];
    const whole = around(this.asked);
    if (whole.width === this.desktop.width && whole.height === this.desktop.height) this.apply();
  }

  /** The desktop has this size now. A machine that answered otherwise than asked gives what it has. */
  sized({ width, height }) {
    this.desktop = { width, height };
    this.apply();
  }

  /** Says over all these windows what the page says over its own; nothing when the picture is there. */
  cover(text) {
    this.text = text;
    for (const m of this.all) this.showCover(m);
  }

  showCursor(cursor) {
    this.cursor = cursor;
    for (const m of this.all) if (m.canvas) m.canvas.style.cursor = cursor;
  }

  /** The desktop's pixel under a point of the screen that one of the windows shows; null where none does. */
  under({ screenX, screenY }) {
    for (const { window: win, view } of [{ window, view: this.view }, ...this.all.filter(m => m.canvas && m.rect)]) {
      // Browsers tell where a window is, not where its page is: what is left of its height is the bar on top.
      const edge = (win.outerWidth - win.innerWidth) / 2;
      const x = screenX - win.screenX - edge, y = screenY - win.screenY - (win.outerHeight - win.innerHeight - edge);
      if (x >= 0 && y >= 0 && x < win.innerWidth && y < win.innerHeight) return view.toDesktop(x, y);
    }
    return null;
  }

  get limits() { return { side: Limits.side, pixels: this.pixels }; }

  sizes() {
    const own = this.view.mode === 'fixed' ? { width: this.view.desktop.width, height: this.view.desktop.height } : this.view.wanted();
    return [own, ...this.all.filter(m => m.canvas).map(m => { m.view.mode = this.view.mode === 'sharp' ? 'sharp' : 'fit'; return m.view.wanted(); })];
  }

  apply() {
    const single = this.asked.length < 2;
    const own = single ? { x: 0, y: 0, w: this.desktop.width, h: this.desktop.height } : within(this.asked[0], this.desktop);
    this.view.desktop = { width: own.w, height: own.h };
    const shown = [];
    for (const m of this.all) {
      m.rect = !single && m.wanted ? within(m.wanted, this.desktop) : null;
      if (m.rect && m.canvas) {
        shown.push({ id: m.id, ...m.rect });
        m.view.desktop = { width: m.rect.w, height: m.rect.h };
        m.view.origin = { x: m.rect.x, y: m.rect.y };
      }
      this.place(m);
      this.showCover(m);
    }
    this.screen.monitors(shown);
    this.placed();
  }

  heard({ origin, source, data }) {
    if (origin !== location.origin || data?.monitor !== 'ready') return;
    const m = this.all.find(one => one.window === source);
    if (m) this.adopt(m);
    else source.close();
  }

  /** The window's page is there, or there again: its picture is handed to the worker, the rest stays here. */
  adopt(m) {
    const page = m.window.document;
    const part = id => page.getElementById(id);
    m.stage = part('stage');
    m.canvas = part('screen');
    m.field = part('typing');
    this.screen.monitor(m.id, m.canvas);
    m.pointer = new Pointer({
      stage: m.stage, canvas: m.canvas, view: m.view, send: this.send, placed: () => this.place(m), under: event => this.under(event),
      touched: event => { this.touched(event); m.canvas.focus({ preventScroll: true }); }, held: () => undefined,
    });
    m.canvas.style.cursor = this.cursor;
    m.window.addEventListener('resize', () => this.measure(m));
    m.window.addEventListener('blur', () => m.pointer.releaseAll());
    m.window.addEventListener('pagehide', () => { m.canvas = null; this.look(); });
    part('full-screen').addEventListener('click', () => this.fullScreen(m.window));
    part('close-monitor').addEventListener('click', () => { m.window.close(); this.look(); });
    this.listen(m.window, m.canvas, m.field, part('drop'));
    this.number();
    this.measure(m);
    this.apply();
    m.canvas.focus({ preventScroll: true });
  }

  number() {
    this.all.forEach((m, i) => {
      if (!m.canvas) return;
      const name = this.words.monitorName.replace('{0}', i + 2);
      m.window.document.getElementById('monitor-name').textContent = name;
      m.window.document.title = `${name} – ${document.title}`;
    });
  }

  measure(m) {
    if (!m.canvas) return;
    m.view.window = { width: m.stage.clientWidth, height: m.stage.clientHeight, ratio: m.window.devicePixelRatio };
    this.place(m);
    this.changed();
  }

  place(m) {
    if (!m.canvas || !m.rect) return;
    const { left, top, scale } = m.view.place();
    m.canvas.style.width = `${m.rect.w}px`;
    m.canvas.style.height = `${m.rect.h}px`;
    m.canvas.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  }

  showCover(m) {
    if (!m.canvas) return;
    const page = m.window.document;
    const text = this.text || (m.rect ? '' : m.wanted === null ? this.words.monitorsNoRoom : this.words.waitingForPicture);
    page.getElementById('cover').hidden = !text;
    page.getElementById('cover-sentence').textContent = text;
  }

  // What has been closed is taken out, and the desktop gets smaller again.
  look() {
    const gone = this.all.filter(m => m.window.closed);
    if (!gone.length) return;
    this.all = this.all.filter(m => !m.window.closed);
    for (const m of gone) this.screen.monitor(m.id, null);
    if (!this.all.length) { clearInterval(this.watch); this.watch = null; }
    this.number();
    this.changed();
  }

  // Where the browser tells of more screens than one, and the person lets it, the window begins on one that is free.
  async toFreeScreen(opened) {
    if (!screen.isExtended || !window.getScreenDetails) return;
    try {
      const { screens, currentScreen } = await getScreenDetails();
      const on = (win, s) => win.screenX >= s.left && win.screenX < s.left + s.width && win.screenY >= s.top && win.screenY < s.top + s.height;
      const free = screens.find(s => s !== currentScreen && !this.all.some(m => m.window !== opened && on(m.window, s)));
      if (!free || opened.closed) return;
      opened.moveTo(free.availLeft, free.availTop);
      opened.resizeTo(free.availWidth, free.availHeight);
    } catch (error) {
      console.info('The other screens are not told; the window can be dragged there:', error.message);
    }
  }
}
