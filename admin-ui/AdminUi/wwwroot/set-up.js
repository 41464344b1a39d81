// The token stands in the fragment, which browsers never send; it leaves the address bar before anybody can copy it.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? location.hash.slice(1);
if (token) {
  document.getElementById("token").value = token;
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("userName").focus();
}
