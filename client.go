package proconnect

import (
	"sync"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/sandbox"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// Client is one client, as registered at ProConnect, and what its sites have in
// common.
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

	gates       []*Handler             // of all sites
	afterLogout map[logoutPlace]string // where people go on
	gateHints   map[string]hints       // by their keys

	mu      sync.Mutex
	needed  []claims.Ref
	request *claims.Request // what is asked of ProConnect; nil until the first login
}

// Session says how sessions are kept.
type Session struct {
	// How long a session lasts, counted from the first login. Default: 12 hours.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`

	// After how long without a request a session ends; a new login begins a new
	// one. Requests of the site's own scripts count, too. From a minute to less
	// than the lifetime. Default: never.
	Idle caddy.Duration `json:"idle,omitempty"`

	// After how long ProConnect is to confirm a session: the next page passes by
	// ProConnect, without a question to the person (`prompt=none`). While ProConnect
	// does not answer, sessions go on for as long again. From a minute to less than
	// the lifetime. Default: never.
	Renew caddy.Duration `json:"renew,omitempty"`

	// Keep sessions when the browser is closed, for what remains of the lifetime.
	// Default: they end with the browser.
	Persistent bool `json:"persistent,omitempty"`

	// Keys of 32 random bytes each, in base64 or hex: the first seals, all open.
	// Placeholders as for the client secret. Default: keys are made and rotated in
	// Caddy's storage.
	Secrets []string `json:"secret,omitempty"`

	// The name of the cookie, without the `__Host-` that is put in front.
	// Default: `proconnect`, or `proconnect-<client>` for a named client.
	CookieName string `json:"cookie_name,omitempty"`
}
