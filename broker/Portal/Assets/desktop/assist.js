// The page of an administrator who was allowed to see somebody's desktop. What it may do is decided by the gateway, not here.
import { Keyboard } from './keyboard.js';
import { OnScreen, placePicture } from './on-screen.js';
import { OtherPointer } from './other-pointer.js';
import { byId, cover, reasonOf, say, settings, words } from './page.js';
import { Pointer } from './pointer.js';
import { Screen } from './screen.js';
import { canDecode } from './video.js';
import { View } from './view.js';
import { Allowed, Capability, decode, encode, FRAME, Limits, Notice, PROTOCOL } from './wire.js';

const canvas = byId('screen'), stage = byId('stage'), bar = byId('assist-bar');
// Good for one opening only, and gone from the page as soon as it is read.
const ticket = document.body.dataset.ticket;
delete document.body.dataset.ticket;

let socket = null;
let control = false;
let open = false;

const view = new View();
view.mode = 'fixed';        // the person's screen keeps its size; the picture is scaled to this window
const tell = bytes => { if (open) socket.send(bytes); };
const steer = bytes => { if (control) tell(bytes); };

const screen = new Screen(canvas, {
  drawn: frame => tell(encode.ack(frame)),
  failed: ({ message }) => {
    console.error('The picture could not be drawn:', message);
    finish({ sentence: words.screenFailed });
  },
});
const other = new OtherPointer({ element: byId('other-pointer'), view });
const keyboard = new Keyboard({ mac: /Mac|iP(hone|ad|od)/.test(navigator.platform), send: key => steer(encode.key(key)), leave: () => byId('assist-end').focus() });
const pointer = new Pointer({ stage, canvas, view, send: steer, placed: place, touched: () => onScreen.focusDesktop(), held: () => navigator.vibrate?.(15) });

const onScreen = new OnScreen({
  canvas, keyboard, may: () => control, changed: () => measure(), focused: () => onScreen.focusDesktop(),
  text: text => { for (const message of encode.texts(text)) steer(message); },
});
onScreen.listen(canvas, byId('typing'));

function place() { placePicture(canvas, view, other); }

function measure() {
  stage.style.top = `${bar.offsetHeight}px`;
  onScreen.fit(stage, view);
  place();
  if (onScreen.isTyping) { view.show(pointer.last.x, pointer.last.y); place(); }
}

const heard = {
  welcome({ width, height, allowed, title }) {
    open = true;
    control = (allowed & Allowed.control) !== 0;
    byId('assist-name').textContent = `${words.assistTitle}: ${title}`;
    byId('assist-mode').textContent = control ? words.assistMayControl : words.assistLookOnly;
    document.title = `${words.assistTitle}: ${title}`;
    byId('keyboard-button').hidden = byId('keys-toggle').hidden = !control;
    bar.hidden = false;
    screen.start(width, height);
    view.desktop = { width, height };
    measure();
    cover.hide();
    canvas.focus({ preventScroll: true });
    if (document.hidden) tell(encode.visible(false));
  },
  resize({ width, height }) {
    screen.resize(width, height);
    view.desktop = { width, height };
    place();
  },
  pointer: message => { if (control) pointer.show(message); },
  pointerHidden: message => { if (control) pointer.show(message); },
  pointerDefault: message => { if (control) pointer.show(message); },
  pointerAt: ({ x, y }) => other.at(x, y),
  notice({ code }) {
    if (code === Notice.personAway) say(words.assistPersonAway);
    else if (code === Notice.personBack) say(words.assistPersonBack);
  },
  ended: ({ reason, reference }) => finish({ ...(reason ? reasonOf(reason) : { sentence: words.assistOver }), reference }),
};

function finish({ sentence, code = '', reference = '' }) {
  if (!socket) return;
  open = control = false;
  keyboard.releaseAll();
  byId('keys').hidden = true;
  socket.onclose = socket.onmessage = null;
  socket.close();
  socket = null;
  bar.hidden = true;
  cover.show({ title: words.assistTitle, sentence, help: words.assistClose, codes: { code, reference } });
}

addEventListener('blur', () => { keyboard.releaseAll(); pointer.releaseAll(); steer(encode.focus(false, 0)); });
document.addEventListener('visibilitychange', () => tell(encode.visible(!document.hidden)));
addEventListener('resize', measure);
visualViewport?.addEventListener('resize', measure);
byId('keys-toggle').addEventListener('click', () => onScreen.wantKeys(byId('keys').hidden));
byId('assist-end').addEventListener('click', () => { tell(encode.bye()); finish({ sentence: words.assistOver }); });

cover.show({ title: words.assistTitle, sentence: words.assistOpening, walking: true });
if (typeof DecompressionStream === 'undefined') cover.show({ title: words.endTitle, sentence: words.tooOld });
else {
  const decodes = await canDecode();
  socket = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/assist/socket`, PROTOCOL);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => socket.send(encode.hello({
    assist: true, ticket, width: Math.max(200, innerWidth), height: Math.max(200, innerHeight), scale: 100, layout: 0, language: settings.language, timeZone: '',
    cacheSlots: Limits.cacheSlots, capabilities: Capability.zstd | (decodes ? Capability.h264 : 0),
  }));
  socket.onmessage = ({ data }) => {
    if (new Uint8Array(data, 0, 1)[0] === FRAME) { screen.frame(data); return; }
    const message = decode(data);
    if (message) heard[message.kind]?.(message);
  };
  socket.onclose = () => finish({ sentence: words.assistLost });
}
