// One desktop, as many sockets as the network makes necessary. A socket that closes without "Ended" has lost its network; the
// desktop goes on, so this connects again: with the resume token first, by a fresh launch when that no longer works.
import { SignInNeeded } from './launch.js';
import { decode, encode, FRAME, PROTOCOL } from './wire.js';

const PING_EVERY = 2000;
const SILENCE = 4500;          // ms without a word of the server until the network counts as gone
const NUDGED = 1500;           // the same after the device itself said that its network changed
const FIRST_WORD = 60_000;     // ms for the machine to answer at all, progress included
const RESUME_WITHIN = 30_000;  // as long as the server keeps the desktop
const GIVE_UP = 600_000;
const OPENINGS = 4;            // sockets refused although the portal answers,
const OPENING_WITHIN = 8000;   // for so long: then this gateway has no desktops for browsers
const DELAYS = [0, 250, 500, 1000, 2000, 3000];
const SETTLES = 2500;          // ms for the machine to say that the session is over, when it broke off without a word
const MOST_BREAKS = 3;         // of the machine within a minute

export class Connection {
  /**
   * hello() answers the parts of a Hello; launch(waiting, signal, returning) a ticket. heard: message(m), frame(buffer), state(name, more),
   * where name is asking, connecting, on, lost or over.
   */
  constructor({ address, hello, launch, heard, makeSocket = (url, protocol) => new WebSocket(url, protocol), now = () => performance.now() }) {
    Object.assign(this, { address, hello, launch, heard, makeSocket, now });
    this.phase = 'idle';
    this.token = '';
    this.socket = null;
    this.greeted = false;
    this.trips = [];
    this.late = [];
    this.breaks = [];
    this.returning = false;
  }

  get on() { return this.phase === 'on'; }

  start() {
    this.attempt = 0;
    this.lostAt = null;
    this.token = '';
    this.unopened = 0;
    this.returning = false;
    this.ask();
  }

  send(bytes) {
    if (this.phase !== 'on') return false;
    this.socket.send(bytes);
    return true;
  }

  /** Bytes that the network has not taken yet. */
  get backlog() { return this.socket?.bufferedAmount ?? 0; }

  /** The person leaves; the desktop stays as it is. */
  leave() {
    if (this.phase === 'on') this.socket.send(encode.bye());
    this.over({ left: true });
  }

  /** The device's network changed, or the page was asleep: find out quickly whether the socket still lives. */
  nudge() {
    if (this.phase === 'on') {
      this.ping();
      const asked = this.now();
      setTimeout(() => { if (this.phase === 'on' && this.heardAt < asked) this.lost(); }, NUDGED);
    } else if (this.phase === 'lost' && this.greeted) {
      // Its token or ticket is used: a second try now would cost a fresh launch. A browser tells one change by two events, too.
      const { socket } = this, asked = this.now();
      if (this.resuming) setTimeout(() => { if (this.socket === socket && this.phase === 'lost' && this.heardAt <= asked) this.lost(); }, SILENCE);
    } else if (this.phase === 'lost') {
      this.attempt = 0;
      clearTimeout(this.retry);
      this.again();
    }
  }

  /** This browser could not go on with the socket as it is. */
  restart() {
    if (this.phase === 'over') return;
    this.token = '';
    this.lost();
  }

  async ask() {
    this.enter(this.lostAt === null ? 'asking' : 'lost');
    const controller = this.asking = new AbortController();
    try {
      const answer = await this.launch(words => this.heard.state(this.lostAt === null ? 'asking' : 'lost', { waiting: words }), controller.signal, this.returning);
      if (controller.signal.aborted) return;
      if (answer.refused) this.over({ refused: answer.refused });
      else this.open(false, answer.ticket);
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error instanceof SignInNeeded) this.over({ signIn: true });
      else {
        // The portal cannot be reached either, so it is the network, and a resumption is worth another try.
        this.unopened = 0;
        this.lost(error.words);
      }
    }
  }

  open(resume, ticket) {
    this.enter(this.lostAt === null ? 'connecting' : 'lost');
    this.drop();
    const socket = this.socket = this.makeSocket(this.address, PROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.resuming = resume;
    this.heardAt = this.now();
    this.watch = setInterval(() => { if (this.now() - this.heardAt > FIRST_WORD) this.lost(); }, 1000);
    if (globalThis.navigator?.onLine !== false) this.unopened++;
    socket.onopen = () => {
      this.unopened = 0;
      if (resume) this.token = '';
      this.greeted = true;
      socket.send(encode.hello({ ...this.hello(), resume, ticket }));
    };
    socket.onmessage = ({ data }) => {
      this.heardAt = this.now();
      try {
        if (new Uint8Array(data, 0, 1)[0] === FRAME) this.heard.frame(data);
        else this.take(decode(data));
      } catch (error) {
        console.error('A message could not be understood:', error);
        this.lost();
      }
    };
    socket.onclose = () => this.lost();
  }

  take(message) {
    if (!message) return;
    switch (message.kind) {
      case 'welcome': {
        this.token = message.resumeToken;
        const returned = this.lostAt !== null;
        this.lostAt = null;
        this.attempt = 0;
        this.returning = false;
        this.drumbeat();
        this.heard.message(message);
        this.enter('on', { returned });
        return;
      }
      case 'pong': this.pong(message.value); return;
      case 'ended':
        if (message.mayResume && this.token) this.brokenOff(message);
        else if (this.resuming && this.phase !== 'on') { this.token = ''; this.lost(); }
        else this.over({ reason: message.reason, reference: message.reference });
        return;
      default: this.heard.message(message);
    }
  }

  // The session may well go on without this desktop of the gateway. Whoever signed out must not get a new one for it.
  brokenOff({ reason, reference }) {
    const now = this.now();
    this.breaks = [...this.breaks.filter(at => now - at < 60_000), now];
    if (this.breaks.length > MOST_BREAKS) { this.over({ reason, reference }); return; }
    this.token = '';
    this.returning = true;
    this.lost(undefined, SETTLES);
  }

  lost(words, wait = null) {
    if (this.phase === 'over') return;
    this.drop();
    const first = this.lostAt === null;
    this.lostAt ??= this.now();
    if (first) this.attempt = 0;
    const gone = this.now() - this.lostAt;
    if (this.unopened >= OPENINGS && gone > OPENING_WITHIN) { this.over({ unavailable: true }); return; }
    if (gone > GIVE_UP) { this.over({ refused: words ?? null, gaveUp: true }); return; }
    this.enter('lost', { words });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.again(), wait ?? DELAYS[Math.min(this.attempt++, DELAYS.length - 1)]);
  }

  again() {
    if (this.phase !== 'lost') return;
    this.asking?.abort();
    if (this.token && this.unopened < 2 && this.now() - this.lostAt < RESUME_WITHIN) this.open(true, this.token);
    else this.ask();
  }

  over(why) {
    this.drop();
    clearTimeout(this.retry);
    this.asking?.abort();
    this.enter('over', why);
  }

  drop() {
    clearInterval(this.watch);
    const { socket } = this;
    this.socket = null;
    this.greeted = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  enter(phase, more = {}) {
    this.phase = phase;
    this.heard.state(phase, more);
  }

  // A frozen page gets its timers late; that says nothing about the network, so the clock starts anew.
  drumbeat() {
    clearInterval(this.watch);
    let beat = this.now();
    this.waiting = new Map();
    this.watch = setInterval(() => {
      const now = this.now();
      if (now - beat > SILENCE) this.heardAt = now;
      beat = now;
      if (now - this.heardAt > SILENCE) this.lost();
      else this.ping();
    }, PING_EVERY);
    this.phase = 'on';
    this.ping();
  }

  ping() {
    const value = Math.floor(this.now()) >>> 0;
    for (const [sent, at] of this.waiting) if (this.now() - at > SILENCE) { this.waiting.delete(sent); this.note(null); }
    this.waiting.set(value, this.now());
    this.socket?.send(encode.ping(value));
  }

  pong(value) {
    const at = this.waiting?.get(value);
    if (at === undefined) return;
    this.waiting.delete(value);
    this.note(this.now() - at);
  }

  // A socket hides the loss of packets; what can be seen is answers that come late because something was sent again.
  note(trip) {
    if (trip !== null) { this.trips.push(trip); if (this.trips.length > 30) this.trips.shift(); }
    const usual = Math.min(...this.trips, 10_000);
    this.late.push(trip === null || trip > usual * 2 + 200 ? 1 : 0);
    if (this.late.length > 30) this.late.shift();
  }

  /** Round trip in ms and the share of late answers; null before the first answer. */
  get measured() {
    if (!this.trips.length) return null;
    const sorted = [...this.trips].sort((a, b) => a - b);
    return { trip: sorted[Math.floor(sorted.length / 2)], late: this.late.reduce((a, b) => a + b, 0) / this.late.length };
  }
}
