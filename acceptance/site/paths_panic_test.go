package site_test

import (
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

func init() {
	caddy.RegisterModule(panickyMatcher{})
	caddy.RegisterModule(panickyHandler{})
	httpcaddyfile.RegisterHandlerDirective("proconnect_test_watch", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		return panickyHandler{}, nil
	})
}

// panickyMatcher is somebody else's, and fails on a path that nobody asked for.
type panickyMatcher struct{}

func (panickyMatcher) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.matchers.proconnect_test_panicky", New: func() caddy.Module { return new(panickyMatcher) }}
}

func (panickyMatcher) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

func (panickyMatcher) MatchWithError(r *http.Request) (bool, error) {
	if r.URL.Path == "/admin/s" {
		panic(http.ErrAbortHandler)
	}
	return false, nil
}

// panickyHandler says which path a request has when a panic passes by.
type panickyHandler struct{}

var pathAfterPanic string

func (panickyHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.proconnect_test_watch", New: func() caddy.Module { return new(panickyHandler) }}
}

func (panickyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	defer func() {
		pathAfterPanic = r.Method + " " + r.URL.RequestURI()
		if recover() != nil {
			w.WriteHeader(http.StatusTeapot)
		}
	}()
	return next.ServeHTTP(w, r)
}

// The readings are tried on the request itself, which is put back whatever a
// matcher does: what runs next gets the request that came.
func TestGatePutsTheRequestBack(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://panic.localhost:{$PORT} {
	@p proconnect_test_panicky
	route {
		proconnect_test_watch
		proconnect @p {
			allow any
		}
		respond "{method} {uri} {http.request.orig_uri} {path}"
	}
}
http://put.localhost:{$PORT} {
	@p {
		expression {path}.startsWith('/admin/')
		method GET
	}
	route {
		proconnect @p {
			allow any
		}
		respond "{method} {uri} {http.request.orig_uri} {path}"
	}
}`)
	if a := s.Ask("panic.localhost", "//h/admin/s?x=y"); a.StatusCode != http.StatusTeapot || pathAfterPanic != "GET //h/admin/s?x=y" {
		t.Errorf("got %d, and after the panic %s", a.StatusCode, pathAfterPanic)
	}
	const target = "//h/x;a%2Fb/%C3%A9.?x=y;z"
	if a, want := s.Ask("put.localhost", target), "GET "+target+" "+target+" //h/x;a/b/é."; a.Text != want {
		t.Errorf("got %d %s, want %s", a.StatusCode, a.Text, want)
	}
}
