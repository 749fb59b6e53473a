package upstream

import (
	"maps"
	"net/http"
	"slices"
)

// steeringHeaders have servers and frameworks take another address for the
// request's: IIS' rewriter, Symfony, Zend; nginx' convention; Flask's and Traefik's;
// Next.js' own. The last two say where an application begins, and Gunicorn and Daphne
// cut that off the address; Caddy itself drops a SCRIPT_NAME that is not expected.
var steeringHeaders = []string{
	"X-Original-Url-", "X-Original-Uri-", "X-Original-Path-", "X-Rewrite-Url-", "X-Rewrite-Uri-", "X-Forwarded-Uri-", "X-Forwarded-Path-",
	"X-Override-Url-", "X-Replaced-Path-", "X-Envoy-Original-Path-", "X-Script-Name-", "X-Http-Destinationurl-",
	"X-Invoke-Path-", "X-Matched-Path-", "X-Middleware-Rewrite-",
	"Script-Name-", "Daphne-Root-Path-",
}

// DropSteering deletes the headers that name another address. It is for requests that
// no trusted proxy sent: the gate would judge one address and the site serve another.
func DropSteering(h http.Header) {
	maps.DeleteFunc(h, func(name string, _ []string) bool { return isAnyOf(name, steeringHeaders) })
}

// isAnyOf says whether a header is one of some, however it is spelled.
func isAnyOf(name string, headers []string) bool {
	return slices.ContainsFunc(headers, func(h string) bool { return len(name) == len(h)-1 && LooksPrefixed(name+"-", h) })
}
