// A federation server on loopback: node oidc-provider configured as ProConnect.
//
//   PORT                     0 (any) by default
//   ORIGINS                  the sites, comma separated: https://docs.localhost:8443
//   PER_TAB_INTERACTION      set: each tab keeps its own interaction cookie, which
//                            ProConnect's tabs do not
//   EMAIL_PAGE               set: the page for the email comes first, as ProConnect's
//
// Once it listens it prints one line of JSON, {"issuer": …}. It ends when its
// standard input does, so that it never outlives the test that started it.
import { createServer } from 'node:http';
import oidc from 'oidc-provider';
import { configuration } from './configuration.mjs';
import { interaction } from './interaction.mjs';
import { errorPage } from './pages.mjs';
import { endsSession, malformed } from './strict.mjs';

const base = '/api/v2';
const people = new Map(); // sub → the person, while logged in
const journal = []; // what was asked of the server, for the tests to read

function interactionURL(ctx, { uid }) {
  return process.env.PER_TAB_INTERACTION ? `${base}/interaction/${uid}` : `${base}/interaction`;
}

function refuse(res, message) {
  res.writeHead(400, { 'Content-Type': 'text/html; charset=utf-8' });
  res.end(errorPage(`Y000400: ${message}`));
}

function routes(provider) {
  const engine = provider.callback();
  const login = interaction(provider, people, () => journal.push({ method: 'POST', path: '/email', query: {} }));
  return async (req, res) => {
    const url = new URL(req.url, 'http://loopback');
    if (url.pathname === '/journal') {
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify(journal));
      return;
    }
    if (!url.pathname.startsWith(`${base}/`)) {
      res.writeHead(404).end();
      return;
    }
    const path = url.pathname.slice(base.length);
    journal.push({ method: req.method, path, query: Object.fromEntries(url.searchParams) });
    if (path.startsWith('/interaction')) {
      await login(req, res);
      return;
    }
    if (path === '/authorize') {
      const fault = malformed(url.searchParams);
      if (fault) {
        refuse(res, fault);
        return;
      }
      if (endsSession(url.searchParams)) {
        delete req.headers.cookie;
        url.searchParams.delete('prompt');
      }
    }
    if (path === '/.well-known/openid-configuration') res.setHeader('Cache-Control', 'public, max-age=600');
    req.originalUrl = base + path + url.search;
    req.url = path + url.search;
    engine(req, res);
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
  const handle = routes(provider);
  server.on('request', (req, res) => handle(req, res).catch((err) => {
    console.error(`${req.method} ${req.url.split('?')[0]}: ${err.message}`);
    // ProConnect's own page when a tab's interaction was finished by another.
    res.writeHead(err.statusCode ?? 500, { 'Content-Type': 'text/html; charset=utf-8' });
    res.end(errorPage(err.error_description ?? err.message));
  }));
  console.log(JSON.stringify({ issuer }));
});

process.stdin.on('end', () => process.exit(0)).resume();
