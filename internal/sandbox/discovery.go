package sandbox

import "net/http"

// acrValues are the levels of assurance that ProConnect knows.
var acrValues = []string{
	"eidas0", "eidas0-mfa", "eidas1", "eidas1-mfa", "eidas2", "eidas3",
	"https://proconnect.gouv.fr/assurance/certification-dirigeant",
}

// discovery is OpenID Connect Discovery §4.2, with what is supported here only.
func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                 s.cfg.Issuer,
		"authorization_endpoint": s.cfg.Issuer + "/authorize",
		"end_session_endpoint":   s.cfg.Issuer + "/end-session",
		"token_endpoint":         s.cfg.Issuer + "/token",
		"userinfo_endpoint":      s.cfg.Issuer + "/userinfo",
		"jwks_uri":               s.cfg.Issuer + "/jwks",
		"acr_values_supported":   acrValues,
		"authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported":                     true,
		"claims_supported":                               supportedClaims(),
		"code_challenge_methods_supported":               []string{"S256"},
		"grant_types_supported":                          []string{"authorization_code"},
		"id_token_signing_alg_values_supported":          signingAlgs,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
		"response_modes_supported":                       []string{"query"},
		"response_types_supported":                       []string{"code"},
		"scopes_supported":                               supportedScopes(),
		"subject_types_supported":                        []string{"public"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_post"},
		"userinfo_signing_alg_values_supported":          signingAlgs,
	})
}

func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	keys, err := publicKeys()
	if err != nil {
		writeError(w, http.StatusInternalServerError, "server_error", "no key could be made")
		return
	}
	writeJSON(w, http.StatusOK, keys)
}
