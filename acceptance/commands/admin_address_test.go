package commands

import (
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Whoever stands in the folder of the Caddyfile need not name it: the admin endpoint is the
// one that it says. Where nobody answers, the error says what to name.
func TestAdminEndpointOfTheCaddyfileHere(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	caddytest.Start(t, caddytest.Sandbox+"\n"+admin.Option, caddytest.GatedBy("allow any"))
	s := newShell(t)
	s.write("Caddyfile", "{"+admin.Option+"}\n")
	if a := s.proconnect("status").want(t, 0); !strings.Contains(a.out, "gate 1: ") {
		t.Error(a.out)
	}
	s.write("Caddyfile", "{\n\tadmin unix/"+s.cwd+"/nowhere.sock\n}\n")
	for _, args := range [][]string{{"status"}, {"rotate"}, {"revoke", "siren", "130025265"}} {
		a := s.proconnect(args...).want(t, 2)
		said := strings.Join(strings.Fields(a.err), " ")
		if !strings.Contains(said, "does Caddy run, and is this its admin endpoint?") || strings.Contains(said, "--storage") == (args[0] == "status") {
			t.Errorf("%s: %s", args[0], a.err)
		}
		fits(t, a.err)
	}
	s.write("Caddyfile", "{\n\tadmin here and there\n}\n")
	s.proconnect("status").want(t, 2)
}
