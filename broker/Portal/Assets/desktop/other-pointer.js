// Where the other one points: their pointer is no part of the picture.

export class OtherPointer {
  constructor({ element, view }) {
    Object.assign(this, { element, view, x: 0, y: 0 });
  }

  at(x, y) {
    Object.assign(this, { x, y });
    this.element.hidden = false;
    this.place();
  }

  hide() { this.element.hidden = true; }

  place() {
    if (this.element.hidden) return;
    const { left, top, scale } = this.view.place();
    this.element.style.transform = `translate(${left + this.x * scale}px, ${top + this.y * scale}px)`;
  }
}
