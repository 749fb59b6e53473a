package sandbox

import (
	"net/http"
	"strings"
)

// userinfo tells of the person what the granted scopes allow, from the live
// session: once the person has logged out it fails, as on the real server.
func (s *Server) userinfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	g, ok := s.tokens.get(token)
	if !strings.EqualFold(scheme, "Bearer") || !ok || g.revoked.Load() {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="invalid token provided"`)
		writeError(w, http.StatusUnauthorized, "invalid_token", "invalid token provided")
		return
	}
	current, ok := s.sessions.get(g.sessionID)
	if !ok {
		writeError(w, http.StatusInternalServerError, "server_error", "oops! something went wrong")
		return
	}
	claims := userinfoClaims(current, g.scopes)
	if s.cfg.UserinfoSigningAlg == "none" {
		writeJSON(w, http.StatusOK, claims)
		return
	}
	now := s.cfg.Now().Unix()
	claims["iss"], claims["aud"] = s.cfg.Issuer, s.cfg.ClientID
	claims["iat"], claims["exp"] = now, now+int64(tokenLifetime.Seconds())
	jwt, err := s.sign(s.cfg.UserinfoSigningAlg, claims)
	if err != nil {
		writeError(w, http.StatusInternalServerError, "server_error", "oops! something went wrong")
		return
	}
	w.Header().Set("Content-Type", "application/jwt; charset=utf-8")
	_, _ = w.Write([]byte(jwt)) // into memory
}
