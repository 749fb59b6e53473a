package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// grant is what a code stands for, and the access token it is exchanged for.
type grant struct {
	*authorization
	sessionID   string
	accessToken string
	authTime    time.Time // zero with prompt=consent
	used        atomic.Bool
	revoked     atomic.Bool
}

// token is the token endpoint: authorization_code with client_secret_post.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", "malformed request body")
		return
	}
	form := r.PostForm
	switch {
	case repeated(form):
		writeError(w, http.StatusBadRequest, "invalid_request", "a parameter is repeated")
	case !s.authenticated(r):
		if g, ok := s.codes.get(form.Get("code")); ok {
			g.used.Store(true) // a library that probes Basic first burns the code
		}
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
	case form.Get("grant_type") != "authorization_code":
		writeError(w, http.StatusBadRequest, "unsupported_grant_type", "unsupported grant_type requested")
	case form.Get("code") == "" || form.Get("redirect_uri") == "":
		writeError(w, http.StatusBadRequest, "invalid_request", "missing required parameter(s)")
	case form.Has("code_verifier") && !verifierPattern.MatchString(form.Get("code_verifier")):
		writeError(w, http.StatusBadRequest, "invalid_request", "code_verifier is malformed")
	default:
		s.exchange(w, form)
	}
}

func repeated(v url.Values) bool {
	for _, values := range v {
		if len(values) != 1 {
			return true
		}
	}
	return false
}

// authenticated wants the secret in the body, and there only (RFC 6749 §2.3: one
// method in each request, and this client is registered for this one).
func (s *Server) authenticated(r *http.Request) bool {
	id := subtle.ConstantTimeCompare([]byte(r.PostForm.Get("client_id")), []byte(s.cfg.ClientID))
	secret := subtle.ConstantTimeCompare([]byte(r.PostForm.Get("client_secret")), []byte(s.cfg.ClientSecret))
	return id&secret == 1 && r.Header.Get("Authorization") == ""
}

// exchange turns a code into tokens, once. Reuse revokes what the code gave
// (RFC 6749 §4.1.2).
func (s *Server) exchange(w http.ResponseWriter, form url.Values) {
	g, ok := s.codes.get(form.Get("code"))
	if !ok || g.params.Get("redirect_uri") != form.Get("redirect_uri") || !g.proves(form.Get("code_verifier")) {
		writeError(w, http.StatusBadRequest, "invalid_grant", "grant request is invalid")
		return
	}
	if g.used.Swap(true) {
		g.revoked.Store(true)
		writeError(w, http.StatusBadRequest, "invalid_grant", "grant request is invalid")
		return
	}
	current, ok := s.sessions.get(g.sessionID)
	if !ok {
		writeError(w, http.StatusInternalServerError, "server_error", "oops! something went wrong")
		return
	}
	idToken, err := s.idToken(g, current)
	if err != nil {
		writeError(w, http.StatusInternalServerError, "server_error", "oops! something went wrong")
		return
	}
	s.tokens.put(g.accessToken, g)
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token":  g.accessToken,
		"refresh_token": rand.Text(),
		"expires_in":    int(tokenLifetime.Seconds()),
		"id_token":      idToken,
		"scope":         strings.Join(g.scopes, " "),
		"token_type":    "Bearer",
	})
}

var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// proves checks PKCE: a verifier is wanted if, and only if, there was a challenge.
func (g *grant) proves(verifier string) bool {
	challenge := g.params.Get("code_challenge")
	if challenge == "" || verifier == "" {
		return challenge == verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// idToken says who, and nothing of the person: that is userinfo's.
func (s *Server) idToken(g *grant, current session) (string, error) {
	now := s.cfg.Now().Unix()
	half := sha256.Sum256([]byte(g.accessToken))
	claims := map[string]any{
		"sub":     current.sub,
		"nonce":   g.params.Get("nonce"),
		"at_hash": base64.RawURLEncoding.EncodeToString(half[:16]),
		"aud":     s.cfg.ClientID,
		"exp":     now + int64(tokenLifetime.Seconds()),
		"iat":     now,
		"iss":     s.cfg.Issuer,
	}
	if !g.authTime.IsZero() {
		claims["auth_time"] = g.authTime.Unix()
	}
	if g.wantACR {
		claims["acr"] = current.acr()
	}
	if g.wantAMR && len(current.amr) > 0 {
		claims["amr"] = current.amr
	}
	return s.sign(s.cfg.SigningAlg, claims)
}
