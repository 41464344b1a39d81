// Keeps the portal's named assets and one page that says there is no network. Never a page of a person, never an answer
// of the broker: everything else goes to the network as if this file were not there.
'use strict';
const CACHE = 'montalegre-shell';

self.addEventListener('install', event => event.waitUntil(refresh().then(() => self.skipWaiting())));
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()));

async function refresh() {
  const shell = await (await fetch('/app-shell.json', { cache: 'no-store' })).json();
  const cache = await caches.open(CACHE);
  const wanted = new Set(shell.assets.map(path => new URL(path, location.origin).href));
  for (const kept of await cache.keys())
    if (new URL(kept.url).pathname.startsWith('/assets/') && !wanted.has(kept.url)) await cache.delete(kept);
  const have = new Set((await cache.keys()).map(kept => kept.url));
  await cache.addAll([...wanted].filter(url => !have.has(url)));
  await cache.add(new Request(shell.offline, { cache: 'no-store', credentials: 'same-origin' }));
}

self.addEventListener('fetch', event => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request));
  // Only without a network: a page fetched from here would lose what its address bar says about where it came from.
  else if (request.mode === 'navigate' && !navigator.onLine) event.respondWith(page(request));
});

async function asset(request) {
  return await caches.match(request) ?? await keep(request);
}

async function keep(request) {
  const answer = await fetch(request);
  if (!answer.ok) return answer;
  const copy = answer.clone();
  const cache = await caches.open(CACHE);
  await cache.put(request, copy);
  // An asset with a new name means a new release: bring the rest up to date in the background.
  refresh().catch(error => console.info('The shell will be refreshed at the next chance.', error));
  return answer;
}

async function page(request) {
  try { return await fetch(request); }
  catch (error) { return await caches.match('/offline') ?? Promise.reject(error); }
}
