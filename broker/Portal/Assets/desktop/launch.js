// Asks the portal for a ticket. The ticket is only ever in the body of an answer, and in the first message of the socket.

/** The launch cannot be asked for: the person has to sign in again. */
export class SignInNeeded extends Error {}

/** Events of an event stream, as { event, data }. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop();
      for (const block of blocks) {
        const one = { event: 'message', data: '' };
        for (const line of block.split(/\r?\n/)) {
          if (line.startsWith('event:')) one.event = line.slice(6).trim();
          else if (line.startsWith('data:')) one.data += line.slice(5).trimStart();
        }
        if (one.data) yield one;
      }
    }
  } finally {
    reader.cancel().catch(error => console.info('The stream was over already:', error.message));
  }
}

/**
 * Answers { ticket } or { refused }. waiting(words) is called for each word on the wait. Throws SignInNeeded, or a plain error
 * when the portal cannot be reached: then the same request may be asked again and keeps its place in the queue. One that is
 * returning gets the session that is still open, or is refused: never a new one.
 */
export async function launch({ pool, field, token, request, returning = false, waiting, signal }) {
  const answer = await fetch(`/desktop/${encodeURIComponent(pool)}/launch`, {
    method: 'POST', credentials: 'same-origin', redirect: 'error', cache: 'no-store', signal,
    body: new URLSearchParams({ [field]: token, request, ...(returning && { returning: 1 }) }),
  });
  if (answer.status === 401 || answer.status === 403) throw new SignInNeeded();
  if (!answer.ok) throw new Error(`The portal answered ${answer.status}.`);
  for await (const { event, data } of events(answer.body)) {
    const words = JSON.parse(data);
    if (event === 'waiting') waiting(words.waiting);
    else if (event === 'ready') return { ticket: words.ticket };
    else if (event === 'refused') return { refused: words.refused };
    else if (event === 'broken') {
      if (words.refused.code === 'SIGN_IN_EXPIRED') throw new SignInNeeded();
      throw Object.assign(new Error(words.refused.sentence), { words: words.refused });
    }
  }
  throw new Error('The portal ended its answer early.');
}
