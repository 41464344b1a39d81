// The page of one desktop: joins the parts. Each part is in a file of its own and knows nothing of the others.
import { capabilities as audioCapabilities, Microphone, Speaker } from './audio.js';
import { Clipboard } from './clipboard.js';
import { Connection } from './connection.js';
import { Files } from './files.js';
import { Keyboard } from './keyboard.js';
import { guessLayout } from './layouts.js';
import { launch } from './launch.js';
import { around } from './layout.js';
import { Menu } from './menu.js';
import { Monitors } from './monitors.js';
import { ask, byId, cover, element, fill, reasonNamed, reasonOf, say, settings, stopAsking, words } from './page.js';
import { OnScreen, placePicture } from './on-screen.js';
import { OtherPointer } from './other-pointer.js';
import { Pointer } from './pointer.js';
import { Screen } from './screen.js';
import { canDecode } from './video.js';
import { View } from './view.js';
import { Allowed, Capability, encode, Limits, Notice } from './wire.js';

const canvas = byId('screen'), stage = byId('stage'), field = byId('typing');
const mac = /Mac|iP(hone|ad|od)/.test(navigator.platform);
const touch = matchMedia('(any-pointer: coarse)').matches;
const memory = name => localStorage.getItem(`montalegre.${name}`);
const remember = (name, value) => localStorage.setItem(`montalegre.${name}`, value);

let allowed = 0;
let welcomed = false;
let videoFailed = false;
let failures = [];
let decodesVideo = false;
let layout = 0;
let focusToTell = true;
let toldVisible = true;
let status = { quality: 0, roundTrip: null, frames: null, kilobytes: null };
let request = crypto.randomUUID();

const view = new View();
const send = bytes => connection.send(bytes);
const focusDesktop = () => {
  const further = monitors.focused?.canvas;
  if (further) further.focus({ preventScroll: true }); else onScreen.focusDesktop();
};

const screen = new Screen(canvas, {
  drawn: frame => send(encode.ack(frame)),
  failed: ({ message, video }) => {
    console.error('The picture could not be drawn:', message);
    videoFailed ||= video;
    failures = [...failures.filter(at => performance.now() - at < 60_000), performance.now()];
    if (failures.length > 3) { connection.over({ refused: { sentence: words.screenFailed, detail: words.stillOpen } }); return; }
    say(words.screenFailed);
    connection.restart();
  },
});

const keyboard = new Keyboard({
  mac,
  send: key => send(encode.key(key)),
  leave: () => menu.open(),
  paste: () => clipboard.beforeKey(),
  locks: event => tellFocus(event),
});
const menu = new Menu({ focusDesktop, opened: () => keyboard.releaseAll() });
const pointer = new Pointer({
  stage, canvas, view, send,
  placed: place,
  under: event => monitors.all.length ? monitors.under(event) : null,
  touched: event => { tellFocus(event); speaker.gesture(); if (menu.isOpen && innerWidth < 700) menu.close(); focusDesktop(); },
  held: () => navigator.vibrate?.(15),
});
const monitors = new Monitors({
  view, screen, send, say, words, listen,
  placed: place,
  changed: () => { resizeSoon(); tellVisible(); menu.monitors(monitors); },
  touched: event => { tellFocus(event); speaker.gesture(); },
  fullScreen: toggleFullScreen,
  opened: () => menu.close(),
});
const other = new OtherPointer({ element: byId('other-pointer'), view });
const onScreen = new OnScreen({ canvas, keyboard, text: writeText, may: () => true, changed: () => measure(), focused: () => { if (!cover.shown) focusDesktop(); } });
const clipboard = new Clipboard({
  send, say, words, field, focusDesktop, allowed: () => allowed,
  offered: waiting => { byId('copy-here').hidden = !waiting; },
});
const speaker = new Speaker({ changed: () => menu.press('sound', !speaker.muted, [words.soundOff, words.soundOn]) });
const microphone = new Microphone({
  send, allowed: () => allowed,
  ask: () => ask(words.microphoneAsk, [[words.microphoneAllow, true], [words.microphoneDeny, false]]),
  changed: on => { byId('microphone-stop').hidden = !on; mark('microphone', on && words.microphoneOn); },
  blocked: () => say(words.microphoneBlocked),
});

const connection = new Connection({
  address: `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/desktop/socket`,
  launch: (waiting, signal, returning) => launch({ ...settings, request, returning, waiting, signal }),
  hello: () => {
    // The place in the queue was for this launch; the next one is a new one.
    request = crypto.randomUUID();
    const { scale, width: own, height: high, further } = monitors.wanted();
    const { width, height } = around([{ x: 0, y: 0, w: own, h: high }, ...further]);
    return {
      width, height, scale, layout, language: settings.language, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? '',
      cacheSlots: touch ? 1024 : Limits.cacheSlots,
      capabilities: Capability.zstd | audioCapabilities() | (touch ? Capability.touch : 0) | (decodesVideo && !videoFailed ? Capability.h264 : 0),
    };
  },
  heard: { frame: buffer => screen.frame(buffer), message: hear, state: showState },
});
const files = new Files({
  connection, words, say, allowed: () => allowed,
  reasonOf: number => reasonOf(number).sentence,
  changed: transfer => menu.transfer(transfer, () => files.cancel(transfer)),
});

const heard = {
  welcome(message) {
    allowed = message.allowed;
    welcomed = true;
    focusToTell = true;
    asked = '';
    screen.start(message.width, message.height);
    monitors.sized(message);
    menu.allow(allowed);
    menu.monitors(monitors);
    files.interrupted();
    microphone.stop();
    speaker.stopAll();
    stopAsking();
    mark('assist', '');
    other.hide();
    toldVisible = true;
    tellVisible();
  },
  resize(message) { screen.resize(message.width, message.height); monitors.sized(message); },
  monitors(message) { monitors.allow(message); menu.monitors(monitors); },
  pointer: showPointer,
  pointerHidden: showPointer,
  pointerDefault: showPointer,
  pointerAt: message => other.at(message.x, message.y),
  clipboardOffer: message => clipboard.offer(message),
  clipboardData: message => clipboard.arrived(message),
  audioFormat: message => speaker.format(message).catch(error => console.info('Sound cannot be played here:', error.message)),
  audio: message => speaker.play(message),
  microphoneWanted: message => microphone.wanted(message),
  status(message) { status = message; showQuality(); },
  notice: hearNotice,
  keyboardState: () => undefined,
};

function hear(message) {
  if (message.kind.startsWith('file')) files.take(message);
  else heard[message.kind]?.(message);
}

function showPointer(message) {
  pointer.show(message);
  monitors.showCursor(canvas.style.cursor);
}

function hearNotice({ code, text }) {
  const progress = { [Notice.connecting]: words.connecting, [Notice.signingIn]: words.signingIn, [Notice.waitingForPicture]: words.waitingForPicture }[code];
  if (progress) { if (!connection.on) showState(welcomed ? 'lost' : 'connecting', { progress }); return; }
  switch (code) {
    case Notice.askLook: consent(words.assistLook, text); break;
    case Notice.askControl: consent(words.assistControl, text); break;
    case Notice.looking: showAssistance(fill(words.assistLooking, text)); break;
    case Notice.controlling: showAssistance(fill(words.assistControlling, text)); break;
    case Notice.nobody: endAssistance(); break;
    case Notice.message: say(text, [['OK', () => undefined]]); break;
  }
}

let assistance = '';    // asked, allowed, or shown

async function consent(question, text) {
  keyboard.releaseAll();
  pointer.releaseAll();
  const [who, why, number] = text.split('\n');
  assistance = 'asked';
  const answer = await ask(`${fill(question, who)}${why ? `\n${fill(words.assistWhy, why)}` : ''}`, [[words.assistYes, 1], [words.assistNo, 0]]);
  if (answer === null) return;
  assistance = answer ? 'allowed' : '';
  send(encode.consent(answer, Number(number)));
}

function showAssistance(text) {
  assistance = 'shown';
  stopAsking();
  mark('assist', text, true);
}

function endAssistance() {
  const was = assistance;
  assistance = '';
  stopAsking();
  mark('assist', '');
  other.hide();
  if (was) say(was === 'asked' ? words.assistWithdrawn : words.assistOver);
}

// A mark that stays in sight: somebody looks, or the microphone is on.
function mark(name, text, canEnd = false) {
  byId(`mark-${name}`)?.remove();
  if (!text) return;
  const made = element('span', text, { id: `mark-${name}` });
  if (canEnd) {
    const end = element('button', words.assistStop, { type: 'button', className: 'bar-button' });
    end.addEventListener('click', () => send(encode.consent(2)));
    made.append(' ', end);
  }
  byId('marks').append(made);
}

function showState(phase, more) {
  const title = byId('cover-title').dataset.connecting;
  byId('bar').hidden = phase !== 'on' && !welcomed;
  monitors.cover(phase === 'on' ? '' : words.reconnecting);
  switch (phase) {
    case 'asking':
      cover.show({ title, sentence: more.waiting?.reason ?? words.asking, place: more.waiting?.place ?? '', help: more.waiting?.estimate ?? '', codes: more.waiting && { code: more.waiting.code }, walking: true });
      break;
    case 'connecting':
      cover.show({ title, sentence: more.progress ?? words.connecting, walking: true });
      break;
    case 'on':
      cover.hide();
      if (more.returned) say(words.back);
      focusDesktop();
      resizeSoon();
      showQuality();
      break;
    case 'lost':
      keyboard.releaseAll();
      cover.show({
        title: welcomed ? words.lost : title, sentence: welcomed ? words.stillOpen : more.progress ?? words.reconnecting, walking: true, overPicture: welcomed,
        place: more.waiting?.place ?? '', help: navigator.onLine ? more.waiting?.reason ?? more.words?.sentence ?? more.progress ?? words.reconnecting : words.offline, codes: more.words,
      });
      break;
    case 'over': showEnd(more); break;
  }
}

function showEnd({ left, signIn, unavailable, refused, reason, reference }) {
  monitors.closeAll();
  microphone.stop();
  speaker.stopAll();
  stopAsking();
  byId('menu').hidden = true;
  byId('bar').hidden = true;
  byId('keys').hidden = true;
  if (left) cover.show({ title: words.leftTitle, sentence: words.leftHelp, again: true });
  else if (signIn) cover.show({ title: words.endTitle, sentence: words.signInOver, signIn: true });
  else {
    const why = refused ?? (unavailable ? reasonNamed('BROWSER_DESKTOP_UNAVAILABLE') : { ...reasonOf(reason), reference });
    cover.show({ title: words.endTitle, sentence: why.sentence ?? words.lost, help: why.detail ?? '', codes: why, again: true });
  }
  welcomed = false;
}

function showQuality() {
  const measured = connection.measured;
  const own = measured ? (measured.late > 0.2 || measured.trip > 250 ? 3 : measured.late > 0.05 || measured.trip > 100 ? 2 : 1) : 0;
  menu.quality({
    quality: Math.max(own, status.quality ?? 0), trip: measured?.trip ?? status.roundTrip, late: measured?.late ?? null,
    frames: status.frames, kilobytes: status.kilobytes,
  });
}

// --- Where the picture is ---

// The picture is the whole desktop; what other windows show of it is cut off here.
function place() { placePicture(canvas, view, other, monitors.desktop); }

let resizing = 0;
let asked = '';

function measure() {
  onScreen.fit(stage, view);
  place();
  if (onScreen.isTyping) { view.show(pointer.last.x, pointer.last.y); place(); }
  else resizeSoon();
}

function resizeSoon() {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    const several = monitors.all.length > 0 || monitors.asked.length > 1;
    if (!connection.on || !(allowed & Allowed.resize) || (view.mode === 'fixed' && !several) || onScreen.isTyping) return;
    const wanted = monitors.wanted();
    const { width, height, scale, further } = wanted;
    const now = JSON.stringify(wanted);
    if (now === asked || (!asked && !several && width === view.desktop.width && height === view.desktop.height && scale === 100)) return;
    asked = now;
    monitors.ask(wanted);
    send(encode.resize(width, height, scale, further));
  }, 300);
}

addEventListener('resize', measure);
visualViewport?.addEventListener('resize', measure);

// --- Keyboard, focus, visibility ---

function tellFocus(event) {
  if (!focusToTell || !connection.on || !event.getModifierState) return;
  focusToTell = false;
  const locks = (event.getModifierState('ScrollLock') ? 1 : 0) | (event.getModifierState('NumLock') ? 2 : 0) | (event.getModifierState('CapsLock') ? 4 : 0);
  send(encode.focus(true, locks));
}

// Letters that stand on a key of the layout arrive as they are; the rest goes by way of the clipboard where that is allowed.
const ON_KEYS = /^[\x20-\x7E]*$/;

function writeText(text) {
  if ((allowed & Allowed.text) || ON_KEYS.test(text) || !(allowed & Allowed.paste)) for (const message of encode.texts(text)) send(message);
  else clipboard.give(text).then(() => keyboard.chord('ControlLeft', 'KeyV'));
}

/** Keys, focus and dropped files of one window: this page's own, or a further monitor's. */
function listen(win, canvas, field, drop) {
  onScreen.listen(canvas, field);
  win.addEventListener('blur', () => { keyboard.releaseAll(); pointer.releaseAll(); send(encode.focus(false, 0)); focusToTell = true; });
  win.addEventListener('focus', () => { focusToTell = true; clipboard.here(field); clipboard.onFocus(); });
  win.document.addEventListener('visibilitychange', () => {
    tellVisible();
    if (!win.document.hidden) connection.nudge();
  });
  takeDrops(win, drop);
  if (win.document.hasFocus()) clipboard.here(field);
}

// One window that is seen is enough for the picture to go on.
function tellVisible() {
  const visible = !document.hidden || monitors.anyVisible;
  if (visible === toldVisible) return;
  toldVisible = visible;
  send(encode.visible(visible));
}

listen(window, canvas, field, byId('drop'));
addEventListener('online', () => connection.nudge());
addEventListener('offline', () => connection.nudge());
navigator.connection?.addEventListener?.('change', () => connection.nudge());
addEventListener('pageshow', event => { if (event.persisted) connection.nudge(); });
setInterval(showQuality, 2000);

// --- The menu's controls ---

function zoom(factor) {
  const { width, height } = view.window;
  if (factor) view.zoomBy(factor, width / 2, height / 2); else view.zoom = 1;
  place();
}

const on = (id, act) => byId(id).addEventListener('click', act);
on('keyboard-toggle', () => { const wanted = !onScreen.typingWanted; menu.close(); onScreen.wantTyping(wanted); });
on('keys-toggle', () => onScreen.wantKeys(byId('keys').hidden));
on('zoom-in', () => zoom(1.25));
on('zoom-out', () => zoom(0.8));
on('zoom-reset', () => zoom(0));
on('paste-here', () => clipboard.paste());
on('copy-here', () => clipboard.copy());
on('upload', () => byId('upload-files').click());
byId('upload-files').addEventListener('change', ({ target }) => { files.upload(target.files); target.value = ''; });
on('sound', () => speaker.mute(!speaker.muted));
on('microphone-stop', () => microphone.stop());
on('leave', event => { event.preventDefault(); connection.leave(); });
on('cover-again', () => { request = crypto.randomUUID(); connection.start(); });
on('full-screen', () => toggleFullScreen(window));
on('add-monitor', () => monitors.add());
on('close-monitors', () => monitors.closeAll());
for (const button of document.querySelectorAll('[data-combination]')) button.addEventListener('click', () => { keyboard.chord(...button.dataset.combination.split(' ')); menu.close(); });

async function toggleFullScreen(win) {
  const { document, navigator } = win;
  if (document.fullscreenElement) { await document.exitFullscreen(); return; }
  if (!document.documentElement.requestFullscreen) { say(words.fullScreenBlocked); return; }
  try {
    await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
    // Where the browser can, Escape and the Windows key then reach the desktop too; Escape held down still leaves.
    await navigator.keyboard?.lock?.();
    menu.close();
  } catch (error) {
    console.info('Full screen was refused:', error.message);
    say(words.fullScreenBlocked);
  }
}
document.addEventListener('fullscreenchange', () => menu.press('full-screen', Boolean(document.fullscreenElement), [words.leaveFullScreen, words.fullScreen]));

byId('size').value = view.mode = memory('size') ?? 'fit';
byId('size').addEventListener('change', ({ target }) => { view.mode = target.value; view.zoom = 1; remember('size', target.value); measure(); });
byId('layout').value = memory('layout') ?? '';
byId('layout').addEventListener('change', ({ target }) => { remember('layout', target.value); chooseLayout(); });
async function chooseLayout() { layout = Number(memory('layout')) || await guessLayout(settings.language); }

// --- Files dropped on the desktop ---

function carriesFiles(event) { return event.dataTransfer?.types.includes('Files'); }
function takeDrops(win, drop) {
  win.addEventListener('dragover', event => { if (!carriesFiles(event)) return; event.preventDefault(); drop.hidden = !connection.on; });
  win.addEventListener('dragleave', event => { if (!event.relatedTarget) drop.hidden = true; });
  win.addEventListener('drop', event => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.hidden = true;
    const items = [...event.dataTransfer.items];
    const folders = items.some(item => item.webkitGetAsEntry?.()?.isDirectory);
    if (folders) say(words.noFolders);
    files.upload([...event.dataTransfer.files].filter((_, i) => !items[i]?.webkitGetAsEntry?.()?.isDirectory));
  });
}

// --- Beginning ---

measure();
[decodesVideo] = await Promise.all([canDecode(), chooseLayout()]);
if (typeof DecompressionStream === 'undefined') cover.show({ title: words.endTitle, sentence: words.tooOld });
else if (settings.byItself) connection.start();
else cover.show({ title: document.querySelector('h1').textContent, sentence: words.pressToOpen, again: true, againText: words.open });
