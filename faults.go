package proconnect

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// fault is a row of what can go wrong: what the person sees, and what the operator reads.
type fault struct {
	status int
	code   string // of the page, and of the problem document
	cause  string // told at most once a minute; empty where the line with the reference tells all
	remedy string // what the operator can do; empty where there is nothing to mend
}

// Whatever goes wrong has a row here; logins that end at ProConnect have theirs in
// loginFaults.
var (
	faultBadRequest       = fault{status: http.StatusBadRequest, code: pages.BadRequest}
	faultForeignRequest   = fault{status: http.StatusForbidden, code: pages.BadRequest}
	faultNotFound         = fault{status: http.StatusNotFound, code: pages.NotFound}
	faultMethod           = fault{status: http.StatusMethodNotAllowed, code: pages.MethodNotAllowed}
	faultTooEarly         = fault{status: http.StatusTooEarly, code: pages.TooEarly}
	faultAttemptUnknown   = fault{status: http.StatusBadRequest, code: pages.AttemptUnknown}
	faultOtherBrowser     = fault{status: http.StatusBadRequest, code: pages.OtherBrowser}
	faultCookiesRefused   = fault{status: http.StatusUnauthorized, code: pages.CookiesRefused}
	faultSessionTooLarge  = fault{status: http.StatusInternalServerError, code: pages.SessionTooLarge}
	faultSessionNotEnough = fault{
		status: http.StatusUnauthorized, code: pages.LoginFailed,
		cause:  "logins end, again and again, in sessions that do not satisfy the rules",
		remedy: "do all nodes have the same configuration?",
	}
	faultOriginUnknown = fault{
		status: http.StatusInternalServerError, code: pages.OriginRequired,
		cause: "the site answers any host", remedy: "set `origin` to its public address",
	}
	faultRelayRefused  = fault{status: http.StatusBadRequest, code: pages.RelayRefused}
	faultRelayUnopened = fault{
		status: http.StatusBadRequest, code: pages.RelayRefused,
		cause:  "callback_origin got a state that does not open",
		remedy: "if it happens to people, is the session's `secret`, or the storage, the same on all nodes?",
	}
	faultRelaySite = fault{
		status: http.StatusBadRequest, code: pages.RelayRefused,
		cause:  "callback_origin sends nobody on to this site",
		remedy: "is its name in callback_hosts, and does a gate of the client answer there?",
	}
	faultOriginNotRelayed = fault{
		status: http.StatusInternalServerError, code: pages.OriginRequired,
		cause:  "callback_origin would send nobody back to this address",
		remedy: "is the name in callback_hosts, the port one that Caddy listens on, and the scheme https? behind another proxy set `origin`",
	}
	faultOriginsDiffer = fault{
		status: http.StatusInternalServerError, code: pages.OriginRequired,
		cause: "the gates of this site do not agree on its address", remedy: "give all of them the same `origin`",
	}
	faultPlainHTTP = fault{ // its remedy is plainHTTP's
		status: http.StatusInternalServerError, code: pages.InsecureOrigin,
		cause: "the site is reached over plain http, which cannot keep a session",
	}
	faultSandboxGuard = fault{
		status: http.StatusServiceUnavailable, code: pages.SandboxGuard,
		cause:  "SANDBOX: a request that did not come straight from this machine was refused",
		remedy: "open http://localhost on the machine itself, without a proxy in front",
	}
	faultClientsMixed = fault{
		status: http.StatusInternalServerError, code: pages.ClientsMixed,
		cause: "two ProConnect clients gate one request", remedy: "give the gates of a path the same `client`",
	}
	faultCallbackLost = fault{
		status: http.StatusInternalServerError, code: pages.CallbackUnreachable,
		cause:  "the callback does not come back to this gate, so nobody is sent to ProConnect",
		remedy: "inside `handle /x/*` set `path /x/.proconnect` and register that redirect URI, or put the gate outside of it",
	}
	faultHeadersChanged = fault{ // nobody meets it: the operator is told
		cause:  "the site changes headers of the gate's own answers, its pages and redirects: they may be stored, shown in frames, or lead nowhere",
		remedy: "one `>`, `-` or `defer` has a whole `header` block applied late, to what the gate answers, too: set these headers in a block without any, or as defaults (`?Cache-Control …`)",
	}
	faultStorage = fault{
		status: http.StatusServiceUnavailable, code: pages.StorageUnavailable,
		cause: "storage does not answer, so no login can start", remedy: "repair Caddy's `storage`",
	}
	faultSessionsUnread = fault{
		status: http.StatusServiceUnavailable, code: pages.StorageUnavailable,
		cause:  "storage was not read since this process began, so nobody can tell which sessions were logged out, and people with a session wait",
		remedy: "repair Caddy's `storage`; `session { storage_down accept }` would let them in, and those who logged out",
	}
	faultRenewalUnavailable = fault{
		status: http.StatusServiceUnavailable, code: pages.RenewalUnavailable,
		cause: "ProConnect does not answer, so sessions that it has to confirm open nothing", remedy: "let this machine reach the issuer, or wait until it answers",
	}
	faultCodesRefused = fault{
		status: http.StatusTooManyRequests, code: pages.TooManyLogins,
		cause:  "logins wait: ProConnect refused too many codes of one address",
		remedy: "if it is a proxy's, name it in `trusted_proxies`, else somebody is making codes up",
	}
	faultLoginsCrowd = fault{
		status: http.StatusServiceUnavailable, code: pages.TooManyLogins,
		cause: "logins wait: too many are under way, because they are many or ProConnect is slow",
	}
)

// reportOnce logs what the operator has to mend, at most once a minute. Every error page
// has a log line with its reference; the cause that a thousand of them share is logged once.
func (h *Handler) reportOnce(f fault, fields ...zap.Field) {
	if _, _, due, _ := h.causes.due(dampedKey{reason: f.cause}, ""); !due {
		return
	}
	if f.remedy != "" {
		fields = append(fields, zap.String("remedy", f.remedy))
	}
	h.log.Error(f.cause, fields...)
}
