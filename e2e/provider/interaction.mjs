// The login page: who would you like to be today?
import { essentialACRs } from './strict.mjs';
import { escape, page } from './pages.mjs';
import { listFields, person, presetNames, textFields } from './persons.mjs';

function loginPage(params) {
  const buttons = presetNames.map((n) => `<button name="person" value="${n}" id="person-${n}">${n}</button>`);
  const fields = [...textFields, ...listFields, 'custom'].map((n) => `<label>${n} <input name="${n}" id="field-${n}"></label><br>`);
  return page('login', 'Connexion simulée', `<form method="post">
<p>${buttons.join('\n')}</p>
<p>${escape(params.client_id)} asks for: <code id="claims">${escape(params.claims ?? '')}</code></p>
<p>${fields.join('\n')}</p>
<button id="submit">Se connecter</button>
</form>`);
}

// emailPage is where ProConnect finds the identity provider: it asks for the email,
// unless a hint tells enough.
function emailPage() {
  return page('email', 'Votre adresse électronique', `<form method="post">
<label>email <input name="typed_email" id="typed-email"></label>
<button id="submit-email">Continuer</button>
</form>`);
}

async function formOf(req) {
  let body = '';
  for await (const chunk of req) body += chunk;
  return new URLSearchParams(body);
}

// outcome is how the engine goes on after the form was posted.
function outcome(p, params) {
  if (p.error) return { error: p.error, error_description: 'chosen on the login page' };
  // The level is compared exactly, as a set: a higher one does not do.
  const wanted = essentialACRs(params.claims);
  if (wanted && !wanted.includes(p.acr)) {
    return { error: 'access_denied', error_description: 'requested ACRs could not be satisfied' };
  }
  return { login: { accountId: p.sub, acr: p.acr, amr: p.amr } };
}

// interaction answers GET and POST of the login page, and of the page for the email
// before it, which is there where EMAIL_PAGE is set. typed is called for every email;
// refused answers for people whom the server lets nowhere.
export function interaction(provider, people, typed, refused) {
  const show = (res, html) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.end(html);
  };
  return async (req, res) => {
    const { params } = await provider.interactionDetails(req, res);
    if (req.method !== 'POST') {
      const asks = process.env.EMAIL_PAGE && !params.idp_hint && !params.login_hint;
      show(res, asks ? emailPage() : loginPage(params));
      return;
    }
    const form = await formOf(req);
    if (form.has('typed_email')) {
      typed();
      show(res, loginPage(params));
      return;
    }
    const p = person(form);
    if (await refused(p, new URLSearchParams(params), res)) return;
    const result = outcome(p, params);
    if (result.login) people.set(p.sub, p);
    await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  };
}
