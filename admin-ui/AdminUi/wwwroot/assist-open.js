// Posts the ticket on at once; without script the page's own button does.
document.getElementById("open").submit();
