package proconnect_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// custom.<path> that is there and cannot be read (an object, a list of objects,
// a text that is too long) is not absent.
func TestAttackUnreadableIsNotAbsent(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://deny.localhost:{$PORT} {
	proconnect {
		allow siren 130025265
		deny {
			not custom.suspended absent
		}
	}
	respond inside
}
http://allow.localhost:{$PORT} {
	proconnect {
		allow {
			siren 130025265
			custom.suspended absent
		}
	}
	respond inside
}`)
	for custom, status := range map[string]int{
		`{}`:                                               200,
		`{"suspended":null}`:                               200,
		`{"suspended":"2026-11-01"}`:                       403,
		`{"suspended":{"since":"2026-11-01"}}`:             403,
		`{"suspended":[{"since":"2026-11-01"}]}`:           403,
		`{"suspended":"` + strings.Repeat("x", 300) + `"}`: 403,
	} {
		for _, site := range []string{"deny", "allow"} {
			b := s.Browser("http://" + site + ".localhost:{$PORT}")
			if a := b.Login("/", url.Values{"person": {"ministry"}, "custom": {custom}}); a.StatusCode != status {
				t.Errorf("%s, %.50s: got %d, want %d", site, custom, a.StatusCode, status)
			}
		}
	}
}
