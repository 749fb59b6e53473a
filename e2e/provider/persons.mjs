// Who may be chosen on the login page, and what the provider says of them.
import { createHash } from 'node:crypto';

const proconnectIdentite = '71144ab3-ee1a-4401-b7b3-79b44f7daeeb';
const ministry = '0e4f52c5-5c1d-4a3e-8f55-1d2b6a6c4a10';

// Only what differs from one person to the next; `person` fills the rest.
const presets = {
  dinum: {
    given_name: 'Angela',
    usual_name: 'Durand',
    email: 'angela.durand@numerique.gouv.fr',
    siret: '13002526500013',
    organization_label: 'Direction interministérielle du numérique',
    roles: ['agent_public', 'agent_public_etat'],
    belonging_population: 'agent',
    idp_id: ministry,
  },
  clamart: {
    given_name: 'Yacine',
    usual_name: 'Le Goff',
    email: 'Yacine.LeGoff@clamart.fr',
    siret: '21920023500014',
    organization_label: 'Commune de Clamart',
    roles: ['agent_public', 'agent_public_territorial'],
  },
  private: {
    given_name: 'Camille',
    usual_name: 'Martin',
    email: 'camille.martin@societe.example',
    siret: '10000001700010',
    organization_label: 'Société Exemple',
    roles: [],
  },
  mfa: {
    given_name: 'Inès',
    usual_name: 'Moreau',
    email: 'ines.moreau@numerique.gouv.fr',
    siret: '13002526500013',
    organization_label: 'Direction interministérielle du numérique',
    roles: ['agent_public', 'agent_public_etat'],
    belonging_population: 'agent',
    idp_id: ministry,
    acr: 'eidas1-mfa',
    amr: ['pwd', 'otp', 'mfa'],
  },
  hostile: {
    given_name: '<img src=x onerror=document.title="pwned">',
    usual_name: '{{env "HOME"}} {env.HOME}',
    email: 'mallory@numerique.gouv.fr',
    siret: '13002526500013',
    organization_label: '</main><script>document.title="pwned"</script>',
    roles: ['agent_public'],
  },
};

// The fields of the login page that hold one word, and those that hold several.
export const textFields = ['given_name', 'usual_name', 'email', 'uid', 'siret', 'siren', 'phone_number',
  'organization_label', 'organizational_unit', 'belonging_population', 'idp_id', 'acr', 'error'];
export const listFields = ['roles', 'amr'];
export const presetNames = Object.keys(presets);

// subject is stable for one user at one identity provider, whatever the client.
function subject(idpId, uid) {
  const h = createHash('sha256').update(`${idpId}\n${uid}`).digest('hex');
  return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20, 32)].join('-');
}

// person reads the posted login form: a preset, and over it the fields that
// were filled in.
export function person(form) {
  const p = { acr: 'eidas1', amr: ['pwd'], idp_id: proconnectIdentite, custom: {} };
  Object.assign(p, presets[form.get('person')] ?? presets.dinum);
  for (const name of textFields) {
    if (form.get(name)) p[name] = form.get(name);
  }
  for (const name of listFields) {
    if (form.get(name)) p[name] = form.get(name).split(/[\s,]+/).filter(Boolean);
  }
  if (form.get('custom')) p.custom = JSON.parse(form.get('custom'));
  p.uid ??= p.email.toLowerCase();
  p.idp_acr ??= p.acr;
  p.sub = subject(p.idp_id, p.uid);
  return p;
}
