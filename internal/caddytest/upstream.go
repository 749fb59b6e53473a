package caddytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Upstream is a server behind reverse_proxy that tells what reached it.
type Upstream struct {
	*httptest.Server
	Calls atomic.Int64 // requests that reached it
}

// Received is a request as an upstream got it.
type Received struct {
	Method, URI string
	Header      http.Header
}

// Echo starts an upstream whose answers carry head.
func Echo(t testing.TB, head ...string) *Upstream {
	t.Helper()
	u := new(Upstream)
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.Calls.Add(1)
		for i := 0; i+1 < len(head); i += 2 {
			w.Header().Add(head[i], head[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(Received{r.Method, r.RequestURI, r.Header})
	}))
	t.Cleanup(u.Close)
	return u
}

// Addr is where the upstream listens.
func (u *Upstream) Addr() string { return u.Listener.Addr().String() }

// Received is what the upstream got of the request that this answers.
func (a Answer) Received(t testing.TB) Received {
	t.Helper()
	var got Received
	if err := json.Unmarshal([]byte(a.Text), &got); err != nil {
		t.Fatalf("not an answer of the upstream: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
	return got
}
