// Package sandbox is a simulated ProConnect that lives in the process of the
// site it serves: the whole journey works offline, without credentials, and
// whoever sits at the keyboard chooses who to be.
//
// It behaves as the federation server does, its oddities included, so that what
// works here works there. It shares no code with the relying party: the two
// could otherwise agree on a fault.
//
// It authenticates nobody. Whoever mounts it has to keep everybody but the
// developer's own machine away from what it opens.
package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// CookieName is the cookie of the simulated single sign-on session.
const CookieName = "proconnect_sandbox"

// Lifetimes as observed on the real server.
const (
	sessionLifetime = 12 * time.Hour
	codeLifetime    = 10 * time.Minute
	tokenLifetime   = time.Hour
)

// tableSize bounds each table in memory: the oldest entry makes room.
const tableSize = 1000

// Config is the one client that the sandbox knows, as it would be registered.
type Config struct {
	// Issuer is the issuer's URL. Nothing listens there: [Server.Transport]
	// answers for it.
	Issuer string

	// ClientID and ClientSecret are the client's credentials.
	ClientID, ClientSecret string

	// SigningAlg signs ID tokens: RS256 (the default), ES256 or HS256.
	SigningAlg string

	// UserinfoSigningAlg signs userinfo: the same, or "none" for plain JSON.
	UserinfoSigningAlg string

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is a simulated ProConnect. As an [http.Handler] it is what browsers see,
// with paths relative to where it is mounted; what servers call is reached
// through [Server.Transport] only.
type Server struct {
	cfg      Config
	issuer   *url.URL
	sessions *table[session] // by the cookie's value
	codes    *table[*grant]  // by authorization code
	tokens   *table[*grant]  // by access token
}

// New checks the configuration. It makes no key yet: that happens at the first need.
func New(cfg Config) (*Server, error) {
	cfg.SigningAlg = cmp.Or(cfg.SigningAlg, "RS256")
	cfg.UserinfoSigningAlg = cmp.Or(cfg.UserinfoSigningAlg, "RS256")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ClientID == "" || cfg.ClientSecret == "" {
		return nil, errors.New("sandbox: client id and secret: want both")
	}
	if !slices.Contains(signingAlgs, cfg.SigningAlg) {
		return nil, fmt.Errorf("sandbox: signing algorithm %q: want one of %s", cfg.SigningAlg, strings.Join(signingAlgs, ", "))
	}
	if cfg.UserinfoSigningAlg != "none" && !slices.Contains(signingAlgs, cfg.UserinfoSigningAlg) {
		return nil, fmt.Errorf("sandbox: userinfo signing algorithm %q: want none or one of %s", cfg.UserinfoSigningAlg, strings.Join(signingAlgs, ", "))
	}
	issuer, err := url.Parse(cfg.Issuer)
	if err != nil || issuer.Scheme != "https" || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || strings.HasSuffix(issuer.Path, "/") {
		return nil, fmt.Errorf("sandbox: issuer %q: want an https URL without a trailing slash", cfg.Issuer)
	}
	return &Server{
		cfg:      cfg,
		issuer:   issuer,
		sessions: newTable[session](tableSize, sessionLifetime, cfg.Now),
		codes:    newTable[*grant](tableSize, codeLifetime, cfg.Now),
		tokens:   newTable[*grant](tableSize, tokenLifetime, cfg.Now),
	}, nil
}

// ServeHTTP answers browsers: the authorization and end session endpoints, and
// nothing else. A page of the gated site must not be able to read tokens or
// userinfo from its own origin.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	endpoint := map[string]http.HandlerFunc{
		"/authorize":     s.authorize,
		"/end-session":   s.endSession,
		"/" + style.name: style.serve,
		"/" + icon.name:  icon.serve,
	}[r.URL.Path]
	if endpoint == nil {
		s.fail(w, r, http.StatusNotFound, errors.New("no such page"))
		return
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, r.Method) {
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.fail(w, r, http.StatusMethodNotAllowed, errors.New("method: want GET, HEAD or POST"))
		return
	}
	// A foreign page must not log this browser in as somebody by posting our form.
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		s.fail(w, r, http.StatusForbidden, errors.New("form: sent by another site"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	endpoint(w, r)
}
