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

// Client is a client as registered at ProConnect (a relying party of OpenID
// Connect), and what the sites that use it have in common.
type Client struct {
	// Which ProConnect to use: `production`, `integration`, `production-rie` and
	// `integration-rie` (on the State's internal network), or `sandbox`, which is
	// simulated inside Caddy and serves this machine alone. Either `environment`
	// or `issuer` is required.
	Environment string `json:"environment,omitempty"`

	// The issuer of another ProConnect, exactly as its discovery document has it
	// (OpenID Connect Discovery 1.0 section 3): an https URL, or http on loopback.
	Issuer string `json:"issuer,omitempty"`

	// The client ID. Placeholders such as `{env.NAME}` and `{file./path}` are
	// replaced when the configuration loads; one without a value is an error.
	// Required except in the sandbox.
	ClientID string `json:"client_id,omitempty"`

	// The client secret. Placeholders are replaced as in the client ID. A secret
	// that is written out draws a warning, because Caddy's admin API shows the
	// configuration. Required except in the sandbox.
	ClientSecret string `json:"client_secret,omitempty"`

	// The algorithm with which ProConnect signs this client's ID tokens, as
	// registered: `RS256`, `ES256` or `HS256`. A token signed with another one is
	// refused. Default: `RS256`.
	SigningAlg string `json:"signing_alg,omitempty"`

	// The algorithm with which ProConnect signs this client's userinfo, as
	// registered: `RS256`, `ES256`, `HS256`, or `none` for plain JSON. Another
	// one is refused. Default: that of `signing_alg`.
	UserinfoSigningAlg string `json:"userinfo_signing_alg,omitempty"`

	// The scopes to request. A scope that begins with `+` is added to the default.
	// What rules, matchers and `claims` need is always added. A scope that
	// ProConnect does not know is an error. Default: openid given_name usual_name
	// email uid siret idp_id roles organization_label.
	Scopes []string `json:"scopes,omitempty"`

	// Further claims to keep in the session, for placeholders and headers:
	// `phone_number`, `chorusdt:matricule`, `chorusdt:societe`, `idp_acr`,
	// `belonging_population`, `organizational_unit` or `custom.<path>`. Default:
	// none beyond those of the default scopes.
	Claims []string `json:"claims,omitempty"`

	// The path of a PEM file with certificate authorities to trust for
	// connections to ProConnect, in addition to the system's.
	CA string `json:"ca,omitempty"`

	// How sessions are kept.
	Session *Session `json:"session,omitempty"`

	// What the audit log tells of people.
	Audit *Audit `json:"audit,omitempty"`

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
	audit      *auditor

	expected []claims.Ref // what matchers read

	gates     []*Handler       // of all sites
	gateHints map[string]hints // by their keys

	mu      sync.Mutex
	needed  []claims.Ref
	request *claims.Request // what is asked of ProConnect; nil until the first login
}

// Session configures how sessions are kept: each in one sealed cookie of the
// site's host.
type Session struct {
	// How long a session lasts after the login that began it, from 1 minute to 30
	// days. Activity does not extend it. Default: 12 hours.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`

	// The keys that seal cookies: 32 random bytes each, in base64 or hex. The
	// first one seals, all of them open. Placeholders are replaced as in the
	// client secret. Default: keys are made, kept in Caddy's storage and rotated
	// every 30 days.
	Secrets []string `json:"secret,omitempty"`

	// The name of the cookie, of letters, digits and hyphens; `__Host-` is put in
	// front of it. Default: `proconnect`, or `proconnect-<client>` for a client
	// with a name.
	CookieName string `json:"cookie_name,omitempty"`

	// What a session is worth after a restart, until Caddy's storage was read and
	// tells who logged out: by default nothing, those who have one are asked to come
	// back (503); with `accept` it counts, and so do those that were logged out.
	StorageDown string `json:"storage_down,omitempty"`
}
