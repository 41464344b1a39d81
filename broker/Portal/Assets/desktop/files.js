// Files both ways, a megabyte ahead of the other side at most, and printed documents.
import { Allowed, encode, Limits, UNKNOWN_SIZE, UPLOAD_BIT } from './wire.js';

const BACKLOG = 2 * 1024 * 1024;

/** A name the wire takes: 255 characters, no path. */
export const plainName = name => [...name.replaceAll(/[/\\\0]/g, '_')].slice(0, 255).join('') || 'ficheiro';

export class Files {
  /** changed(transfer) shows a transfer: { id, name, size, done, state, up, blob, document, words }. */
  constructor({ connection, allowed, changed, say, reasonOf, words }) {
    Object.assign(this, { connection, allowed, changed, say, reasonOf, words });
    this.transfers = new Map();
    this.queue = [];
    this.next = 1;
  }

  may(bit) { return (this.allowed() & bit) !== 0; }

  upload(files) {
    if (!this.may(Allowed.upload)) { this.say(this.words.uploadOff); return; }
    for (const file of files) this.queue.push({ id: (UPLOAD_BIT | this.next++) >>> 0, up: true, file, name: plainName(file.name), size: file.size, sent: 0, done: 0, state: 'waiting' });
    for (const waiting of this.queue) this.changed(waiting);
    this.startNext();
    if (this.queue.length) this.say(this.words.tooManyFiles);
  }

  startNext() {
    const running = [...this.transfers.values()].filter(t => t.up && t.state === 'running').length;
    for (const transfer of this.queue.splice(0, Math.max(0, Limits.files - running))) {
      transfer.state = 'running';
      this.transfers.set(transfer.id, transfer);
      this.connection.send(encode.fileOffer(transfer.id, transfer.size, transfer.name));
      this.changed(transfer);
    }
  }

  cancel(transfer) {
    this.queue = this.queue.filter(waiting => waiting !== transfer);
    if (this.transfers.has(transfer.id)) this.connection.send(encode.fileCancel(transfer.id));
    this.end(transfer, 'cancelled');
  }

  /** A new connection: what was under way is gone on the other side. */
  interrupted() {
    for (const transfer of this.transfers.values()) if (transfer.state === 'running') this.end(transfer, 'failed', this.words.lost);
    this.startNext();
  }

  take(message) {
    if (message.kind === 'fileOffer') { this.offered(message); return; }
    const transfer = this.transfers.get(message.file);
    if (!transfer || transfer.state !== 'running') return;
    switch (message.kind) {
      case 'fileAccepted': transfer.accepted = true; this.pump(transfer); break;
      case 'fileProgress': transfer.done = message.bytes; this.changed(transfer); this.pump(transfer); break;
      case 'fileChunk': this.chunk(transfer, message.data); break;
      case 'fileDone': this.finished(transfer); break;
      case 'fileRefused': this.end(transfer, 'failed', this.reasonOf(message.reason)); break;
    }
  }

  // INVARIANT: one pump a transfer, or chunks would overtake each other.
  async pump(transfer) {
    if (!transfer.accepted || transfer.pumping) return;
    transfer.pumping = true;
    try {
      while (transfer.state === 'running' && transfer.sent < transfer.size && transfer.sent < transfer.done + Limits.window) {
        const until = Math.min(transfer.size, transfer.sent + Limits.chunk, transfer.done + Limits.window);
        const bytes = new Uint8Array(await transfer.file.slice(transfer.sent, until).arrayBuffer());
        while (this.connection.backlog > BACKLOG) await new Promise(resolve => setTimeout(resolve, 20));
        if (transfer.state !== 'running') return;
        this.connection.send(encode.fileChunk(transfer.id, bytes));
        transfer.sent = until;
      }
      if (transfer.state === 'running' && transfer.sent === transfer.size && !transfer.told) {
        transfer.told = true;
        this.connection.send(encode.fileDone(transfer.id));
      }
    } catch (error) {
      // The file was changed or taken away while it was read.
      this.connection.send(encode.fileCancel(transfer.id));
      this.end(transfer, 'failed', error.message);
    } finally {
      transfer.pumping = false;
    }
  }

  offered({ file, document, size, name }) {
    const transfer = { id: file, up: false, document, name: plainName(name), size: size === UNKNOWN_SIZE ? null : size, done: 0, state: 'running', parts: [] };
    this.transfers.set(file, transfer);
    if (!this.may(document ? Allowed.print : Allowed.download)) {
      this.connection.send(encode.fileCancel(file));
      this.end(transfer, 'failed', this.words.downloadOff);
      return;
    }
    this.connection.send(encode.fileAccepted(file));
    this.changed(transfer);
  }

  chunk(transfer, data) {
    transfer.parts.push(data.slice());
    transfer.done += data.length;
    // Many small pieces cost a browser more than few large ones; a Blob may also leave the memory.
    if (transfer.parts.length > 256) transfer.parts = [new Blob(transfer.parts)];
    this.connection.send(encode.fileProgress(transfer.id, transfer.done));
    this.changed(transfer);
  }

  finished(transfer) {
    if (!transfer.up) {
      transfer.blob = new Blob(transfer.parts, { type: transfer.document ? 'application/pdf' : 'application/octet-stream' });
      transfer.parts = [];
    }
    this.end(transfer, 'done');
  }

  end(transfer, state, words = '') {
    Object.assign(transfer, { state, words });
    this.transfers.delete(transfer.id);
    this.changed(transfer);
    this.startNext();
  }
}
