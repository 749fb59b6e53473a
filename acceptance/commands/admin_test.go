package commands

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The commands lock somebody out of a Caddy that runs, and say what it says: the value
// comes from standard input, and a field that nobody asks for is refused.
func TestRevokeRotateStatus(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n"+admin.Option, caddytest.GatedBy("allow any"))
	sh := newShell(t)
	at := "--address=" + admin.Addr
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
		t.Fatalf("no login: %d", a.StatusCode)
	}
	if a := sh.proconnect("status", at).want(t, 0); !strings.Contains(a.out, "gate 1: ") || !strings.Contains(a.out, "storage works") {
		t.Errorf("status: %s", a.out)
	} else {
		fits(t, a.out)
	}
	sh.stdin = "21920023500014\n"
	sh.proconnect("revoke", "siret", at).want(t, 0)
	if a := b.Visit("/"); a.StatusCode != http.StatusOK {
		t.Errorf("somebody of another organisation is out: %d", a.StatusCode)
	}
	if a := sh.proconnect("revoke", "siret", "1", at).want(t, 2); !strings.Contains(a.err, "siret") {
		t.Errorf("a SIRET that cannot be: %s", a.err)
	}
	sh.proconnect("revoke", at).want(t, 2)
	sh.stdin = ""
	sh.proconnect("revoke", "siret", at).want(t, 2)
	if a := sh.proconnect("status", at).want(t, 0); !strings.Contains(strings.Join(strings.Fields(a.out), " "), "revoked: 0 sessions, 1 record of people") {
		t.Errorf("status does not tell what was revoked: %s", a.out)
	} else {
		fits(t, a.out)
	}
	if a := sh.proconnect("rotate", at).want(t, 0); !strings.Contains(a.out, "client default") {
		t.Errorf("rotate: %s", a.out)
	}
	if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after rotate: got %d", a.StatusCode)
	}
	nowhere := "--address=unix/" + sh.cwd + "/nowhere.sock"
	sh.proconnect("status", nowhere).want(t, 2)
	if a := sh.proconnect("rotate", nowhere).want(t, 2); !strings.Contains(a.err, "--storage") {
		t.Errorf("where nobody answers: %s", a.err)
	}
}
