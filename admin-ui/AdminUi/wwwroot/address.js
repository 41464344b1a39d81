// Keeps filter and order of a list in the address that the browser has by now: a link may have been followed since they were chosen.
window.montalegreAddress = (path, parameters) => {
  const address = new URL(location.href);
  if (address.pathname !== path) return;
  for (const [name, value] of Object.entries(parameters))
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  address.search = address.searchParams.toString().replaceAll("+", "%20");
  if (address.href !== location.href) return Blazor.navigateTo(address.href, { replaceHistoryEntry: true });
};
