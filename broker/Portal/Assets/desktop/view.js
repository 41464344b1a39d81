// Where the picture lies in the page, and which pixel of the desktop is under a point. Pure numbers.

const LARGEST_ZOOM = 5;

/** Modes: "fit" asks the desktop for the window's size, "sharp" for the screen's own pixels, "fixed" leaves the size alone. */
export class View {
  constructor() {
    this.mode = 'fit';
    this.zoom = 1;
    this.panX = 0;
    this.panY = 0;
    this.window = { width: 1, height: 1, ratio: 1 };
    this.desktop = { width: 1, height: 1 };
    // Where in the whole desktop this part of it begins.
    this.origin = { x: 0, y: 0 };
  }

  /** The size to ask the desktop for: even width, within what the protocol takes, and never too small to work with. */
  wanted() {
    const { width, height, ratio } = this.window;
    const small = Math.max(1, 640 / Math.min(width, height));
    const k = this.mode === 'sharp' ? Math.max(ratio, 1) : Math.min(small, 2);
    const bound = value => Math.max(200, Math.min(8192, Math.round(value)));
    return { width: bound(width * k) & ~1, height: bound(height * k), scale: this.mode === 'sharp' ? Math.max(100, Math.min(500, Math.round(ratio * 100))) : 100 };
  }

  /** Factor from desktop pixels to CSS pixels; a picture that fits is never enlarged beyond its own pixels unless zoomed. */
  get scale() {
    const { width, height } = this.window;
    const whole = Math.min(width / this.desktop.width, height / this.desktop.height);
    const most = this.mode === 'sharp' ? 1 / this.window.ratio : 1;
    return (this.mode === 'fixed' ? whole : Math.min(whole, most)) * this.zoom;
  }

  /** Left, top and scale of the picture. */
  place() {
    const scale = this.scale;
    const width = this.desktop.width * scale, height = this.desktop.height * scale;
    this.panX = width <= this.window.width ? (this.window.width - width) / 2 : Math.min(0, Math.max(this.window.width - width, this.panX));
    this.panY = height <= this.window.height ? (this.window.height - height) / 2 : Math.min(0, Math.max(this.window.height - height, this.panY));
    return { left: this.panX, top: this.panY, scale };
  }

  /** The desktop's pixel under a point of the window, always inside the desktop. */
  toDesktop(x, y) {
    const { left, top, scale } = this.place();
    const inside = (value, size) => Math.max(0, Math.min(size - 1, Math.floor(value)));
    return { x: this.origin.x + inside((x - left) / scale, this.desktop.width), y: this.origin.y + inside((y - top) / scale, this.desktop.height) };
  }

  /** Zooms so that the point under (x, y) stays there. */
  zoomBy(factor, x, y) {
    const before = this.place();
    const at = { x: (x - before.left) / before.scale, y: (y - before.top) / before.scale };
    this.zoom = Math.max(1, Math.min(LARGEST_ZOOM, this.zoom * factor));
    this.panX = x - at.x * this.scale;
    this.panY = y - at.y * this.scale;
    return this.place();
  }

  panBy(x, y) {
    this.panX += x;
    this.panY += y;
    return this.place();
  }

  /** Brings a point of the desktop into sight, for example above a phone's keyboard. */
  show(x, y) {
    const { left, top, scale } = this.place();
    const margin = 24;
    const px = left + x * scale, py = top + y * scale;
    this.panX += Math.max(0, margin - px) - Math.max(0, px - this.window.width + margin);
    this.panY += Math.max(0, margin - py) - Math.max(0, py - this.window.height + margin);
    return this.place();
  }
}
