// In the audio thread: plays what arrives, a little behind, so that a late packet is not heard.

const START = 0.06;  // seconds kept back before it plays
const MOST = 0.3;    // seconds of delay at most; older sound is dropped

class Player extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.channels = processorOptions.channels;
    this.ring = new Int16Array(Math.ceil(sampleRate * 2) * this.channels);
    this.read = 0;
    this.write = 0;
    this.playing = false;
    this.port.onmessage = ({ data }) => this.take(new Int16Array(data, 0, data.byteLength >> 1));
  }

  get waiting() { return (this.write - this.read) / this.channels; }

  take(samples) {
    const count = samples.length - samples.length % this.channels;
    for (let i = 0; i < count; i++) this.ring[this.write++ % this.ring.length] = samples[i];
    const most = Math.floor(sampleRate * MOST);
    if (this.waiting > most) this.read = this.write - most * this.channels;
    if (this.waiting >= sampleRate * START) this.playing = true;
  }

  process(inputs, [output]) {
    const frames = output[0].length;
    for (let i = 0; i < frames; i++) {
      if (!this.playing || this.waiting < 1) { this.playing = false; break; }
      for (let c = 0; c < output.length; c++) output[c][i] = this.ring[(this.read + Math.min(c, this.channels - 1)) % this.ring.length] / 32768;
      this.read += this.channels;
    }
    return true;
  }
}

registerProcessor('player', Player);
