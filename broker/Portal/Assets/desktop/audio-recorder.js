// In the audio thread: the microphone as 16 bit samples, in pieces of about 20 ms.

class Recorder extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.channels = processorOptions.channels;
    this.size = Math.max(this.channels, Math.floor(processorOptions.bytes / 2 / this.channels) * this.channels);
    this.start();
  }

  start() {
    this.piece = new Int16Array(this.size);
    this.at = 0;
  }

  process([input]) {
    if (!input.length) return true;
    for (let i = 0; i < input[0].length; i++) {
      for (let c = 0; c < this.channels; c++) {
        const sample = input[Math.min(c, input.length - 1)][i];
        this.piece[this.at++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
      }
      if (this.at >= this.size) {
        this.port.postMessage(this.piece.buffer, [this.piece.buffer]);
        this.start();
      }
    }
    return true;
  }
}

registerProcessor('recorder', Recorder);
