// Sound out and the microphone in. Both run in the browser's audio thread; this side only hands samples over.
import { Allowed, Capability, encode, Limits } from './wire.js';

export const capabilities = () =>
  (typeof AudioWorkletNode === 'undefined' ? 0 : Capability.audio | (navigator.mediaDevices?.getUserMedia ? Capability.microphone : 0));

const player = new URL('./audio-player.js', import.meta.url);
const recorder = new URL('./audio-recorder.js', import.meta.url);

export class Speaker {
  constructor({ changed }) {
    this.changed = changed;
    this.muted = false;
    this.streams = new Map();
  }

  async format({ stream, codec, channels, rate }) {
    this.stop(stream);
    if (codec !== 0 || channels < 1 || channels > 8 || rate < 8000 || rate > 192000) return;
    const context = new AudioContext({ sampleRate: rate, latencyHint: 'interactive' });
    const entry = { context, node: null, early: [] };
    this.streams.set(stream, entry);
    await context.audioWorklet.addModule(player);
    entry.node = new AudioWorkletNode(context, 'player', { numberOfInputs: 0, outputChannelCount: [Math.min(channels, 2)], processorOptions: { channels } });
    entry.node.connect(context.destination);
    for (const data of entry.early.splice(0)) entry.node.port.postMessage(data, [data]);
    this.changed();
  }

  play({ stream, data }) {
    const entry = this.streams.get(stream);
    if (!entry || this.muted) return;
    const copy = data.slice().buffer;
    if (entry.node) entry.node.port.postMessage(copy, [copy]);
    else if (entry.early.length < 20) entry.early.push(copy);
  }

  /** A browser lets sound begin only after the person did something. */
  gesture() {
    for (const { context } of this.streams.values()) if (context.state === 'suspended') context.resume();
  }

  mute(on) {
    this.muted = on;
    for (const { context } of this.streams.values()) if (on) context.suspend(); else context.resume();
    this.changed();
  }

  stop(stream) {
    this.streams.get(stream)?.context.close();
    this.streams.delete(stream);
  }

  stopAll() { for (const stream of [...this.streams.keys()]) this.stop(stream); }
}

export class Microphone {
  /** ask() answers whether the person agrees; changed(on) shows the mark; blocked() says that the browser refused. */
  constructor({ send, allowed, ask, changed, blocked }) { Object.assign(this, { send, allowed, ask, changed, blocked }); }

  async wanted({ on, channels, rate }) {
    this.stop();
    if (!on || !(this.allowed() & Allowed.microphone)) return;
    const turn = this.turn = {};
    if (!await this.ask() || turn !== this.turn) return;
    try {
      const input = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: channels, echoCancellation: true, noiseSuppression: true } });
      if (turn !== this.turn) { input.getTracks().forEach(track => track.stop()); return; }
      const context = new AudioContext({ sampleRate: rate });
      this.running = { input, context };
      await context.audioWorklet.addModule(recorder);
      const node = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0, channelCount: channels, channelCountMode: 'explicit', processorOptions: { channels, bytes: Math.min(Limits.microphone, rate * channels / 25) } });
      node.port.onmessage = ({ data }) => { if (turn === this.turn) this.send(encode.microphone(new Uint8Array(data))); };
      context.createMediaStreamSource(input).connect(node);
      this.changed(true);
    } catch (error) {
      console.info('The microphone could not be opened:', error.message);
      this.stop();
      this.blocked();
    }
  }

  stop() {
    this.turn = null;
    if (!this.running) return;
    this.running.input.getTracks().forEach(track => track.stop());
    this.running.context.close();
    this.running = null;
    this.changed(false);
  }
}
