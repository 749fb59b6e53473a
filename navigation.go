package proconnect

import (
	"net/http"
	"slices"
	"strings"
)

// audience is who will see an answer.
type audience uint8

const (
	// programmatic is a script, a program, or whatever else is not a person looking at
	// this answer: also a browser that loads ahead.
	programmatic audience = iota
	navigation            // a person, who sees the answer as a page
	framed                // a person, who sees it as a page inside another
)

// audienceOf tells who will see the answer to a request: from Fetch Metadata,
// which every browser sends over https since 2023, else from what is accepted.
//
// A service worker that sends navigations on (`e.respondWith(fetch(e.request))`)
// makes their destination empty, and their site same-origin whoever caused them.
// The person is still there. But whatever has effects must not take the word of
// Fetch Metadata for it: see clickedHere.
func audienceOf(r *http.Request) audience {
	if loadsAhead(r) || r.Header.Get("Upgrade") != "" || r.Method == http.MethodConnect { // a WebSocket of HTTP/2 or 3 too
		return programmatic
	}
	scripted := r.Header.Get("X-Requested-With") != "" || fromHTMX(r)
	dest := r.Header.Get("Sec-Fetch-Dest")
	switch mode := r.Header.Get("Sec-Fetch-Mode"); {
	case mode == "" && !scripted && acceptsHTML(r):
		return navigation
	case mode == "navigate" && slices.Contains(frameDestinations, dest):
		return framed
	case mode == "navigate" && (dest == "document" || dest == destEmpty):
		return navigation
	case dest == destEmpty && !scripted && remadeNavigation(r):
		return navigation
	}
	return programmatic
}

// destEmpty is the destination of a request that a script made: a fetch, or a
// navigation that a service worker sent on.
const destEmpty = "empty"

var frameDestinations = []string{"iframe", "frame", "embed", "object", "fencedframe"}

// remadeNavigation says whether a request looks like a navigation that a service
// worker of this site made anew (`fetch(new Request(e.request, …))`): the mode is
// gone, and what only a navigation has is left.
func remadeNavigation(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == sameOrigin && r.Header.Get("Upgrade-Insecure-Requests") == "1" && acceptsHTML(r)
}

func acceptsHTML(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Accept")), "text/html")
}

// sameOrigin is the Sec-Fetch-Site of a request that this site's own page, or its
// service worker, made.
const sameOrigin = "same-origin"

// clickedHere says whether a request is a navigation that a page of this very site
// caused. A service worker has no part in it: it would make one that another site
// caused look the same, but for the destination, which no script can set.
func clickedHere(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == sameOrigin && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		r.Header.Get("Sec-Fetch-Dest") == "document"
}

// loadsAhead says whether a browser asks before anybody wants to see the page.
func loadsAhead(r *http.Request) bool {
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || v == "preview" {
			return true
		}
	}
	return false
}

// mayStartLogin says whether a request is one that a person made to see a page,
// and which can be made again after the login.
func mayStartLogin(r *http.Request) bool {
	return r.Method == http.MethodGet && audienceOf(r) == navigation
}

// isEarly says whether a request was sent in TLS early data, to us or to a proxy in
// front that says so (RFC 8470 §5.1): it can be sent again by somebody else.
func isEarly(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"
}
