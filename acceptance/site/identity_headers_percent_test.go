package site_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// With `percent` a name arrives as every server can decode it; an email stays readable,
// and values of a list can be told apart, spaces in them or not.
func TestIdentityHeadersPercent(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n claims custom.groups\n }", `
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers X-Agent- percent
	}
	proconnect /two/* {
		allow mfa
		headers x-agent- percent
	}
	reverse_proxy `+up.Addr()+`
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{
		"person": {"ministry"}, "usual_name": {"Müller-Œuvrard 東 %41"},
		"email": {"zoe.müller@example.gouv.fr"}, "custom": {`{"groups":["Bureau A","Bureau, B"]}`},
	})
	got := b.Visit("/").Received(t).Header
	for name, want := range map[string]string{
		"usual-name":    "M%C3%BCller-%C5%92uvrard%20%E6%9D%B1%20%2541",
		"email":         "zoe.m%C3%BCller@example.gouv.fr",
		"custom-groups": "Bureau%20A Bureau,%20B",
	} {
		if value := got.Get("X-Agent-" + name); value != want {
			t.Errorf("X-Agent-%s is %q, want %q", name, value, want)
		}
	}
	for _, list := range got["X-Agent-Custom-Groups"] {
		for i, value := range strings.Split(list, " ") {
			if decoded, err := url.PathUnescape(value); err != nil || decoded != []string{"Bureau A", "Bureau, B"}[i] {
				t.Errorf("%q decodes to %q (%v)", value, decoded, err)
			}
		}
	}
}

// The placeholders stay as they are: the encoding is the headers' alone.
func TestPercentLeavesPlaceholders(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers percent
	}
	respond "{header.X-ProConnect-usual-name} {http.auth.user.usual_name}"
}`)
	a := s.Browser("http://localhost:{$PORT}").Login("/", url.Values{"person": {"ministry"}, "usual_name": {"Zoë %"}})
	if want := "Zo%C3%AB%20%25 Zoë %"; a.Text != want {
		t.Errorf("got %q, want %q", a.Text, want)
	}
}
