package proconnect

import (
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/sandbox"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
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

	// The origin of one site that ProConnect answers for all sites of the client, so
	// that its redirect URIs are all that is registered: a URL with scheme and host
	// alone, https but in the sandbox. A gate of the client, and nothing else, must
	// be there; it sends people on to the site that they came from. Default: each
	// site's own.
	CallbackOrigin string `json:"callback_origin,omitempty"`

	// The names of the sites that may use `callback_origin`. A name counts where a
	// gate of the client answers it. Default: those that the sites of the client
	// say, and all names of their wildcards that have at least three labels after
	// the `*`.
	CallbackHosts []string `json:"callback_hosts,omitempty"`

	// Files with such names, one a line: absolute paths. They are read again when
	// they change.
	CallbackHostsFrom []string `json:"callback_hosts_from,omitempty"`

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
	counts     *clientMetrics
	keySeen    time.Time // when the key was made that sealed at the last look
	relay      *relay    // nil without callback_origin
	logo       *pages.File

	firstAnswer *firstAnswer // nil: nothing is to be asked when Caddy starts

	expected []claims.Ref // what matchers read

	gates       []*Handler             // of all sites
	afterLogout map[logoutPlace]string // where people go on
	gateHints   map[string]hints       // by their keys

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

	// How long a session lasts without a request. What the site's own scripts ask
	// for counts. From 1 minute to less than the lifetime. Default: as long as the
	// lifetime.
	Idle caddy.Duration `json:"idle,omitempty"`

	// After how long ProConnect is to confirm a session: the next page passes by
	// ProConnect without a question to the person (`prompt=none`). While ProConnect
	// does not answer, sessions go on for as long again. From 1 minute to less than
	// the lifetime. Default: never.
	Renew caddy.Duration `json:"renew,omitempty"`

	// If true, sessions outlive the browser's end, for what remains of the
	// lifetime. Default: false.
	Persistent bool `json:"persistent,omitempty"`

	// The keys that seal cookies: 32 random bytes each, in base64 or hex. The
	// first one seals, all of them open. Placeholders are replaced as in the
	// client secret. Default: keys are made, kept in Caddy's storage and rotated
	// every 30 days.
	Secrets []string `json:"secret,omitempty"`

	// The name of the cookie, of letters, digits and hyphens; `__Host-` is put in
	// front of it. Default: `proconnect`, or `proconnect-<client>` for a client
	// with a name. Whoever changes it ends all sessions, by `caddy proconnect
	// rotate`: cookies of the old name are hidden from the site no longer, and open
	// sessions until they end.
	CookieName string `json:"cookie_name,omitempty"`

	// What a session is worth after a restart, until Caddy's storage was read and
	// tells who logged out: by default nothing, those who have one are asked to come
	// back (503); with `accept` it counts, and so do those that were logged out.
	StorageDown string `json:"storage_down,omitempty"`
}
