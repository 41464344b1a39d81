// Where the windows of a person lie in one desktop: side by side, the page's own at 0,0. Pure numbers.

const SHORTEST = 200;

/** The rectangle around all. */
export function around(rects) {
  return { width: Math.max(...rects.map(r => r.x + r.w)), height: Math.max(...rects.map(r => r.y + r.h)) };
}

/**
 * Sizes to rectangles, in order; the first is the page's own. What does not fit into the longest side or the most pixels gets
 * smaller, and null where nothing of use would be left.
 */
export function arrange(sizes, { side, pixels }) {
  const rects = [];
  let right = 0;
  for (const { width, height } of sizes) {
    const w = Math.min(width, side - right) & ~1;
    const h = Math.min(height, side, Math.floor(pixels / (right + w)));
    const others = rects.filter(Boolean);
    const fits = w >= SHORTEST && h >= SHORTEST && (!others.length || (right + w) * Math.max(h, around(others).height) <= pixels);
    // The page's own window is always there, however little the machine takes.
    if (!rects.length) rects.push({ x: 0, y: 0, w: Math.max(SHORTEST, w), h: Math.max(SHORTEST, h) });
    else rects.push(fits ? { x: right, y: 0, w, h } : null);
    if (rects.at(-1)) right += rects.at(-1).w;
  }
  return rects;
}

/** The part of a rectangle that a desktop of this size has; null when it has none of it. */
export function within(rect, { width, height }) {
  const w = Math.min(rect.w, width - rect.x), h = Math.min(rect.h, height - rect.y);
  return w > 0 && h > 0 ? { x: rect.x, y: rect.y, w, h } : null;
}
