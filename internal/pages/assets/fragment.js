// The fragment of an address never reaches a server. So that it survives a login, it goes
// into where this page's links come back to. Without this script it is lost, and nothing
// but it: everything else of the page works.
(() => {
  "use strict";
  if (location.hash.length < 2) return;
  const keep = (address) => {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) return address;
    const target = url.searchParams.get("return_to");
    if (target === null) url.hash ||= location.hash;
    else if (!target.includes("#")) url.searchParams.set("return_to", target + location.hash);
    return url.href;
  };
  for (const link of document.querySelectorAll('a[href*="return_to="]')) link.href = keep(link.href);
  const { next, seconds } = document.querySelector("main").dataset;
  if (next === undefined) return;
  window.stop(); // the page's Refresh knows no fragment
  const address = keep(next);
  setTimeout(() => {
    if (address === location.href) location.reload();
    else location.replace(address);
  }, 1000 * seconds);
})();
