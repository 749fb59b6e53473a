package proconnect_test

import (
	"net/url"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate behind another deletes what the client forged, not what the other set,
// whether it gates the request or not.
func TestHeadersOfTwoGates(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers
	}
	proconnect /admin/* {
		allow roles agent_public_etat
		headers x-proconnect-
	}
	respond {header.X-ProConnect-Email}
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	for _, path := range []string{"/x", "/admin/x"} {
		a := b.Visit(path, "X-ProConnect-Email", "forged")
		if a.Text != "camille.exemple@test.proconnect.gouv.fr" {
			t.Errorf("%s: behind the gates, X-ProConnect-Email is %q", path, a.Text)
		}
	}
}
