// The fragment of an address never reaches a server. So that it survives a login, it goes
// into where this page's links come back to. Without this script it is lost, and nothing
// but it: everything else of the page works.
(() => {
  "use strict";
  const { hash } = location;
  // A longer one no login keeps, and proxies refuse an address that holds it.
  if (hash.length < 2 || hash.length > 1000) return;
  const ours = new URL("..", document.currentScript.src).pathname;
  const keep = (address) => {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) return address;
    // The site's own addresses may have a parameter of this name.
    const target = url.pathname.startsWith(ours) ? url.searchParams.get("return_to") : null;
    if (target === null) url.hash ||= hash;
    else if (!target.includes("#")) url.searchParams.set("return_to", target + hash);
    return url.href;
  };
  for (const link of document.querySelectorAll('a[href*="return_to="]')) {
    if (link.pathname.startsWith(ours)) link.href = keep(link.href);
  }
  const { next, seconds } = document.querySelector("main").dataset;
  if (next === undefined) return;
  window.stop(); // the page's Refresh knows no fragment
  const address = keep(next);
  setTimeout(() => {
    if (address === location.href) location.reload();
    else location.replace(address);
  }, 1000 * seconds);
})();
