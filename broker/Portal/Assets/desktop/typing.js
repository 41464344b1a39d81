// Phone keyboards and input methods: they do not press keys, they change a text. The field behind the picture holds a few
// spaces, and every change of it is told as "erase so many, write this".

const GUARD = ' '.repeat(32);

/** What to erase and what to write to get from one text to the other. */
export function difference(before, after) {
  const a = [...before], b = [...after];
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return { erase: a.length - same, insert: b.slice(same).join('') };
}

/** Splits what is typed into keys (line end, tab) and texts. */
export function pieces(text) {
  return text.split(/(\r\n|\n|\t)/).filter(Boolean).map(part => part === '\t' ? { key: 'Tab' } : part === '\n' || part === '\r\n' ? { key: 'Enter' } : { text: part });
}

export class Typing {
  /** erase(count), key(code) and text(string) do what was typed. */
  constructor(field, { erase, key, text }) {
    Object.assign(this, { field, erase, key, text });
    this.known = '';
    this.composing = false;
    this.reset();
    field.addEventListener('compositionstart', () => { this.composing = true; });
    field.addEventListener('compositionend', () => { this.composing = false; this.changed(); });
    field.addEventListener('input', () => this.changed());
    field.addEventListener('blur', () => { this.composing = false; this.reset(); });
  }

  reset() {
    this.field.value = this.known = GUARD;
    this.field.setSelectionRange(GUARD.length, GUARD.length);
  }

  changed() {
    const now = this.field.value;
    const { erase, insert } = difference(this.known, now);
    this.known = now;
    if (erase) this.erase(erase);
    for (const piece of pieces(insert)) {
      if (piece.key) this.key(piece.key);
      else this.text(piece.text);
    }
    const worn = now.length < GUARD.length / 2 || now.length > 400 || /[\n\t]/.test(now);
    if (worn && !this.composing) this.reset();
  }
}
