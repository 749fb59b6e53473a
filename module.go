package proconnect

import (
	"cmp"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

func init() {
	caddy.RegisterModule(Handler{})
}

// Handler is a gate: it lets a request pass if the person has logged in with
// ProConnect and the rules admit them. It answers the login, callback, logout
// and session endpoints itself.
//
// It belongs in a route without matchers: where it gates is its own `match`.
// That way it sees every request of the site, and deletes forged identity
// headers and its own cookies everywhere.
//
// This module sets the following placeholders, for the handlers after it and
// for the access log. A placeholder without a value is empty:
//
// Placeholder | Description
// ------------|-------------
// `{http.auth.user.id}` | The person's `sub`, which stays the same. The access log prints it as `user_id`.
// `{http.auth.user.name}` | The given name and the usual name, separated by a space.
// `{http.auth.user.<claim>}` | A claim by ProConnect's name: `sub`, `given_name`, `usual_name`, `email`, `uid`, `siret`, `siren`, `idp_id`, `roles`, `organization_label`, `belonging_population`, `organizational_unit`, `acr`, `amr`, `phone_number`, `chorusdt:matricule`, `chorusdt:societe`, `idp_acr`, or `custom.<path>`. Values of a list are separated by a space. Text has no control characters and none of `{ } < >`; escape it in HTML all the same.
// `{http.auth.candidate.*}` | The same, of a person whom the rules refused. Such a person is never in `{http.auth.user.*}`.
// `{http.proconnect.decision}` | `allow`, `deny`, `step_up` (a second factor is required) or `login` (nobody is logged in). Empty where no gate matches.
// `{http.proconnect.reason}` | Why, in fixed words and field names, without values.
// `{http.proconnect.reference}` | The reference on the page of a refusal or an error, which is also in the log.
// `{http.proconnect.login_url}` | The path that logs in and returns to this page.
// `{http.proconnect.logout_url}` | The path that logs out.
type Handler struct {
	// The name of the client, in the `proconnect` app, that people log in with.
	// A name that the app does not have is an error. Default: `default`.
	Client string `json:"client,omitempty"`

	// The matchers of the requests that this gate protects. Default: all
	// requests. A matcher that can match nothing is an error.
	MatcherSetsRaw caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	// The rules that decide who may enter. A person is admitted if at least one
	// `allow` holds and no `deny` does. At least one `allow` is required. The
	// rules are evaluated on every request.
	Rules []rules.Rule `json:"rules,omitempty"`

	// Rules that are tried on everybody whom this gate admits, and that decide
	// nothing: whom they would refuse is logged, as `would_refuse`, and counted. What
	// they read is asked of ProConnect. Default: none.
	Report []rules.Rule `json:"report,omitempty"`

	// Levels of authentication (`acr`, OpenID Connect Core 1.0 section 2), of
	// which everybody must reach one, whichever rule admits them. ProConnect
	// compares levels exactly, so all that will do must be listed. Default: any
	// level.
	ACR []string `json:"acr,omitempty"`

	// How a person who is not logged in gets to ProConnect: `page` shows a page
	// with ProConnect's button, `auto` redirects at once, `silent` asks ProConnect
	// once for a browser, until it is closed, without a question to the person
	// (`prompt=none`), and shows the page to those who are not logged in there.
	// Without a click, one tab of a browser goes at a time; the others wait for it.
	// `silent` does not go with `optional`. Default: `page`.
	Login string `json:"login,omitempty"`

	// If true, everybody passes: people who are not logged in with empty
	// placeholders, and people whom the rules refuse as if they were not logged
	// in. This is not access control. Default: false.
	Optional bool `json:"optional,omitempty"`

	// The prefix of the request headers that carry the identity to the next
	// handlers, such as `X-ProConnect-`. It must end in a hyphen. Request headers
	// of clients that begin with it are always deleted. Default: no headers.
	Headers string `json:"headers,omitempty"`

	// How the values of identity headers are written: `percent` writes every byte of
	// the UTF-8 that is no visible ASCII character, and `%`, as `%` and two hexadecimal
	// digits (RFC 3986 section 2.1). One decoding as JavaScript's `decodeURIComponent`,
	// Python's `unquote`, PHP's `rawurldecode` or Go's `url.PathUnescape` do it gives
	// the exact text; a space that is written as itself separates the values of a list.
	// Gates of a site that have the same prefix must agree. Default: UTF-8, as it is.
	HeadersEncoding string `json:"headers_encoding,omitempty"`

	// The site's public scheme and host, such as `https://docs.example.gouv.fr`.
	// Required behind a proxy that ends TLS, unless `trusted_proxies` names it,
	// and on a site that answers any host or, without `callback_origin`, a wildcard.
	// Default: the scheme of the connection and the site's host.
	Origin string `json:"origin,omitempty"`

	// The path of the gate's endpoints. Everything under it is answered by the
	// gate. Default: `/.proconnect`.
	Path string `json:"path,omitempty"`

	// The path of the redirect URI, if another one is registered at ProConnect
	// already. Default: `<path>/callback`.
	CallbackPath string `json:"callback_path,omitempty"`

	// The path of the post-logout redirect URI, if another one is registered at
	// ProConnect already. Default: `<path>/logged-out`.
	LoggedOutPath string `json:"logged_out_path,omitempty"`

	// Where people go on after a logout: a path of this site, or an https URL
	// (http on loopback). The logged-out page leads there by itself; where
	// ProConnect could not be reached, by a link. The gates of a site that have
	// the same `logged_out_path` share it. Default: the page has a link to `/`.
	AfterLogout string `json:"after_logout,omitempty"`

	// The `idp_id` of the identity provider that this gate sends people to
	// (ProConnect's parameter `idp_hint`). Default: people choose by their email
	// address.
	IDPHint string `json:"idp_hint,omitempty"`

	// The SIRET, 14 digits, of the organisation that ProConnect suggests to
	// people (its parameter `siret_hint`). They may choose another one: this is
	// not access control. Default: none.
	SiretHint string `json:"siret_hint,omitempty"`

	// What the pages of this gate say. Default: what the client's say.
	Texts

	// Who answers refusals and errors: `builtin` shows the gate's own pages,
	// `caddy` leaves them to the site's error routes (`handle_errors`). Default:
	// `builtin`.
	Errors string `json:"errors,omitempty"`

	around site // what is known of the site that the gate is in
	client *Client
	log    *zap.Logger
	match  upstream.Matcher
	rules  *rules.Set
	origin *origin.Origin
	exact  bool    // the site answers exactly the hosts it names
	probes *probes // of which hosts the callback comes back to us
	csrf   *http.CrossOriginProtection

	logouts logoutPlace
	logo    *pages.File

	site     string // what logs and metrics call it
	key      gateKey
	counts   *gateMetrics
	tried    *rules.Set // nil: the gate has no report
	causes   *damper    // of faults
	refusals *damper
	stepUps  *damper
	entries  *damper
	would    *damper
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

func (h *Handler) setDefaults() {
	h.Login = cmp.Or(h.Login, loginPage)
	h.Errors = cmp.Or(h.Errors, errorsBuiltin)
	h.Path = cmp.Or(h.Path, defaultPath)
	h.CallbackPath = cmp.Or(h.CallbackPath, h.Path+"/callback")
	h.LoggedOutPath = cmp.Or(h.LoggedOutPath, h.Path+"/logged-out")
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)

// logoutPlace is where logouts end for which several gates may have said where to go on.
type logoutPlace struct {
	server      *caddyhttp.Server
	hosts, path string
}
