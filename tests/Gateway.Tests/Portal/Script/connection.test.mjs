import assert from 'node:assert/strict';
import test from 'node:test';
import { Connection } from '../../../../broker/Portal/Assets/desktop/connection.js';
import { events } from '../../../../broker/Portal/Assets/desktop/launch.js';

class FakeSocket {
  static all = [];
  sent = [];
  bufferedAmount = 0;
  constructor(address, protocol) { Object.assign(this, { address, protocol }); FakeSocket.all.push(this); }
  send(bytes) { this.sent.push([...bytes]); }
  close() { this.closed = true; }
  opens() { this.onopen(); return this; }
  says(...bytes) { this.onmessage({ data: Uint8Array.from(bytes).buffer }); return this; }
}

const welcome = token => [0x01, 1, 0, 0, 5, 32, 3, 0, 0, 0, 0, 2, 0, 16, token.length, ...[...token].map(c => c.charCodeAt(0)), 0];
const ended = (reason, mayResume) => [0x1F, reason, 0, mayResume, 0];
const turn = ms => new Promise(resolve => setTimeout(resolve, ms ?? 1));
const until = async fact => { for (let turns = 0; turns < 3000 && !fact(); turns++) await turn(10); };

function desk({ tickets = ['t1', 't2', 't3'] } = {}) {
  FakeSocket.all = [];
  const states = [];
  let clock = 0;
  const desk = { states, launches: 0, returning: [], clock: value => { clock = value; }, get socket() { return FakeSocket.all.at(-1); } };
  desk.connection = new Connection({
    address: 'wss://here/desktop/socket', now: () => clock,
    makeSocket: (address, protocol) => new FakeSocket(address, protocol),
    hello: () => ({ width: 800, height: 600, scale: 100, layout: 0x816, capabilities: 2, cacheSlots: 0, language: 'pt-PT', timeZone: '' }),
    launch: async (waiting, signal, returning) => { desk.launches++; desk.returning.push(returning); const ticket = tickets.shift(); if (ticket instanceof Error) throw ticket; return typeof ticket === 'string' ? { ticket } : ticket; },
    heard: { message: () => undefined, frame: () => undefined, state: (name, more) => states.push(name + (more.returned ? ' returned' : '')) },
  });
  desk.connect = async () => {
    desk.connection.start();
    await turn();
    desk.socket.opens().says(...welcome('r1'));
  };
  desk.done = () => desk.connection.over({ left: true });
  return desk;
}

test('The ticket is in the first message and in no address', async () => {
  const d = desk();
  d.connection.start();
  await turn();
  d.socket.opens();
  assert.ok(!d.socket.address.includes('t1'));
  assert.equal(d.socket.protocol, 'montalegre.desktop.1');
  assert.deepEqual(d.socket.sent[0].slice(0, 7), [0x81, 1, 0, 0, 2, 0x74, 0x31]);
  d.done();
});

test('A socket that breaks is opened again with the resume token, once', async () => {
  const d = desk();
  await d.connect();
  d.socket.onclose();
  await turn(5);
  assert.equal(FakeSocket.all.length, 2);
  d.socket.opens();
  assert.deepEqual(d.socket.sent[0].slice(3, 7), [1, 2, 0x72, 0x31]);
  d.socket.says(...welcome('r2'));
  assert.deepEqual(d.states.slice(-1), ['on returned']);
  assert.equal(d.launches, 1);
  d.done();
});

test('A network that comes back and says so twice is one resumption', async () => {
  const d = desk();
  await d.connect();
  d.socket.onclose();
  d.connection.nudge();
  const resumed = d.socket.opens();
  d.connection.nudge();
  await turn(5);
  assert.equal(d.socket, resumed);
  assert.ok(!resumed.closed);
  resumed.says(...welcome('r2'));
  assert.deepEqual(d.states.slice(-1), ['on returned']);
  assert.equal(d.launches, 1);
  d.done();
});

test('A resumption that stays without a word after the network changed again is given up', async () => {
  const d = desk();
  await d.connect();
  d.socket.onclose();
  d.connection.nudge();
  d.socket.opens();
  d.connection.nudge();
  await until(() => d.launches === 2);
  assert.equal(d.launches, 2);
  d.done();
});

test('A resume that is refused becomes a fresh launch', async () => {
  const d = desk();
  await d.connect();
  d.socket.onclose();
  await turn(5);
  d.socket.opens().says(...ended(42, 0));
  await turn(400);
  assert.equal(d.launches, 2);
  assert.deepEqual(d.socket.opens().sent[0].slice(3, 7), [0, 2, 0x74, 0x32]);
  d.done();
});

test('An end with a reason is an end, and nothing is tried again', async () => {
  const d = desk();
  d.connection.start();
  await turn();
  d.socket.opens().says(...welcome('r1')).says(...ended(87, 0));
  await turn(20);
  assert.equal(d.states.at(-1), 'over');
  assert.equal(FakeSocket.all.length, 1);
});

test('A machine that broke off is come back to by a fresh launch, for the session that is there only, and not for ever', async () => {
  const d = desk({ tickets: ['t1', 't2', 't3', 't4'] });
  d.connection.start();
  await turn();
  for (let i = 1; i <= 3; i++) {
    d.socket.opens().says(...welcome('r1')).says(...ended(88, 1));
    await turn(20);
    assert.equal(d.launches, i);
    await turn(2700);
    assert.equal(d.launches, i + 1);
    assert.deepEqual(d.returning.slice(-1), [true]);
  }
  d.socket.opens().says(...welcome('r1')).says(...ended(88, 1));
  await turn(20);
  assert.equal(d.states.at(-1), 'over');
});

test('Silence of the server is a lost network', async () => {
  const d = desk();
  await d.connect();
  const first = d.socket;
  d.clock(3000);
  await turn(2100);
  d.clock(5000);
  await turn(2100);
  assert.equal(first.closed, true);
  assert.ok(d.states.includes('lost'));
  d.done();
});

test('A portal that cannot be reached is asked again; a refusal is not', async () => {
  const d = desk({ tickets: [new Error('no network'), { refused: { code: 'POOL_FULL', sentence: 'x' } }] });
  d.connection.start();
  await turn(20);
  assert.equal(d.launches, 2);
  assert.equal(d.states.at(-1), 'over');
});

test('Events are read however the network cuts them', async () => {
  const text = 'event: waiting\ndata: {"a":"é"}\n\nevent: ready\ndata: {"ticket":"x"}\n\n';
  const raw = new TextEncoder().encode(text);
  const cut = new ReadableStream({ start(c) { for (const byte of raw) c.enqueue(Uint8Array.of(byte)); c.close(); } });
  const read = [];
  for await (const one of events(cut)) read.push(one);
  assert.deepEqual(read, [{ event: 'waiting', data: '{"a":"é"}' }, { event: 'ready', data: '{"ticket":"x"}' }]);
});
