// Mouse, pen and wheel as they are; fingers through gestures. The pointer's picture becomes a cursor of the browser.
import { Gestures } from './gestures.js';
import { encode } from './wire.js';

const LARGEST_CURSOR = 128;   // browsers ignore larger ones
const LINE = 40, PAGE = 800;  // CSS pixels, for wheels that count lines or pages

/** Adds up small amounts so that nothing is lost to rounding. */
export class WheelSum {
  constructor() { this.down = 0; this.right = 0; }

  /** The wheel units (120 a notch) of an event: browsers of today tell 100 CSS pixels a notch. */
  add({ deltaX, deltaY, deltaMode, shiftKey }) {
    const unit = deltaMode === 1 ? LINE : deltaMode === 2 ? PAGE : 1;
    // Some systems turn Shift + wheel sideways by themselves, then deltaX is set already.
    const sideways = shiftKey && deltaX === 0 ? 0 : deltaX;
    this.down += deltaY * unit * 1.2;
    this.right += sideways * unit * 1.2;
    const whole = value => Math.max(-32768, Math.min(32767, Math.trunc(value)));
    const told = { down: whole(this.down), right: whole(this.right) };
    this.down -= told.down;
    this.right -= told.right;
    return told;
  }
}

export class Pointer {
  /** under(event) answers the pixel of the desktop that another window shows there, or null. */
  constructor({ stage, canvas, view, send, placed, touched, held, under = () => null }) {
    Object.assign(this, { stage, canvas, view, send, placed, touched, under });
    this.wheelSum = new WheelSum();
    this.last = { x: 0, y: 0, buttons: 0 };
    this.gestures = new Gestures({
      move: (x, y, buttons) => this.mouse(x, y, buttons),
      wheel: (x, y, down, right) => { const at = this.view.toDesktop(x, y); this.send(encode.wheel(at.x, at.y, down, right)); },
      zoom: (factor, x, y) => { this.view.zoomBy(factor, x, y); this.placed(); },
      pan: (x, y) => { this.view.panBy(x, y); this.placed(); },
      held,
    }, (ms, call) => { const timer = setTimeout(call, ms); return () => clearTimeout(timer); });
    for (const name of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel']) canvas.addEventListener(name, event => this[name](event));
    canvas.addEventListener('wheel', event => this.wheel(event), { passive: false });
    for (const name of ['contextmenu', 'dragstart', 'selectstart', 'auxclick']) canvas.addEventListener(name, event => event.preventDefault());
    // Without this a touch still makes mouse events of its own after ours, and moves the focus.
    canvas.addEventListener('touchstart', event => event.preventDefault(), { passive: false });
    canvas.addEventListener('mousedown', event => event.preventDefault());
  }

  point(event) {
    const box = this.stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  pointerdown(event) {
    this.touched(event);
    this.canvas.setPointerCapture(event.pointerId);
    const { x, y } = this.point(event);
    if (event.pointerType === 'touch') this.gestures.down(event.pointerId, x, y, event.timeStamp);
    else this.tell(this.at(event), event.buttons & 31);
  }

  pointermove(event) {
    const { x, y } = this.point(event);
    if (event.pointerType === 'touch') this.gestures.move(event.pointerId, x, y);
    else this.tell(this.at(event), event.buttons & 31);
  }

  pointerup(event) {
    const { x, y } = this.point(event);
    if (event.pointerType === 'touch') this.gestures.up(event.pointerId, x, y, event.timeStamp);
    else this.tell(this.at(event), event.buttons & 31);
  }

  pointercancel(event) {
    if (event.pointerType === 'touch') this.gestures.cancel(event.pointerId);
    else this.releaseAll();
  }

  mouse(x, y, buttons) { this.tell(this.view.toDesktop(x, y), buttons); }

  // With a button down this window hears the pointer everywhere: what is dragged out of it may lie in another one.
  at(event) {
    const { x, y } = this.point(event);
    const inside = x >= 0 && y >= 0 && x < this.stage.clientWidth && y < this.stage.clientHeight;
    return (inside ? null : this.under(event)) ?? this.view.toDesktop(x, y);
  }

  tell(at, buttons) {
    if (at.x === this.last.x && at.y === this.last.y && buttons === this.last.buttons) return;
    this.last = { ...at, buttons };
    this.send(encode.mouse(at.x, at.y, buttons));
  }

  releaseAll() {
    if (!this.last.buttons) return;
    this.last = { ...this.last, buttons: 0 };
    this.send(encode.mouse(this.last.x, this.last.y, 0));
  }

  wheel(event) {
    event.preventDefault();
    // Two fingers that part on a touchpad come as a wheel with Control: that zooms the picture, not the desktop's page.
    if (event.ctrlKey && Math.abs(event.deltaY) < 50 && event.deltaMode === 0 && !Number.isInteger(event.deltaY)) {
      const { x, y } = this.point(event);
      this.view.zoomBy(Math.exp(-event.deltaY / 100), x, y);
      this.placed();
      return;
    }
    const { down, right } = this.wheelSum.add(event);
    if (!down && !right) return;
    const { x, y } = this.point(event);
    const at = this.view.toDesktop(x, y);
    this.send(encode.wheel(at.x, at.y, down, right));
  }

  show(message) {
    if (message.kind === 'pointerHidden') this.canvas.style.cursor = 'none';
    else if (message.kind === 'pointerDefault') this.canvas.style.cursor = 'default';
    else this.canvas.style.cursor = `${cursorOf(message)}, default`;
  }
}

function cursorOf({ width, height, hotspotX, hotspotY, pixels }) {
  const whole = Object.assign(document.createElement('canvas'), { width, height });
  whole.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  const k = Math.min(1, LARGEST_CURSOR / Math.max(width, height));
  if (k === 1) return `url(${whole.toDataURL()}) ${Math.min(hotspotX, width - 1)} ${Math.min(hotspotY, height - 1)}`;
  const small = Object.assign(document.createElement('canvas'), { width: Math.round(width * k), height: Math.round(height * k) });
  small.getContext('2d').drawImage(whole, 0, 0, small.width, small.height);
  return `url(${small.toDataURL()}) ${Math.floor(hotspotX * k)} ${Math.floor(hotspotY * k)}`;
}
