// Which Windows keyboard layout the desktop should use: what the keys of this keyboard are labelled with where the browser
// tells, else the languages of the browser. Source of the numbers: Microsoft's list of input locale identifiers.

export const Layout = { ptPT: 0x0816, ptBR: 0x0416, enGB: 0x0809, enUS: 0x0409, es: 0x040A, fr: 0x040C, de: 0x0407, it: 0x0410 };

const byLanguage = {
  'pt-pt': Layout.ptPT, 'pt-br': Layout.ptBR, pt: Layout.ptPT, 'en-us': Layout.enUS, 'en-gb': Layout.enGB, 'en-ie': Layout.enGB, en: Layout.enUS,
  es: Layout.es, fr: Layout.fr, de: Layout.de, it: Layout.it, 'fr-ch': 0x100C, 'de-ch': 0x0807, 'fr-ca': 0x1009, 'fr-be': 0x080C, nl: 0x0413, sv: 0x041D,
  fi: 0x040B, nb: 0x0414, no: 0x0414, da: 0x0406, pl: 0x0415, cs: 0x0405, ro: 0x0418, uk: 0x0422, ru: 0x0419, tr: 0x041F, ja: 0x0411, ko: 0x0412,
};

/** From labels: a Map of code to the character on the key without shift. Undefined when they fit no layout for certain. */
export function layoutFromLabels(labels) {
  const at = code => labels.get(code);
  if (at('KeyQ') === 'a') return Layout.fr;
  if (at('KeyY') === 'z' && at('Minus') === 'ß') return Layout.de;
  if (at('Semicolon') === 'ñ') return Layout.es;
  if (at('Semicolon') === 'ç') return at('Slash') === ';' ? Layout.ptBR : Layout.ptPT;
  if (at('Semicolon') === 'ò') return Layout.it;
  if (at('Semicolon') === ';') return at('Backslash') === '#' ? Layout.enGB : Layout.enUS;
  return undefined;
}

/** From the browser's languages, best first; the page's own language when none is known. */
export function layoutFromLanguages(languages, page) {
  for (const language of [...languages, page]) {
    const tag = language.toLowerCase();
    const layout = byLanguage[tag] ?? byLanguage[tag.split('-')[0]];
    if (layout) return layout;
  }
  return Layout.ptPT;
}

export async function guessLayout(page) {
  try {
    const labels = await navigator.keyboard?.getLayoutMap?.();
    // A machine without a keyboard answers an empty or American map; that says nothing.
    const found = labels?.size && layoutFromLabels(labels);
    if (found && found !== Layout.enUS) return found;
  } catch (error) {
    console.info('The browser does not tell the labels of the keys:', error.message);
  }
  return layoutFromLanguages(navigator.languages ?? [], page);
}
