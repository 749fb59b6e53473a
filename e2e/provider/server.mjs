// A federation server on loopback: node oidc-provider configured as ProConnect.
//
//   PORT                     0 (any) by default
//   ORIGINS                  the sites, comma separated: https://docs.localhost:8443
//   PER_TAB_INTERACTION      set: each tab keeps its own interaction cookie, which
//                            ProConnect's tabs do not
//   EMAIL_PAGE               set: the page for the email comes first, as ProConnect's
//   SIGNING_ALGS             with which it signs: RS256,ES256,HS256 by default
//   KILL_OVERLAPS            set: of one browser one pass at a time comes back, as at
//                            ProConnect
//
// POST /control changes what a session meets while the server runs: standing.mjs.
//
// Once it listens it prints one line of JSON, {"issuer": …}. It ends when its
// standard input does, so that it never outlives the test that started it.
import { createServer } from 'node:http';
import oidc from 'oidc-provider';
import { configuration } from './configuration.mjs';
import { interaction } from './interaction.mjs';
import { cookie, passes } from './overlaps.mjs';
import { errorPage } from './pages.mjs';
import { modes, standing } from './standing.mjs';
import { endsSession, malformed } from './strict.mjs';

const base = '/api/v2';
const people = new Map(); // sub → the person, while logged in
const journal = []; // what was asked of the server, for the tests to read

const overlaps = passes(base);

function interactionURL(ctx, { uid }) {
  overlaps.note(ctx.req, uid);
  return process.env.PER_TAB_INTERACTION ? `${base}/interaction/${uid}` : `${base}/interaction`;
}

function refuse(res, message) {
  res.writeHead(400, { 'Content-Type': 'text/html; charset=utf-8' });
  res.end(errorPage(message));
}

async function bodyOf(req) {
  let body = '';
  for await (const chunk of req) body += chunk;
  return JSON.parse(body);
}

// ours answers what tests ask of the server itself, whatever it is made to do.
async function ours(req, res, path, stand) {
  if (path === '/control') await stand.control(await bodyOf(req));
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(journal));
}

function routes(provider, issuer) {
  const engine = provider.callback();
  const stand = standing(provider, people, issuer);
  const login = interaction(provider, people, () => journal.push({ method: 'POST', path: '/email', query: {} }), stand.refused);

  // hand gives a request to the engine, which knows no base.
  function hand(req, res, path, search) {
    if (path === '/.well-known/openid-configuration') res.setHeader('Cache-Control', 'public, max-age=600');
    req.originalUrl = base + path + search;
    req.url = path + search;
    engine(req, res);
  }

  // decide is the end of a pass: what the server says of the session that runs.
  async function decide(req, res, search) {
    const query = new URLSearchParams(search);
    const session = await stand.sessionOf(req);
    const p = people.get(session?.accountId);
    if (await stand.refused(p, query, res) || await stand.loginRequired(p, query, res)) return;
    if (endsSession(query, session, p)) {
      await session?.destroy();
      query.delete('prompt');
    }
    hand(req, res, '/authorize', `?${query}`);
  }

  async function authorize(req, res, url) {
    const fault = malformed(url.searchParams);
    if (fault) {
      refuse(res, `Y000400: ${fault}`);
      return;
    }
    if (await stand.withdrawn(url.searchParams, res)) return;
    if (modes.killOverlaps && !await overlaps.begin(req, res, url, (await stand.sessionOf(req))?.accountId)) return;
    await decide(req, res, url.search);
  }

  // killed answers what goes on with an interaction that a newer pass has replaced.
  function killed(req, res, path) {
    const [, route, resumed] = path.split('/');
    const goesOn = route === 'interaction' || (route === 'authorize' && resumed);
    if (!modes.killOverlaps || !goesOn || overlaps.current(req, resumed || cookie(req, '_interaction'))) return false;
    refuse(res, 'session-not-found');
    return true;
  }

  async function pass(req, res, path) {
    const { dead, search } = await overlaps.step(req, res, path);
    if (dead) refuse(res, 'session-not-found');
    else if (search) await decide(req, res, search);
  }

  return async (req, res) => {
    const url = new URL(req.url, 'http://loopback');
    if (['/journal', '/control'].includes(url.pathname)) {
      await ours(req, res, url.pathname, stand);
      return;
    }
    if (modes.down) {
      req.socket.destroy();
      return;
    }
    if (!url.pathname.startsWith(`${base}/`)) {
      res.writeHead(404).end();
      return;
    }
    if (modes.ahead) res.setHeader('Date', new Date(Date.now() + modes.ahead * 1000).toUTCString());
    const path = url.pathname.slice(base.length);
    journal.push({ method: req.method, path, query: Object.fromEntries(url.searchParams) });
    if (killed(req, res, path)) return;
    if (path === '/session/end' && await stand.logoutFails(req, res)) return;
    if (path.startsWith('/interaction')) await login(req, res);
    else if (path.startsWith('/pass/')) await pass(req, res, path);
    else if (path === '/authorize') await authorize(req, res, url);
    else hand(req, res, path, url.search);
  };
}

const server = createServer();
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}${base}`;
  const origins = (process.env.ORIGINS ?? '').split(',').filter(Boolean);
  const provider = new oidc.Provider(issuer, {
    ...configuration({ origins, people, interactionURL }),
    routes: {
      authorization: '/authorize', token: '/token', userinfo: '/userinfo', jwks: '/jwks', end_session: '/session/end',
    },
  });
  provider.on('server_error', (ctx, err) => console.error(`server_error: ${ctx.path}: ${err.message}`));
  provider.on('grant.error', (ctx, err) => console.error(`grant.error: ${err.message}: ${err.error_description} ${err.error_detail ?? ''}`));
  provider.on('authorization.error', (ctx, err) => console.error(`authorization.error: ${err.message}: ${err.error_description}`));
  provider.on('end_session.success', (ctx) => people.delete(ctx.oidc.session?.accountId));
  const handle = routes(provider, issuer);
  server.on('request', (req, res) => handle(req, res).catch((err) => {
    console.error(`${req.method} ${req.url.split('?')[0]}: ${err.message}`);
    // ProConnect's own page when a tab's interaction was finished by another.
    res.writeHead(err.statusCode ?? 500, { 'Content-Type': 'text/html; charset=utf-8' });
    res.end(errorPage(err.error_description ?? err.message));
  }));
  console.log(JSON.stringify({ issuer }));
});

process.stdin.on('end', () => process.exit(0)).resume();
