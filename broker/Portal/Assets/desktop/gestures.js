// Fingers to mouse. One tap is a click where it lands; a finger that moves drags; a finger that rests is a right click, and
// drags with the right button when it then moves; two fingers scroll, or zoom when they part; two fingers that tap are a right
// click too. Pure: events and times in, calls out.

const TAP = 10;              // CSS pixels a finger may tremble
const HOLD = 500;            // ms until a resting finger is a right click
const TAP_TIME = 350;        // ms in which two fingers must be gone again to be a tap
const PART = 24;             // CSS pixels the distance of two fingers must change to be a zoom
const SCROLL = 12;           // CSS pixels the middle of two fingers must move to be a scroll
const NOTCH_PER_PIXEL = 2.5; // wheel units (120 is a notch) for each CSS pixel

const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, d: Math.hypot(a.x - b.x, a.y - b.y) });

export class Gestures {
  /** act: move(x, y, buttons), wheel(x, y, down, right), zoom(factor, x, y), pan(dx, dy), held(). later(ms, call) answers a cancel. */
  constructor(act, later) {
    this.act = act;
    this.later = later;
    this.fingers = new Map();
    this.mode = 'none';
    this.stopHold = () => undefined;
  }

  down(id, x, y, time) {
    this.fingers.set(id, { x, y, startX: x, startY: y });
    if (this.fingers.size === 1) {
      this.mode = 'undecided';
      this.since = time;
      this.stopHold = this.later(HOLD, () => this.hold());
    } else if (this.fingers.size === 2) {
      this.stopHold();
      if (this.mode === 'drag') this.act.move(x, y, 0);
      this.mode = this.mode === 'undecided' ? 'two' : 'over';
      this.first = this.last = middle([...this.fingers.values()]);
    } else this.mode = 'over';
  }

  move(id, x, y) {
    const finger = this.fingers.get(id);
    if (!finger) return;
    finger.x = x;
    finger.y = y;
    switch (this.mode) {
      case 'undecided':
        if (Math.hypot(x - finger.startX, y - finger.startY) <= TAP) return;
        this.stopHold();
        this.startDrag(finger, 1);
        break;
      case 'held':
        if (Math.hypot(x - finger.startX, y - finger.startY) > TAP) this.startDrag(finger, 2);
        break;
      case 'drag': this.act.move(x, y, this.button); break;
      case 'two': this.decideTwo(); break;
      case 'scroll': this.scroll(); break;
      case 'zoom': this.zoomOrPan(); break;
    }
  }

  up(id, x, y, time) {
    const finger = this.fingers.get(id);
    if (!finger) return;
    this.fingers.delete(id);
    this.stopHold();
    switch (this.mode) {
      case 'undecided': this.click(finger.startX, finger.startY, 1); break;
      case 'held': this.click(finger.startX, finger.startY, 2); break;
      case 'drag': this.act.move(x, y, 0); break;
      case 'two': if (time - this.since < TAP_TIME) this.click(this.first.x, this.first.y, 2); break;
    }
    this.mode = this.fingers.size ? 'over' : 'none';
  }

  /** The system took the fingers away: whatever was pressed is let go, nothing is clicked. */
  cancel(id) {
    const finger = this.fingers.get(id);
    this.fingers.delete(id);
    this.stopHold();
    if (this.mode === 'drag' && finger) this.act.move(finger.x, finger.y, 0);
    this.mode = this.fingers.size ? 'over' : 'none';
  }

  hold() {
    if (this.mode !== 'undecided') return;
    this.mode = 'held';
    this.act.held();
  }

  click(x, y, button) {
    this.act.move(x, y, 0);
    this.act.move(x, y, button);
    this.act.move(x, y, 0);
  }

  startDrag(finger, button) {
    this.mode = 'drag';
    this.button = button;
    this.act.move(finger.startX, finger.startY, 0);
    this.act.move(finger.startX, finger.startY, button);
    this.act.move(finger.x, finger.y, button);
  }

  decideTwo() {
    const now = middle([...this.fingers.values()]);
    if (Math.abs(now.d - this.first.d) > PART) this.mode = 'zoom';
    else if (Math.hypot(now.x - this.first.x, now.y - this.first.y) > SCROLL) {
      this.mode = 'scroll';
      this.act.move(this.first.x, this.first.y, 0);
    } else return;
    this.last = now;
  }

  // The page follows the fingers, as on any touch screen: fingers up, wheel down.
  scroll() {
    const now = middle([...this.fingers.values()]);
    const down = Math.trunc((this.last.y - now.y) * NOTCH_PER_PIXEL), right = Math.trunc((this.last.x - now.x) * NOTCH_PER_PIXEL);
    if (!down && !right) return;
    this.act.wheel(this.first.x, this.first.y, down, right);
    this.last = now;
  }

  zoomOrPan() {
    const now = middle([...this.fingers.values()]);
    this.act.pan(now.x - this.last.x, now.y - this.last.y);
    if (this.last.d > 0 && now.d > 0) this.act.zoom(now.d / this.last.d, now.x, now.y);
    this.last = now;
  }
}
