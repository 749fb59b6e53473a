package proconnect

import (
	"net/http"
	"strings"
)

// audience is who will see an answer.
type audience uint8

const (
	// machines are scripts, programs, and whatever is not a person looking at
	// this answer: also a browser that loads ahead.
	machines audience = iota
	person            // at a page of its own
	frame             // a person, at a page inside another
)

// audienceOf tells who will see the answer to a request: from Fetch Metadata,
// which every browser sends over https since 2023, else from what is accepted.
func audienceOf(r *http.Request) audience {
	if loadsAhead(r) || r.Header.Get("Upgrade") != "" || r.Method == http.MethodConnect { // a WebSocket of HTTP/2 or 3 too
		return machines
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		if mode != "navigate" {
			return machines
		}
		switch r.Header.Get("Sec-Fetch-Dest") {
		case "document":
			return person
		case "iframe", "frame", "embed", "object", "fencedframe":
			return frame
		}
		return machines
	}
	if r.Header.Get("X-Requested-With") == "" && strings.Contains(strings.ToLower(r.Header.Get("Accept")), "text/html") {
		return person
	}
	return machines
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
	return r.Method == http.MethodGet && audienceOf(r) == person
}
