// H.264 units in, pictures out, one decoder a surface. Units of one decoder come out in the order they went in.

const PATIENCE = 3000;

/** "avc1.PPCCLL" from the sequence parameter set of an Annex B unit; null when it has none. */
export function codecOf(unit) {
  for (let i = 0; i + 6 < unit.length; i++)
    if (unit[i] === 0 && unit[i + 1] === 0 && unit[i + 2] === 1 && (unit[i + 3] & 0x1F) === 7)
      return `avc1.${[unit[i + 4], unit[i + 5], unit[i + 6]].map(byte => byte.toString(16).padStart(2, '0')).join('')}`;
  return null;
}

/** Whether this browser decodes H.264 by itself. */
export async function canDecode() {
  if (typeof VideoDecoder === 'undefined') return false;
  try {
    return (await VideoDecoder.isConfigSupported({ codec: 'avc1.640028', codedWidth: 1920, codedHeight: 1080, optimizeForLatency: true })).supported === true;
  } catch (error) {
    console.info('H.264 is not asked for:', error.message);
    return false;
  }
}

class VideoError extends Error { video = true; }

class Decoder {
  constructor(codec) {
    this.waiting = new Map();
    this.next = 0;
    this.decoder = new VideoDecoder({
      output: picture => {
        const wait = this.waiting.get(picture.timestamp);
        if (!wait) { picture.close(); return; }
        this.waiting.delete(picture.timestamp);
        wait.done(picture);
      },
      error: error => this.fail(error),
    });
    this.decoder.configure({ codec, optimizeForLatency: true });
  }

  decode(op) {
    const timestamp = this.next++;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.fail(new Error('the decoder gave no picture')), PATIENCE);
      this.waiting.set(timestamp, {
        done: picture => { clearTimeout(late); resolve(picture); },
        failed: error => { clearTimeout(late); reject(error); },
      });
      try { this.decoder.decode(new EncodedVideoChunk({ type: op.key ? 'key' : 'delta', timestamp, data: op.data })); }
      catch (error) { this.fail(error); }
    });
  }

  fail(error) {
    for (const wait of this.waiting.values()) wait.failed(new VideoError(error.message));
    this.waiting.clear();
  }

  close() {
    if (this.decoder.state !== 'closed') this.decoder.close();
    this.fail(new Error('the decoder was closed'));
  }
}

export class Decoders {
  constructor() { this.byId = new Map(); }

  async decode(op) {
    let decoder = this.byId.get(op.decoder);
    if (!decoder) {
      const codec = codecOf(op.data);
      if (!codec) throw new VideoError('the first unit of a decoder has no sequence parameter set');
      this.byId.set(op.decoder, decoder = new Decoder(codec));
    }
    return await decoder.decode(op);
  }

  // Units that are still in it come out first: what follows in the same frame may need them.
  end(id) {
    const decoder = this.byId.get(id);
    if (!decoder) return;
    this.byId.delete(id);
    decoder.decoder.flush().catch(() => undefined).then(() => decoder.close());
  }

  close() {
    for (const decoder of this.byId.values()) decoder.close();
    this.byId.clear();
  }
}
