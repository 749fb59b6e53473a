// The engine's configuration, as ProConnect's own.
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import oidc from 'oidc-provider';
import { clients } from './clients.mjs';
import { page, errorPage } from './pages.mjs';

const { interactionPolicy } = oidc;

const acrValues = ['eidas0', 'eidas0-mfa', 'eidas1', 'eidas1-mfa', 'eidas2', 'eidas3',
  'https://proconnect.gouv.fr/assurance/certification-dirigeant'];

// Which claims a scope brings; a null claim belongs to no scope and is given
// only when the claims parameter names it.
const claims = {
  openid: ['sub'],
  acr: null,
  amr: null,
  auth_time: null,
  iss: null,
  sid: null,
  ...Object.fromEntries(['given_name', 'usual_name', 'email', 'uid', 'siret', 'siren', 'organizational_unit',
    'belonging_population', 'idp_id', 'idp_acr', 'organization_label', 'roles', 'custom'].map((c) => [c, [c]])),
  phone: ['phone_number'],
  chorusdt: ['chorusdt:matricule', 'chorusdt:societe'],
};

// jwk makes a signing key.
function jwk(type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, {
    ...options, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const key = createPrivateKey(privateKey).export({ format: 'jwk' });
  return { ...key, use: 'sig', alg, kid: `${alg}-${randomBytes(8).toString('hex')}` };
}

// endSession forgets who is logged in.
function endSession(session) {
  for (const name of ['accountId', 'acr', 'amr', 'loginTs', 'authorizations']) delete session[name];
  session.touched = true;
}

// policy is the engine's own, less its consent page (ProConnect asks for none).
function policy() {
  const { Check, base } = interactionPolicy;
  const prompts = base();
  prompts.remove('consent');
  const { checks } = prompts.get('login');
  // An essential acr that the running session does not have ends that session,
  // whatever becomes of the login.
  checks.add(new Check('essential_acr_ends_session', 'never prompts', ({ oidc: o }) => {
    const wanted = o.claims.id_token?.acr?.essential && o.claims.id_token.acr.values;
    if (wanted && !o.result?.login && o.session.accountId && !wanted.includes(o.session.acr)) endSession(o.session);
    return false;
  }), 0);
  // These levels never come from a running session.
  checks.add(new Check('always_fresh', 'a fresh login is required', ({ oidc: o }) => (
    !o.result?.login && ['eidas2', 'eidas3'].includes(o.session.acr))), 1);
  // Whoever comes back with a running session, asking for nothing, is answered
  // eidas1, even after a second factor.
  checks.add(new Check('plain_login', 'never prompts', ({ oidc: o }) => {
    if (!o.result?.login && o.session.acr?.endsWith('-mfa') && !o.claims.id_token?.acr?.essential) {
      o.session.acr = 'eidas1';
      o.session.amr = ['pwd'];
    }
    return false;
  }), 2);
  checks.add(new Check('idp_hint', 'another identity provider is asked for', ({ oidc: o }) => {
    const hint = o.params.idp_hint;
    return Boolean(hint) && !o.result?.login && Boolean(o.account) && o.account.person.idp_id !== hint;
  }), 3);
  return prompts;
}

// grant gives whatever was asked for and the client may have.
async function grant(ctx) {
  const { oidc: o } = ctx;
  const g = new o.provider.Grant({ clientId: o.client.clientId, accountId: o.session.accountId });
  g.addOIDCScope(o.params.scope);
  g.addOIDCClaims(['acr', 'amr', 'auth_time', 'sid']);
  await g.save();
  return g;
}

// account answers from the person's live session: once it has ended, userinfo
// fails with a server error, as ProConnect's does.
function account(people) {
  return async (ctx, sub) => {
    const person = people.get(sub);
    if (!person && ['userinfo', 'token'].includes(ctx.oidc.route)) throw new Error('no live session');
    return person && { accountId: sub, person, claims: async () => person };
  };
}

const signingAlgs = (process.env.SIGNING_ALGS ?? 'RS256,ES256,HS256').split(',');

export function configuration({ origins, people, interactionURL }) {
  return {
    acrValues,
    claims,
    scopes: ['openid'],
    clients: clients(origins).filter((c) => signingAlgs.includes(c.id_token_signed_response_alg)),
    clientAuthMethods: ['client_secret_post'],
    clientDefaults: { response_types: ['code'] },
    cookies: { keys: [randomBytes(32).toString('hex')], long: { httpOnly: true, sameSite: 'lax' }, short: { httpOnly: true, sameSite: 'lax' } },
    enabledJWA: {
      idTokenSigningAlgValues: signingAlgs,
      userinfoSigningAlgValues: signingAlgs,
    },
    extraParams: ['idp_hint', 'siret_hint'],
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    findAccount: account(people),
    interactions: { policy: policy(), url: interactionURL },
    issueRefreshToken: async () => true,
    jwks: { keys: [jwk('rsa', { modulusLength: 2048 }, 'RS256'), jwk('ec', { namedCurve: 'P-256' }, 'ES256')] },
    loadExistingGrant: grant,
    pkce: { methods: ['S256'], required: () => false },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(out.error_description ?? out.error);
    },
    responseTypes: ['code'],
    ttl: { AuthorizationCode: 600, AccessToken: 3600, IdToken: 3600, RefreshToken: 43200, Session: 43200, Grant: 43200, Interaction: 3600 },
  };
}

// logoutSource ends the session without a question, by a page that needs
// JavaScript: the browser is on its way back from the identity provider.
function logoutSource(ctx, form) {
  ctx.body = page('logout', 'Déconnexion en cours', `${form}
    <script>
      const form = document.forms[0];
      form.insertAdjacentHTML('beforeend', '<input type="hidden" name="logout" value="yes">');
      form.submit();
    </script>
    <noscript><p>La déconnexion a besoin de JavaScript.</p></noscript>`);
}

function postLogoutSuccessSource(ctx) {
  ctx.body = page('logged-out', 'Vous êtes déconnecté de ProConnect', '');
}
