package proconnect

import (
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// fromHTMX says whether htmx made a request: a script, whatever it accepts.
func fromHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// boosted says whether htmx made a request in the place of a link or a form (hx-boost).
func boosted(r *http.Request) bool { return fromHTMX(r) && r.Header.Get("HX-Boosted") == "true" }

// pageAsking is the page of this site on which a script or a form made a request,
// or the site's first page if the browser does not tell. The address of the
// request itself leads nowhere: it may answer JSON, or nothing but POST.
func (q *request) pageAsking(r *http.Request) string {
	for _, name := range [...]string{"HX-Current-URL", "Referer"} {
		if page, ok := origin.Cut(r.Header.Get(name), q.origin.URL("")); ok {
			return page
		}
	}
	return "/"
}

// pageAsked is the page that somebody who navigates wants to see, by GET: of a form,
// the page that held it.
func (q *request) pageAsked(r *http.Request) string {
	target := q.target()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		target = q.pageAsking(r)
	}
	return q.returnTo(target)
}

// programLoginURL is where a person logs in so that a program can go on: the login
// leads back to the page that the program runs on. Of what a browser loads ahead,
// it leads to what it loads.
func (q *request) programLoginURL(r *http.Request) string {
	if r.Header.Get("Sec-Fetch-Mode") == "navigate" {
		return q.loginURL()
	}
	return q.loginTo(q.pageAsking(r))
}

// fromAnotherSite says whether a page of another site caused a request. Older
// browsers tell by the Origin of a form alone.
func (q *request) fromAnotherSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "cross-site"
	}
	origin := r.Header.Get("Origin")
	return origin != "" && origin != q.origin.URL("")
}
