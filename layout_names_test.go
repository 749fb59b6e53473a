package proconnect_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate in a named route stands in the sites that invoke it, one in handle_errors in
// the site beside it: where these have names, it needs no `origin`, takes no other
// host for the site's, and says in the log which site it is of.
func TestGateKnowsItsSite(t *testing.T) {
	const gate = "proconnect {\n allow any\n login auto\n idp_hint not-a-uuid\n }\n"
	for name, c := range map[string]struct{ sites, warned string }{
		"a named route": {
			"&(gated) {\n" + gate + "}\nhttp://docs.localhost:{$PORT} {\n invoke gated\n respond inside\n }", "docs.localhost",
		},
		"a named route of two sites": {
			"&(gated) {\n" + gate + "}\nhttp://docs.localhost:{$PORT} {\n invoke gated\n respond inside\n }\nhttp://a.localhost:{$PORT} {\n invoke gated\n respond other\n }", "a.localhost",
		},
		"a named route in a named route": {
			"&(gated) {\n" + gate + "}\n&(around) {\n invoke gated\n}\nhttp://docs.localhost:{$PORT} {\n invoke around\n respond inside\n }", "docs.localhost",
		},
		"handle_errors": {
			"http://docs.localhost:{$PORT} {\n proconnect /never/* {\n allow any\n }\n error 404\n handle_errors {\n" + gate + "respond inside 200\n }\n }", "docs.localhost",
		},
		"a host of a wildcard": {
			"http://*.localhost:{$PORT} {\n @other host other.localhost\n handle @other {\n" + gate + "respond other\n }\n @docs host docs.localhost\n handle @docs {\n" + gate + "respond inside\n }\n }", "docs.localhost",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, c.sites)
			b := s.Browser("http://docs.localhost:{$PORT}")
			a := b.Visit("/x")
			if u, err := url.Parse(a.RedirectURL()); err != nil || u.Host != s.Fill("docs.localhost:{$PORT}") {
				t.Fatalf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
			}
			if a := b.Authorize(b.Visit("/.proconnect/login?return_to=/x"), url.Values{"person": {"ministry"}}); a.Text != "inside" {
				t.Errorf("%d, page %q: %s", a.StatusCode, a.Page(), a.Text)
			}
			named := false
			for line := range strings.Lines(s.Logs()) {
				named = named || strings.Contains(line, "idp_hint is none of ProConnect's") && strings.Contains(line, `"site":"`+c.warned+`"`)
			}
			if !named {
				t.Error("the log does not name the site")
			}
		})
	}
}

// Where any host answers, a gate that is invoked, and one in handle_errors, needs its
// `origin` like any other: whoever sends a forged Host would else choose the redirect
// URI, and the host that cookies are bound to.
func TestInvokedGateOnAnyHost(t *testing.T) {
	for name, sites := range map[string]string{
		"a named route":         "&(gated) {\n GATE\n}\nhttp://docs.localhost {\n invoke gated\n}\nhttp:// {\n invoke gated\n}",
		"handle_errors":         "http://docs.localhost, http:// {\n proconnect {\n allow any\n origin http://docs.localhost\n }\n handle_errors {\n GATE\n }\n}",
		"a host of a wildcard":  "http://*.localhost {\n @two host a.localhost *.b.localhost\n handle @two {\n GATE\n }\n}",
		"not a host":            "http://*.localhost {\n @others not host a.localhost\n handle @others {\n GATE\n }\n}",
		"a host or a path":      "http://*.localhost {\n @one host a.localhost\n @two {\n path /x\n }\n handle @one {\n respond hello\n }\n handle @two {\n GATE\n }\n}",
		"a host by placeholder": "http://*.localhost {\n @one host {env.NOBODY}.localhost\n handle @one {\n GATE\n }\n}",
	} {
		t.Run(name, func(t *testing.T) {
			text := "{\nproconnect {\nenvironment sandbox\n}\n}\n" + sites
			if err := configError(t, strings.Replace(text, "GATE", "proconnect {\n allow any\n }", 1)); !strings.Contains(err, "say its public address with `origin https://…`") {
				t.Errorf("without origin: %s", err)
			}
			if err := configError(t, strings.Replace(text, "GATE", "proconnect {\n allow any\n origin http://docs.localhost\n }", 1)); err != "no error" {
				t.Errorf("with origin: %s", err)
			}
		})
	}
}
