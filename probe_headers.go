package proconnect

import (
	"net/http"
	"strings"
)

// A header block that the site applies late (`-Server`, `>Cache-Control …`, `defer`)
// changes our answers as well. Our pages bear a policy of the site's own; what they do not
// bear is found by the probe, whose answer has the headers that ours have.

// probedHeaders are those on which our answers depend, as the probe's answer has them,
// and what must be left of each.
var probedHeaders = []struct {
	name, value string
	kept        func(got http.Header) bool
}{
	{"Cache-Control", "no-store", holds("Cache-Control", "no-store")},
	{"Clear-Site-Data", `"cache"`, holds("Clear-Site-Data", `"cache"`)},
	{"Content-Type", "text/html; charset=utf-8", holds("Content-Type", "text/html")},
	{"Location", "/", holds("Location", "/")},
	{"Referrer-Policy", "no-referrer", holds("Referrer-Policy", "no-referrer")},
	{"Refresh", "0; url=/", holds("Refresh", "0; url=/")},
	{"Set-Cookie", "probe=1", holds("Set-Cookie", "probe=1")},
	{"X-Content-Type-Options", "nosniff", holds("X-Content-Type-Options", "nosniff")},
	{"X-Frame-Options", "DENY", keepsFramesOut},
}

// holds says whether a header is left with a value among others.
func holds(name, value string) func(http.Header) bool {
	return func(got http.Header) bool {
		return strings.Contains(strings.ToLower(strings.Join(got[name], ", ")), strings.ToLower(value))
	}
}

// keepsFramesOut says whether an answer may be in frames of this site at most.
func keepsFramesOut(got http.Header) bool {
	return holds("X-Frame-Options", "DENY")(got) || holds("X-Frame-Options", "SAMEORIGIN")(got) ||
		holds("Content-Security-Policy", "frame-ancestors")(got)
}

// answerAsPages answers a probe as our pages and redirects do.
func answerAsPages(w http.ResponseWriter) {
	for _, header := range probedHeaders {
		w.Header().Set(header.name, header.value)
	}
	w.WriteHeader(http.StatusNoContent)
}

// changedHeaders are the headers of ours that the site changed to our harm.
func changedHeaders(got http.Header) (names []string) {
	for _, header := range probedHeaders {
		if !header.kept(got) {
			names = append(names, header.name)
		}
	}
	return names
}
