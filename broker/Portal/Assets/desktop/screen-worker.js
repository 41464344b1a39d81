// Draws in its own thread, so that a large picture never holds up a key.
import { Painter } from './painter.js';

let painter = null;

addEventListener('message', ({ data }) => {
  try {
    if (data.canvas) painter = new Painter(data.canvas, { drawn: id => postMessage({ drawn: id }), failed: why => postMessage({ failed: why }) });
    else if (data.frame) painter.frame(data.frame);
    else if (data.monitors) painter.monitors(data.monitors);
    else if (data.monitor) painter.monitor(data.monitor.id, data.monitor.canvas);
    else if (data.start) painter.start(data.start.width, data.start.height);
    else if (data.resize) painter.resize(data.resize.width, data.resize.height);
  } catch (error) {
    postMessage({ failed: { message: String(error), video: false } });
  }
});
