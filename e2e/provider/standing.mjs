// How the server stands to people, identity providers and scopes, which a test changes
// while it runs: what befalls a session after it began.
import { cookie } from './overlaps.mjs';
import { page, escape } from './pages.mjs';
import { person } from './persons.mjs';

// modes are what POST /control {"set": {…}} sets.
//
//   killOverlaps     passes of one browser kill one another (overlaps.mjs)
//   down             no connection is answered
//   blocked          emails of blocked people: they end on a page of the server's, and
//                    come back by its button only, as access_denied
//   blockedStatus    of that page
//   disabledIdPs     identity providers: whoever has a session of theirs gets
//                    login_required, at a normal login too, until a logout
//   withdrawnScopes  that no client is granted any more
//   ahead            seconds by which the server's clock is ahead, as its answers tell it
export const modes = {
  killOverlaps: Boolean(process.env.KILL_OVERLAPS),
  down: false,
  blocked: [],
  blockedStatus: 400,
  disabledIdPs: [],
  withdrawnScopes: [],
  ahead: 0,
};

// back is the address at the client of an error answer.
function back(query, issuer, error) {
  const to = new URL(query.get('redirect_uri'));
  for (const [name, value] of Object.entries({ ...error, state: query.get('state'), iss: issuer })) {
    to.searchParams.set(name, value);
  }
  return to.href;
}

// strandedPage is one of the server's own, from which only a click leads back.
export function strandedPage(res, status, message, to) {
  res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' });
  res.end(page('stranded', 'Connexion impossible', `<p id="error">${escape(message)}</p>
<p><a id="retry" href="${escape(to)}">Réessayer</a></p>`));
}

export function standing(provider, people, issuer) {
  const sessions = new Map(); // id → email
  provider.on('authorization.success', (ctx) => {
    sessions.set(ctx.oidc.session.id, people.get(ctx.oidc.session.accountId)?.email);
  });

  async function sessionOf(req) {
    const id = cookie(req, '_session');
    return id ? provider.Session.find(id) : undefined;
  }

  async function sessionsOf(email) {
    const ids = [...sessions].filter(([, of]) => of === email).map(([id]) => id);
    return (await Promise.all(ids.map((id) => provider.Session.find(id)))).filter(Boolean);
  }

  // end ends somebody's single sign-on in every browser.
  async function end(email) {
    for (const s of await sessionsOf(email)) {
      people.delete(s.accountId);
      await s.destroy();
    }
  }

  // become has somebody's sessions go on as another person, or as the same one of
  // another organisation: what they chose in that browser meanwhile.
  async function become(email, form) {
    const p = person(new URLSearchParams(form));
    people.set(p.sub, p);
    for (const s of await sessionsOf(email)) {
      Object.assign(s, { accountId: p.sub, acr: p.acr, amr: p.amr });
      delete s.authorizations;
      await s.persist();
      sessions.set(s.id, p.email);
    }
  }

  async function control(orders) {
    const unknown = Object.keys(orders.set ?? {}).find((name) => !(name in modes));
    if (unknown) throw new Error(`no mode ${unknown}`);
    Object.assign(modes, orders.set);
    if (orders.end) await end(orders.end);
    if (orders.become) await become(...orders.become);
  }

  // registered tells whether an answer may be sent to the client of a request; what it
  // may not is the engine's to refuse.
  async function registered(query) {
    const client = await provider.Client.find(query.get('client_id'));
    return Boolean(client?.redirectUris.includes(query.get('redirect_uri')));
  }

  // withdrawn answers a request for a scope that is granted no more.
  async function withdrawn(query, res) {
    const scope = query.get('scope').split(' ').find((s) => modes.withdrawnScopes.includes(s));
    if (!scope || !await registered(query)) return false;
    const error = { error: 'invalid_scope', error_description: 'requested scope is not allowed', scope };
    res.writeHead(303, { Location: back(query, issuer, error) }).end();
    return true;
  }

  // refused answers for whom the server lets nobody in, at a page or at the client.
  async function refused(p, query, res) {
    if (!p || !await registered(query)) return false;
    if (modes.blocked.includes(p.email)) {
      const to = back(query, issuer, { error: 'access_denied', error_description: 'authentication aborted due to invalid identity' });
      strandedPage(res, modes.blockedStatus, 'Votre compte ne peut pas accéder à ce service', to);
      return true;
    }
    return false;
  }

  // loginRequired answers whoever has a session of a provider that was disabled since.
  async function loginRequired(p, query, res) {
    if (!modes.disabledIdPs.includes(p?.idp_id) || !await registered(query)) return false;
    res.writeHead(303, { Location: back(query, issuer, { error: 'login_required' }) }).end();
    return true;
  }

  // logoutFails ends the session of a disabled provider, but leads nowhere.
  async function logoutFails(req, res) {
    const s = await sessionOf(req);
    if (!modes.disabledIdPs.includes(people.get(s?.accountId)?.idp_id)) return false;
    await s.destroy();
    strandedPage(res, 400, 'Le fournisseur d’identité est désactivé', '/');
    return true;
  }

  return { control, sessionOf, withdrawn, refused, loginRequired, logoutFails };
}
