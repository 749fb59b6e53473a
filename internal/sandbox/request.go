package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// authorizationParams are all that the server knows. It announces that any other
// is an error; today it ignores them, a client that relies on that will break.
var authorizationParams = []string{
	"client_id", "response_type", "redirect_uri", "scope", "state", "nonce", "claims", "acr_values", "prompt", "login_hint",
	"siret_hint", "idp_hint", "response_mode", "code_challenge", "code_challenge_method", "max_age",
}

// authorization is an authorization request that was found well-formed.
type authorization struct {
	params       url.Values // as they came, for the form to send them again
	redirectURI  *url.URL
	scopes       []string // the granted ones
	essentialACR []string // the person's acr must be one of these; nil: any will do
	wantACR      bool     // acr and amr are in the ID token only if asked for
	wantAMR      bool
}

func (a *authorization) prompts(p string) bool {
	return slices.Contains(strings.Fields(a.params.Get("prompt")), p)
}

// splitParams tells the OAuth parameters from the fields of the login form. They
// are in the query, or in the form's hidden fields when it is posted.
func splitParams(r *http.Request) (oauth, form url.Values, err error) {
	oauth, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, errors.New("query: malformed")
	}
	if r.Method != http.MethodPost {
		return oauth, nil, nil
	}
	if r.ParseForm() != nil {
		return nil, nil, errors.New("form: malformed, or too large")
	}
	form, others := make(url.Values), make(url.Values)
	for name, values := range r.PostForm {
		if slices.Contains(formFields, name) {
			form[name] = values
		} else {
			others[name] = values
		}
	}
	if others.Has("client_id") {
		return others, form, nil
	}
	return oauth, form, checkNoOthers(others)
}

// parseAuthorization checks a request as the real server does. What it refuses is
// answered with a page of ProConnect's own, never with a redirect: a malformed
// request does not prove where it comes from.
func (s *Server) parseAuthorization(v url.Values) (*authorization, error) {
	if err := checkNames(v, authorizationParams); err != nil {
		return nil, err
	}
	if v.Get("client_id") != s.cfg.ClientID {
		return nil, errors.New("client_id: unknown client")
	}
	redirectURI, err := loopbackURL(v.Get("redirect_uri"))
	if err != nil {
		return nil, fmt.Errorf("redirect_uri: %w", err)
	}
	if err := cmp.Or(checkPlain(v), checkOpaque(v), checkPrompt(v), checkPKCE(v), checkHints(v)); err != nil {
		return nil, err
	}
	a := &authorization{params: v, redirectURI: redirectURI, scopes: grantedScopes(v.Get("scope"))}
	if !slices.Contains(a.scopes, "openid") {
		return nil, errors.New("scope: want openid in it")
	}
	return a, a.parseClaims(v.Get("claims"))
}

// checkNames refuses parameters that are unknown or, by RFC 6749 §3.1, repeated.
func checkNames(v url.Values, known []string) error {
	for name, values := range v {
		if !slices.Contains(known, name) {
			return fmt.Errorf("parameter %.40q: unknown to ProConnect", name)
		}
		if len(values) != 1 {
			return fmt.Errorf("%s: given %d times", name, len(values))
		}
	}
	return nil
}

func checkPlain(v url.Values) error {
	if v.Get("response_type") != "code" {
		return errors.New("response_type: want code")
	}
	if m := v.Get("response_mode"); m != "" && m != "query" {
		return errors.New("response_mode: want query")
	}
	return nil
}

// How long a nonce and a state may be. The real server's own limit is on the nonce; a
// state of 8 000 characters it returned whole.
const (
	maxNonce = 512
	maxState = 8000
)

// checkOpaque holds state and nonce to what the documentation asks for.
func checkOpaque(v url.Values) error {
	if err := opaque(v.Get("state"), maxState); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if err := opaque(v.Get("nonce"), maxNonce); err != nil {
		return fmt.Errorf("nonce: %w", err)
	}
	return nil
}

func opaque(s string, most int) error {
	if len(s) < 32 || len(s) > most {
		return fmt.Errorf("want 32 to %d characters, got %d", most, len(s))
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("want printable ASCII")
	}
	return nil
}

func checkPrompt(v url.Values) error {
	prompts := strings.Fields(v.Get("prompt"))
	for _, p := range prompts {
		if !slices.Contains([]string{"login", "consent", "none"}, p) {
			return errors.New("prompt: want login, consent or none")
		}
	}
	if len(prompts) > 1 && slices.Contains(prompts, "none") {
		return errors.New("prompt: none excludes other values")
	}
	return nil
}

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// checkPKCE accepts no challenge, or a SHA-256 one (RFC 7636 §4.2).
func checkPKCE(v url.Values) error {
	challenge, method := v.Get("code_challenge"), v.Get("code_challenge_method")
	if challenge == "" && method == "" {
		return nil
	}
	if method != "S256" {
		return errors.New("code_challenge_method: want S256")
	}
	if !challengePattern.MatchString(challenge) {
		return errors.New("code_challenge: want 43 characters of base64url")
	}
	return nil
}

func checkHints(v url.Values) error {
	if h := v.Get("login_hint"); v.Has("login_hint") {
		if a, err := mail.ParseAddress(h); err != nil || a.Address != h {
			return errors.New("login_hint: want an email address")
		}
	}
	if v.Has("siret_hint") && len(v.Get("siret_hint")) != 14 {
		return errors.New("siret_hint: want 14 characters")
	}
	return nil
}

// loopbackURL reads a URL of this very machine: the sandbox sends nobody elsewhere.
func loopbackURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return nil, errors.New("want an absolute http or https URL")
	case strings.Contains(raw, "#"):
		return nil, errors.New("want no fragment")
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	if host != "localhost" && !strings.HasSuffix(host, ".localhost") && !ip.IsLoopback() {
		return nil, errors.New("want a loopback host: the sandbox serves this machine only")
	}
	return u, nil
}
