// One pass of a browser at a time, as at ProConnect: every authorization request
// replaces the browser's interaction, and whatever goes on with an older one ends on a
// 400 page. A pass takes a few hops there, with a running session 0.24 s in all: of
// many at once the others end on that page, one after the other all come back.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const hop = 60; // milliseconds

export function cookie(req, name) {
  const pairs = (req.headers.cookie ?? '').split(/;\s*/);
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

// passes keeps the passes under way. begin starts one; step goes on with it, and
// returns the search of its authorization request once its hops are over; current
// tells whether an interaction belongs to the newest pass of its browser.
export function passes(base) {
  const queries = new Map(); // pass → search
  const interactions = new Map(); // uid of an interaction → pass

  function replace(res, id) {
    res.setHeader('Set-Cookie', [
      `pass=${id}; Path=${base}; HttpOnly; SameSite=Lax`,
      `_interaction=; Path=${base}/interaction; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax`,
    ]);
  }

  // begin returns true where the engine answers at once: without a session
  // prompt=none is one hop. It replaces the interaction all the same.
  async function begin(req, res, url, session) {
    const id = randomBytes(8).toString('hex');
    await pause(hop);
    replace(res, id);
    req.pass = id;
    if (url.searchParams.get('prompt') === 'none' && !session) return true;
    queries.set(id, url.search);
    res.writeHead(303, { Location: `${base}/pass/${id}/${session ? 3 : 1}` }).end();
    return false;
  }

  async function step(req, res, path) {
    const [, , id, left] = path.split('/');
    if (cookie(req, 'pass') !== id || !queries.has(id)) return { dead: true };
    await pause(hop);
    if (Number(left) > 1) {
      res.writeHead(303, { Location: `${base}/pass/${id}/${Number(left) - 1}` }).end();
      return {};
    }
    const search = queries.get(id);
    queries.delete(id);
    req.pass = id;
    return { search };
  }

  return {
    begin,
    step,
    note: (req, uid) => interactions.set(uid, req.pass),
    current: (req, uid) => Boolean(uid) && interactions.get(uid) === cookie(req, 'pass'),
  };
}
