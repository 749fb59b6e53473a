// What the federation server refuses before its engine sees the request: a
// malformed authorization request ends on a page of its own (Y000400), never on
// a redirect to the service provider.

const known = new Set(['client_id', 'response_type', 'redirect_uri', 'scope', 'state', 'nonce', 'claims', 'acr_values',
  'prompt', 'login_hint', 'siret_hint', 'idp_hint', 'response_mode', 'code_challenge', 'code_challenge_method', 'max_age']);
const required = ['client_id', 'response_type', 'redirect_uri', 'scope', 'state', 'nonce'];

// The documentation asks for 32 characters or more; the server takes less. A
// service provider that satisfies both satisfies this.
const enoughEntropy = /^[\x21-\x7e]{32,512}$/;

// A state of 8 000 characters the server returned whole.
const enoughState = /^[\x21-\x7e]{32,8000}$/;

// malformed returns what is wrong with an authorization request, or nothing.
export function malformed(query) {
  for (const name of new Set(query.keys())) {
    if (!known.has(name)) return `unknown parameter ${name}`;
    if (query.getAll(name).length > 1) return `repeated parameter ${name}`;
  }
  const missing = required.find((name) => !query.get(name));
  if (missing) return `missing parameter ${missing}`;
  return malformedValue(query);
}

function malformedValue(query) {
  const hint = query.get('login_hint');
  if (hint !== null && !/^[^@\s]+@[^@\s]+$/.test(hint)) return 'login_hint is no email';
  const siret = query.get('siret_hint');
  if (siret !== null && siret.length !== 14) return 'siret_hint has not 14 characters';
  const prompt = query.get('prompt');
  if (prompt !== null && !['login', 'consent', 'none'].includes(prompt)) return `prompt ${prompt} is not supported`;
  if (!enoughState.test(query.get('state'))) return 'state is too short';
  if (!enoughEntropy.test(query.get('nonce'))) return 'nonce is too short';
  return undefined;
}

// endsSession tells a request that makes the server end the running
// single-sign-on session and show a login page: prompt=none beside a login_hint, or
// beside another identity provider or an essential acr than the session has. The two
// highest levels no running session satisfies.
export function endsSession(query, session, person) {
  if (query.get('prompt') !== 'none') return false;
  if (query.has('login_hint')) return true;
  if (query.has('idp_hint') && query.get('idp_hint') !== person?.idp_id) return true;
  const wanted = essentialACRs(query.get('claims'));
  return Boolean(wanted) && (['eidas2', 'eidas3'].includes(session?.acr) || !wanted.includes(session?.acr));
}

// essentialACRs returns the acr values that a claims parameter requires.
export function essentialACRs(claims) {
  try {
    const acr = JSON.parse(claims ?? '{}')?.id_token?.acr;
    if (!acr?.essential) return undefined;
    return acr.values ?? (acr.value ? [acr.value] : undefined);
  } catch {
    return undefined;
  }
}
