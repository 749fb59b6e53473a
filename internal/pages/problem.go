package pages

import "slices"

// Problem is the page for what went wrong, with what to do next.
type Problem struct {
	Code      string   // one of the codes
	RetryURL  string   // where to try again; may be empty
	SwitchURL string   // where to change account; may be empty
	HomeURL   string   // the site's first page; may be empty
	Detail    []string // facts that whoever runs the site needs; nothing secret
}

// Codes of a [Problem].
const (
	AttemptUnknown      = "attempt_unknown"      // no such login attempt: expired, used, malformed
	OtherBrowser        = "other_browser"        // the attempt is of another browser, or this one refuses cookies
	RelayRefused        = "relay_refused"        // ProConnect's answer is for no site that may have it
	LoginFailed         = "login_failed"         // ProConnect's answer could not be verified
	ProviderUnavailable = "provider_unavailable" // ProConnect does not answer
	ProviderFailed      = "provider_failed"      // ProConnect answered that something failed there
	ProviderRefused     = "provider_refused"     // access_denied at ProConnect
	TooManyLogins       = "too_many_logins"      // logins under way, or failed of one address
	ProviderRetry       = "provider_retry"       // a technical error or a cancel at the identity provider
	IdentityRefused     = "identity_refused"     // ProConnect does not accept the account
	ClientLimited       = "client_limited"       // ProConnect keeps this kind of account away from the site
	Misconfigured       = "misconfigured"        // the client's configuration must be repaired
	CookiesRefused      = "cookies_refused"      // the browser keeps no cookies
	InsecureOrigin      = "insecure_origin"      // plain http
	CallbackUnreachable = "callback_unreachable" // ProConnect's answer would not come back to the gate
	ClientsMixed        = "clients_mixed"        // two clients on one request
	OriginRequired      = "origin_required"      // the site's public address is not known
	SandboxGuard        = "sandbox_guard"        // the simulated ProConnect answers its own machine alone
	SessionTooLarge     = "session_too_large"    // the identity does not fit in a cookie
	StorageUnavailable  = "storage_unavailable"  // keys or revocations cannot be read
	RenewalUnavailable  = "renewal_unavailable"  // ProConnect does not answer, and has to confirm the session
	NotFound            = "not_found"
	MethodNotAllowed    = "method_not_allowed"
	BadRequest          = "bad_request"
	TooEarly            = "too_early"  // the request came in TLS early data
	Unexpected          = "unexpected" // anything else; also stands for an unknown code
)

var problemCodes = []string{
	AttemptUnknown, OtherBrowser, RelayRefused, LoginFailed, ProviderUnavailable, ProviderFailed, ProviderRefused, ProviderRetry, IdentityRefused, ClientLimited, Misconfigured,
	CookiesRefused, InsecureOrigin, CallbackUnreachable, ClientsMixed, OriginRequired, SandboxGuard,
	SessionTooLarge, StorageUnavailable, RenewalUnavailable, TooManyLogins, NotFound, MethodNotAllowed, BadRequest, TooEarly, Unexpected,
}

// maxDetails bounds the facts on a page.
const maxDetails = 8

type problemData struct {
	Code, What, Next string
	Actions          []action // the first one is what helps most
	Detail           []string
}

// action is a way on from a page.
type action struct{ URL, Text string }

func (Problem) pageName() string { return "problem" }

func (v Problem) prepare(c *catalog) (string, any, error) {
	code := v.Code
	if !c.has("problem." + code + ".title") {
		code = Unexpected
	}
	d := problemData{
		Code:    code,
		What:    c.text("problem." + code + ".what"),
		Next:    c.text("problem." + code + ".next"),
		Actions: v.actions(c, code),
		Detail:  plainList(v.Detail),
	}
	return c.text("problem." + code + ".title"), d, nil
}

// actions puts what helps most first: after a refusal another account, and nothing
// of ours while the site is not set up.
func (v Problem) actions(c *catalog, code string) []action {
	retry := action{v.RetryURL, c.text("action.retry")}
	if code == AttemptUnknown || code == OtherBrowser {
		retry.Text = c.text("action.restart")
	}
	home := action{v.HomeURL, c.text("action.home")}
	if code == Misconfigured {
		return offered(home, retry)
	}
	return offered(action{v.SwitchURL, c.text("action.switch")}, retry, home)
}

// offered are the actions that have an address.
func offered(ways ...action) []action {
	for i := range ways {
		ways[i].URL = safeURL(ways[i].URL)
	}
	return slices.DeleteFunc(ways, func(a action) bool { return a.URL == "" })
}

// plainList makes facts safe to print.
func plainList(facts []string) (list []string) {
	for _, s := range facts[:min(len(facts), maxDetails)] {
		if s = plain(s, maxLong); s != "" {
			list = append(list, s)
		}
	}
	return list
}
