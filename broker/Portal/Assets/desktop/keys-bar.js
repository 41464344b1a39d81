// Keys that a phone does not have, and those that the browser keeps for itself on any device.
import { byId, element, words } from './page.js';

const MODIFIERS = [['Ctrl', 'ControlLeft'], ['Alt', 'AltLeft'], ['Shift', 'ShiftLeft'], ['Win', 'MetaLeft']];
const KEYS = [
  ['Esc', 'Escape'], ['Tab', 'Tab'], ['←', 'ArrowLeft'], ['↑', 'ArrowUp'], ['↓', 'ArrowDown'], ['→', 'ArrowRight'], ['Del', 'Delete'],
  ['Home', 'Home'], ['End', 'End'], ['PgUp', 'PageUp'], ['PgDn', 'PageDown'], ['Ins', 'Insert'], ['PrtSc', 'PrintScreen'], ['Pause', 'Pause'], ['Menu', 'ContextMenu'],
  ...Array.from({ length: 12 }, (_, i) => [`F${i + 1}`, `F${i + 1}`]),
];

export function fillKeysBar(keyboard) {
  const bar = byId('keys');
  const button = (label, press) => {
    const made = element('button', label, { type: 'button' });
    // The focus stays where the person types, or a phone's keyboard would close.
    made.addEventListener('pointerdown', event => event.preventDefault());
    made.addEventListener('click', press);
    return made;
  };
  const modifiers = MODIFIERS.map(([label, code]) => {
    const made = button(label, () => keyboard.toggleSticky(code));
    made.dataset.code = code;
    made.setAttribute('aria-pressed', 'false');
    return made;
  });
  keyboard.onSticky = sticky => { for (const made of modifiers) made.setAttribute('aria-pressed', String(sticky.has(made.dataset.code))); };
  const all = button('Ctrl+Alt+Del', () => keyboard.chord('ControlLeft', 'AltLeft', 'Delete'));
  const [escape, tab, ...others] = KEYS.map(([label, code]) => button(label, () => keyboard.tapWithSticky(code)));
  bar.replaceChildren(escape, tab, ...modifiers, all, ...others);
  bar.title = words.keysHelp;
  // One stop for Tab; the arrow keys walk along the bar.
  const buttons = [...bar.children];
  buttons.forEach((made, i) => { made.tabIndex = i ? -1 : 0; });
  bar.addEventListener('keydown', event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    for (const made of buttons) made.tabIndex = made === next ? 0 : -1;
    next.focus();
  });
}
