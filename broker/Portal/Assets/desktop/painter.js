// Draws frames on a canvas, in order, wherever it lives: in the worker, or in the page where no worker can draw.
import { decompress } from './fzstd.js';
import { decodeFrame, Limits, NO_SLOT, WireError } from './wire.js';
import { Decoders } from './video.js';

export class Painter {
  /** drawn(frame id) after a frame is on the canvas; failed({ message, video }) when a frame cannot be drawn at all. */
  constructor(canvas, { drawn, failed }) {
    this.canvas = canvas;
    this.screen = canvas.getContext('2d', { alpha: false, desynchronized: false });
    this.drawn = drawn;
    this.failed = failed;
    this.decoders = new Decoders();
    this.cache = [];
    this.turn = Promise.resolve();
    this.epoch = 0;
    this.scratch = new Uint8Array(0);
    this.back = null;
    this.further = new Map();
    this.parts = [];
  }

  /** A new connection: everything is void. */
  start(width, height) {
    this.epoch++;
    for (const kept of this.cache) kept?.bitmap?.close();
    this.cache = [];
    this.decoders.close();
    this.resize(width, height);
  }

  /** The picture is void and so are the decoders; the cache stays. Order with frames is kept. */
  resize(width, height) {
    if (!width || !height || width > Limits.side || height > Limits.side || width * height > Limits.screen) throw new WireError(`a screen of ${width} x ${height}`);
    const decoders = this.decoders;
    this.decoders = new Decoders();
    this.inOrder(Promise.resolve(), () => {
      decoders.close();
      this.back = null;
      // The canvas is set to its new size with the first frame, so that the old picture stays until there is a new one.
      this.size = { width, height };
    });
  }

  /** A canvas of another window; null when it has gone. */
  monitor(id, canvas) {
    if (canvas) this.further.set(id, canvas.getContext('2d', { alpha: false, desynchronized: false }));
    else this.further.delete(id);
  }

  /** The parts of the picture that those get, in order with frames. */
  monitors(parts) {
    this.inOrder(Promise.resolve(), () => {
      this.parts = parts;
      // With a new size the picture comes with the next frame, and the parts with it.
      if (!this.size) this.arrange();
    });
  }

  arrange() {
    for (const { id, w, h } of this.parts) {
      const canvas = this.further.get(id)?.canvas;
      if (!canvas || (canvas.width === w && canvas.height === h)) continue;
      canvas.width = w;
      canvas.height = h;
    }
    this.share(null);
  }

  /** Gives the other windows what changed of their parts; everything when nothing is said. */
  share(changed) {
    for (const { id, x, y, w, h } of this.parts) {
      const left = Math.max(x, changed?.left ?? x), top = Math.max(y, changed?.top ?? y);
      const wide = Math.min(x + w, changed?.right ?? x + w) - left, high = Math.min(y + h, changed?.bottom ?? y + h) - top;
      if (wide > 0 && high > 0) this.further.get(id)?.drawImage(this.canvas, left, top, wide, high, left - x, top - y, wide, high);
    }
  }

  /** Pictures and video begin to decode at once; the drawing itself waits for its turn and is not interrupted. */
  frame(buffer) {
    let frame;
    try {
      frame = decodeFrame(buffer);
    } catch (error) {
      this.failed({ message: String(error), video: false });
      return;
    }
    this.inOrder(this.prepare(frame), () => this.draw(frame));
  }

  prepare(frame) {
    const waits = [];
    for (const op of frame.ops) {
      if (op.op === 'jpeg') waits.push(createImageBitmap(new Blob([op.data], { type: 'image/jpeg' })).then(bitmap => { op.bitmap = bitmap; }));
      else if (op.op === 'h264') waits.push(this.decoders.decode(op).then(picture => { op.picture = picture; }));
      else if (op.op === 'decoderEnd') this.decoders.end(op.decoder);
    }
    return Promise.all(waits);
  }

  inOrder(ready, act) {
    const epoch = this.epoch;
    // Marked as handled here: the chain below reports it in its turn, however long that takes.
    ready.catch(() => undefined);
    this.turn = this.turn.then(() => ready).then(() => { if (epoch === this.epoch) act(); }).catch(error => {
      if (epoch !== this.epoch) return;
      this.epoch++;
      this.failed({ message: String(error), video: error?.video === true });
    });
  }

  draw(frame) {
    if (this.size) {
      this.canvas.width = this.size.width;
      this.canvas.height = this.size.height;
      this.size = null;
      this.arrange();
    }
    const pixels = this.unpack(frame);
    const target = this.targetOf(frame);
    for (const op of frame.ops) this.apply(op, target, pixels);
    if (this.back && !frame.more) {
      this.screen.drawImage(this.back.canvas, 0, 0);
      this.back = null;
      this.share(null);
    } else if (!this.back && this.parts.length) this.share(extent(frame.ops, op => this.cache[op.slot]));
    this.drawn(frame.id);
  }

  // A picture of several frames is put together out of sight and shown as one.
  targetOf(frame) {
    if (frame.more && !this.back) {
      const { width, height } = this.canvas;
      const canvas = typeof OffscreenCanvas === 'undefined' ? Object.assign(document.createElement('canvas'), { width, height }) : new OffscreenCanvas(width, height);
      this.back = canvas.getContext('2d', { alpha: false });
      this.back.drawImage(this.canvas, 0, 0);
    }
    return this.back ?? this.screen;
  }

  unpack(frame) {
    if (frame.pixelBytes === 0) return null;
    if (this.scratch.length < frame.pixelBytes) this.scratch = new Uint8Array(Math.min(Limits.pixelBytes, frame.pixelBytes * 2));
    const pixels = decompress(frame.packed, this.scratch.subarray(0, frame.pixelBytes));
    if (pixels.length !== frame.pixelBytes) throw new WireError(`zstd gave ${pixels.length} bytes of ${frame.pixelBytes}`);
    return pixels;
  }

  apply(op, target, pixels) {
    switch (op.op) {
      case 'solid':
        target.fillStyle = `rgb(${op.r} ${op.g} ${op.b})`;
        target.fillRect(op.x, op.y, op.w, op.h);
        break;
      case 'lossless': {
        if (!op.w || !op.h) break;
        const part = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset + op.at, op.w * op.h * 4);
        target.putImageData(new ImageData(part, op.w, op.h), op.x, op.y);
        if (op.slot !== NO_SLOT) this.keep(op, { image: new ImageData(part.slice(), op.w, op.h) });
        break;
      }
      case 'jpeg':
        target.drawImage(op.bitmap, 0, 0, op.w, op.h, op.x, op.y, op.w, op.h);
        if (op.slot !== NO_SLOT) this.keep(op, { bitmap: op.bitmap });
        else op.bitmap.close();
        break;
      case 'copy':
        if (op.w && op.h) target.drawImage(target.canvas, op.x, op.y, op.w, op.h, op.toX, op.toY, op.w, op.h);
        break;
      case 'cached': {
        const kept = this.cache[op.slot];
        if (!kept) throw new WireError(`slot ${op.slot} is empty`);
        if (kept.image) target.putImageData(kept.image, op.x, op.y);
        else target.drawImage(kept.bitmap, op.x, op.y);
        break;
      }
      case 'h264':
        for (const r of op.rects) target.drawImage(op.picture, r.x - op.x, r.y - op.y, r.w, r.h, r.x, r.y, r.w, r.h);
        op.picture.close();
        break;
    }
  }

  keep(op, what) {
    if (op.w > 64 || op.h > 64 || op.slot >= Limits.cacheSlots) throw new WireError(`slot ${op.slot} of ${op.w} x ${op.h}`);
    this.cache[op.slot]?.bitmap?.close();
    this.cache[op.slot] = what;
  }
}

// The rectangle around everything that a frame draws.
function extent(ops, kept) {
  const all = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  const add = (x, y, w, h) => Object.assign(all, { left: Math.min(all.left, x), top: Math.min(all.top, y), right: Math.max(all.right, x + w), bottom: Math.max(all.bottom, y + h) });
  for (const op of ops) {
    if (op.op === 'copy') add(op.toX, op.toY, op.w, op.h);
    else if (op.op === 'h264') for (const r of op.rects) add(r.x, r.y, r.w, r.h);
    else if (op.op === 'cached') { const { image, bitmap } = kept(op); add(op.x, op.y, (image ?? bitmap).width, (image ?? bitmap).height); }
    else if (op.op !== 'decoderEnd') add(op.x, op.y, op.w, op.h);
  }
  return all;
}
