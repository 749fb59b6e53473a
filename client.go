package proconnect

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/sandbox"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// Client is one link to ProConnect: a client as it was registered there, and
// what its sites have in common.
type Client struct {
	// Which ProConnect: `production`, `integration`, `production-rie`,
	// `integration-rie` (the State's internal network) or `sandbox` (a simulated
	// one inside this process, for this machine alone). Either this or an issuer
	// is required.
	Environment string `json:"environment,omitempty"`

	// The issuer of another ProConnect: an https URL, or http on loopback,
	// exactly as its discovery document spells it.
	Issuer string `json:"issuer,omitempty"`

	// The client ID as registered. Placeholders such as `{env.NAME}` and
	// `{file./path}` are resolved when the configuration loads; an unset one is
	// an error. Required, but in the sandbox.
	ClientID string `json:"client_id,omitempty"`

	// The client secret as registered; as for the client ID. A literal one draws
	// a warning, because Caddy's admin API shows the configuration.
	ClientSecret string `json:"client_secret,omitempty"`

	// How the client is registered to get ID tokens signed: `RS256` (default),
	// `ES256` or `HS256`. A token signed otherwise is refused.
	SigningAlg string `json:"signing_alg,omitempty"`

	// How the client is registered to get userinfo: signed by `RS256`, `ES256`
	// or `HS256`, or `none` for plain JSON. Default: as `signing_alg`.
	UserinfoSigningAlg string `json:"userinfo_signing_alg,omitempty"`

	// The scopes asked of everybody. With a `+` in front, one is added to the
	// default: openid given_name usual_name email uid siret idp_id roles
	// organization_label. What rules, matchers and `claims` need is added by
	// itself.
	Scopes []string `json:"scopes,omitempty"`

	// Further claims to keep for placeholders and headers: phone_number,
	// chorusdt:matricule, chorusdt:societe, idp_acr, belonging_population,
	// organizational_unit, or custom.<path>.
	Claims []string `json:"claims,omitempty"`

	// A PEM file of certificate authorities to trust for ProConnect beside the
	// system's.
	CA string `json:"ca,omitempty"`

	// How sessions are kept.
	Session *Session `json:"session,omitempty"`

	// What the pages say, unless a gate says otherwise.
	Texts

	name       string
	app        *App
	secret     string // the client secret, resolved; empty in the sandbox, unless one is given
	log        *zap.Logger
	provider   *rp.Provider
	sandbox    *sandbox.Server
	close      func()
	cookieBase string
	keeper     *session.Keeper
	polling    lonely
	tokenCalls *tokenCalls

	expected []claims.Ref // what matchers read

	gates     []*Handler       // of all sites
	gateHints map[string]hints // by their keys

	mu      sync.Mutex
	needed  []claims.Ref
	request *claims.Request // what is asked of ProConnect; nil until the first login
}

// Session says how sessions are kept.
type Session struct {
	// How long a session lasts, counted from the first login. Default: 12 hours.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`

	// Keys of 32 random bytes each, in base64 or hex: the first seals, all open.
	// Placeholders as for the client secret. Default: keys are made and rotated in
	// Caddy's storage.
	Secrets []string `json:"secret,omitempty"`

	// The name of the cookie, without the `__Host-` that is put in front.
	// Default: `proconnect`, or `proconnect-<client>` for a named link.
	CookieName string `json:"cookie_name,omitempty"`
}

// provision resolves and checks the link.
func (c *Client) provision(ctx caddy.Context, a *App, name string) error {
	c.app, c.name, c.log = a, name, a.log.With(zap.String("client", name))
	for _, step := range []func(caddy.Context) error{
		c.provisionIssuer, c.provisionCredentials, c.provisionAlgs, c.provisionClaims, c.provisionSession, c.provisionProvider,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return c.Texts.check()
}

// provisionCredentials resolves the client ID and secret, once: a file that is written
// meanwhile would else have one secret checked and another one used. The resolved
// secret stays out of the exported field, which the admin API shows.
func (c *Client) provisionCredentials(caddy.Context) error {
	if c.Environment == sandboxEnvironment {
		c.secret, _ = resolve("client_secret", c.ClientSecret) // not used, but no session key either
		return nil
	}
	id, err := resolve("client_id", c.ClientID)
	if err != nil {
		return err
	}
	if err := checkSecret(c.ClientSecret); err != nil {
		return err
	}
	if c.secret, err = resolve("client_secret", c.ClientSecret); err != nil {
		return err
	}
	if literal(c.ClientSecret) {
		c.log.Warn("client_secret stands in the configuration, which Caddy's admin API shows: use {env.NAME} or {file./path}")
	}
	if strings.ContainsAny(id, "{}$ ") {
		return fmt.Errorf("client_id %q: a variable that nothing replaced? want {env.NAME}, {file./path} or the ID itself", id)
	}
	c.ClientID = id
	return nil
}

// resolve replaces the placeholders that are known when a configuration loads.
func resolve(option, value string) (string, error) {
	if value == "" {
		return "", fmt.Errorf("%s is missing: ProConnect's partner portal gave it with the client", option)
	}
	resolved, err := caddy.NewReplacer().ReplaceOrErr(value, true, true)
	if resolved = strings.TrimSpace(resolved); err != nil || resolved == "" {
		return "", fmt.Errorf("%s: %s", option, unresolved(value))
	}
	return resolved, nil
}

// unresolved says why there is no value. It repeats a placeholder that stands
// alone; anything else could be a piece of a secret.
func unresolved(value string) string {
	name, whole := strings.CutSuffix(value, "}")
	whole = whole && !strings.Contains(name, "}")
	switch {
	case whole && strings.HasPrefix(name, "{env."):
		return value + " is not set, or empty: give the process that runs Caddy this variable, or the file that sets it by --envfile"
	case whole && strings.HasPrefix(name, "{file."):
		return value + unreadable(strings.TrimPrefix(name, "{file."))
	}
	return `a placeholder in it is not known: want {env.NAME} or {file./path}; a brace that is meant is written \{`
}

func literal(value string) bool { return !rules.HoldsPlaceholder(value) }

// provisionAlgs pins the algorithms (RFC 8725 §3.1).
func (c *Client) provisionAlgs(caddy.Context) error {
	if c.SigningAlg == "" {
		c.SigningAlg = rp.RS256
	}
	if c.UserinfoSigningAlg == "" {
		c.UserinfoSigningAlg = c.SigningAlg
	}
	if err := checkAlg("signing_alg", c.SigningAlg, rp.RS256, rp.ES256, rp.HS256); err != nil {
		return err
	}
	return checkAlg("userinfo_signing_alg", c.UserinfoSigningAlg, rp.RS256, rp.ES256, rp.HS256, rp.None)
}

func checkAlg(option, alg string, known ...string) error {
	if slices.Contains(known, alg) {
		return nil
	}
	return fmt.Errorf("%s %q: want one of %s, as the client was registered", option, alg, strings.Join(known, ", "))
}

// hideCookies takes the cookies of every link out of a request.
func (c *Client) hideCookies(h http.Header) {
	if _, ok := h["Cookie"]; !ok {
		return
	}
	for _, base := range c.app.cookieBases {
		upstream.HideCookies(h, base)
	}
}
