// The registered service providers: one for each way in which ProConnect signs.

const defaultScope = 'openid given_name usual_name email uid siret phone idp_id custom roles organization_label';
const wholeScope = `${defaultScope} siren organizational_unit belonging_population chorusdt idp_acr`;

// uris are registered exactly; a site may keep its endpoints below a path.
function uris(origins, name) {
  return origins.flatMap((o) => [`${o}/.proconnect/${name}`, `${o}/admin/.proconnect/${name}`]);
}

function client(id, origins, idTokenAlg, userinfoAlg, scope) {
  return {
    client_id: id,
    client_secret: `${id}-secret-0123456789-0123456789-0123456789`,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: uris(origins, 'callback'),
    post_logout_redirect_uris: uris(origins, 'logged-out'),
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: idTokenAlg,
    ...(userinfoAlg ? { userinfo_signed_response_alg: userinfoAlg } : {}),
    require_auth_time: true,
    scope,
  };
}

export function clients(origins) {
  return [
    client('rs256', origins, 'RS256', 'RS256', defaultScope),
    client('es256', origins, 'ES256', 'ES256', defaultScope),
    client('hs256', origins, 'HS256', 'HS256', defaultScope),
    client('json', origins, 'RS256', '', defaultScope),
    client('whole', origins, 'RS256', 'RS256', wholeScope),
  ];
}
