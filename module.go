package proconnect

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

func init() {
	caddy.RegisterModule(Handler{})
}

// Handler is a gate: it lets a request pass when ProConnect says who the person
// is and the rules admit them. It answers the login, callback and logout
// endpoints, and hands the identity on as placeholders `{http.auth.user.*}`.
//
// It belongs in a route without matchers: where it gates is its own `match`, so
// that it deletes forged identity headers and its cookies everywhere.
type Handler struct {
	// The client, by its name in the `proconnect` app.
	// Default: `default`.
	Client string `json:"client,omitempty"`

	// Where to gate. Default: everywhere.
	MatcherSetsRaw caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	// Who may enter: any `allow` that holds admits, unless a `deny` fires.
	// At least one `allow` is required.
	Rules []rules.Rule `json:"rules,omitempty"`

	// Levels of assurance, any of which is required of everybody, on every
	// request, whatever rule admits them.
	ACR []string `json:"acr,omitempty"`

	// What a stranger meets: `page` (default), a page with ProConnect's button;
	// `auto`, straight to ProConnect; or `silent`: once for a browser, until it is
	// closed, ProConnect is asked without a question to the person (`prompt=none`),
	// and who is not logged in there meets the page. `silent` does not go with
	// `optional`.
	Login string `json:"login,omitempty"`

	// Let strangers pass with empty placeholders, and people whom the rules
	// refuse as strangers. This is not access control.
	Optional bool `json:"optional,omitempty"`

	// Hand the identity on as request headers with this prefix, which ends in a
	// hyphen; such headers of the client's are deleted. Default: off.
	Headers string `json:"headers,omitempty"`

	// The site's public scheme and host, behind another proxy. Required where the
	// site answers any host. Default: from the connection and the routed host.
	Origin string `json:"origin,omitempty"`

	// Where the gate's endpoints live. Default: `/.proconnect`.
	Path string `json:"path,omitempty"`

	// The redirect URI's path, if one is registered elsewhere already.
	// Default: `<path>/callback`.
	CallbackPath string `json:"callback_path,omitempty"`

	// The post-logout redirect URI's path, likewise.
	// Default: `<path>/logged-out`.
	LoggedOutPath string `json:"logged_out_path,omitempty"`

	// Where people go on after a logout: a path of this site, or a URL, https or on
	// loopback. The logged-out page leads there by itself; where ProConnect could not
	// be reached, by a link. The gates of a site that have the same `path` share it.
	// Default: the page has a link to `/`.
	AfterLogout string `json:"after_logout,omitempty"`

	// The identity provider to send people to, by its idp_id.
	IDPHint string `json:"idp_hint,omitempty"`

	// The organisation to suggest, by its SIRET. It is not access control.
	SiretHint string `json:"siret_hint,omitempty"`

	// What the pages say.
	Texts

	// Who answers refused people and errors: `builtin` (default), the gate's
	// pages; or `caddy`, the site's `handle_errors`.
	Errors string `json:"errors,omitempty"`

	client *Client
	log    *zap.Logger
	match  upstream.Matcher
	rules  *rules.Set
	origin *origin.Origin
	exact  bool    // the site answers exactly the hosts it names
	probes *probes // of which hosts the callback comes back to us
	csrf   *http.CrossOriginProtection

	logouts logoutPlace

	reports  *reports
	refusals *refusals
}

// Rule and Condition are what a gate's rules are made of, for programs that build a
// configuration in Go.
type (
	Rule      = rules.Rule
	Condition = rules.Condition
)

// Values of Login and Errors.
const (
	loginPage     = "page"
	loginAuto     = "auto"
	loginSilent   = "silent"
	errorsBuiltin = "builtin"
	errorsCaddy   = "caddy"
)

const (
	defaultPath = "/.proconnect"
)

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.proconnect",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
