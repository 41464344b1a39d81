// The picture as the page sees it: the same calls, whether a worker draws or the page itself.
import { Painter } from './painter.js';

export class Screen {
  constructor(canvas, heard) {
    this.heard = heard;
    const draws = typeof OffscreenCanvas !== 'undefined' && 'transferControlToOffscreen' in canvas;
    if (draws) this.inWorker(canvas);
    else this.painter = new Painter(canvas, heard);
  }

  inWorker(canvas) {
    this.worker = new Worker(new URL('./screen-worker.js', import.meta.url), { type: 'module', name: 'screen' });
    this.worker.onmessage = ({ data }) => {
      if ('drawn' in data) this.heard.drawn(data.drawn);
      else this.heard.failed(data.failed);
    };
    this.worker.onerror = event => this.heard.failed({ message: event.message ?? 'the worker did not start', video: false });
    const off = canvas.transferControlToOffscreen();
    this.worker.postMessage({ canvas: off }, [off]);
  }

  start(width, height) { this.tell({ start: { width, height } }, () => this.painter.start(width, height)); }
  resize(width, height) { this.tell({ resize: { width, height } }, () => this.painter.resize(width, height)); }
  frame(buffer) { this.tell({ frame: buffer }, () => this.painter.frame(buffer), [buffer]); }

  /** A further picture that gets a part of this one; null when it has gone. */
  monitor(id, canvas) {
    const surface = canvas && this.worker ? canvas.transferControlToOffscreen() : canvas;
    this.tell({ monitor: { id, canvas: surface } }, () => this.painter.monitor(id, canvas), this.worker && surface ? [surface] : []);
  }

  /** Which parts they get from here on: [{ id, x, y, w, h }]. */
  monitors(parts) { this.tell({ monitors: parts }, () => this.painter.monitors(parts)); }

  tell(message, here, hand = []) {
    if (this.worker) this.worker.postMessage(message, hand);
    else here();
  }
}
