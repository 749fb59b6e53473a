package commands

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// twoNodes is a site that several nodes have, with one storage.
const twoNodes = `{
	admin {$ADMIN:off}
	persist_config off
	storage file_system {$DIR}/storage
	auto_https disable_redirects
	default_bind 127.0.0.1
	proconnect {
		environment sandbox
		session {
			{$SESSION}
		}
	}
}

http://localhost:{$PORT:80} {
	proconnect {
		allow any
		origin http://localhost:{$PUBLIC}
	}
	respond inside
}
`

// newSite is a shell where that is the Caddyfile.
func newSite(t *testing.T, public, session string) *shell {
	t.Helper()
	s := newShell(t, "PUBLIC="+public, "SESSION="+session)
	s.env = append(s.env, "DIR="+s.cwd)
	s.write("Caddyfile", twoNodes)
	return s
}

// seenWithin is how long a node may take to know what was ended elsewhere: it looks every
// five seconds.
const seenWithin = 8 * time.Second

// What an operator ends through one node, or in the storage without any, ends on the other
// node within seconds: of some, of everybody; also where the other node still has the old
// key in memory, and where the key is the operator's.
func TestNodesEndSessionsTogether(t *testing.T) {
	for name, session := range map[string]string{
		"a key of the storage": "lifetime 12h",
		"a key of its own":     "secret " + caddytest.NewSessionKey(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			public := caddytest.FreePort(t)
			s := newSite(t, public, session)
			a, b := s.startNode(t), s.startNode(t)
			ministry, commune := visitorOf(t, public, a, "ministry"), visitorOf(t, public, b, "commune")
			company := visitorOf(t, public, b, "private")
			wantEverywhere(t, http.StatusOK, "after the login", []*node{a, b}, ministry, commune, company)

			s.proconnect("revoke", "siren", "130025265", "--address", a.admin).want(t, 0)
			s.stdin = "21920023500014\n"
			s.proconnect("revoke", "siret", "--storage").want(t, 0)
			awaitEnd(t, b, ministry)
			for _, n := range []*node{a, b} {
				awaitEnd(t, n, commune)
			}
			wantEverywhere(t, http.StatusOK, "somebody else", []*node{a, b}, company)

			s.proconnect("rotate", "--address", a.admin).want(t, 0)
			awaitEnd(t, b, company)
			ministry = visitorOf(t, public, a, "ministry")
			wantEverywhere(t, http.StatusOK, "after a rotation", []*node{a, b}, ministry)

			s.proconnect("rotate", "--storage").want(t, 0)
			for _, n := range []*node{a, b} {
				awaitEnd(t, n, ministry)
			}
			wantEverywhere(t, http.StatusOK, "after another", []*node{b, a}, visitorOf(t, public, b, "ministry"))
		})
	}
}

// wantEverywhere checks what nodes answer visitors.
func wantEverywhere(t *testing.T, want int, when string, nodes []*node, visitors ...*visitor) {
	t.Helper()
	for i, n := range nodes {
		for j, v := range visitors {
			if got := v.status(n); got != want {
				t.Errorf("%s: visitor %d at node %d: got %d, want %d", when, j, i, got, want)
			}
		}
	}
}

// awaitEnd waits until a node has a visitor log in.
func awaitEnd(t *testing.T, at *node, v *visitor) {
	t.Helper()
	for late := time.After(seenWithin); v.status(at) == http.StatusOK; {
		select {
		case <-late:
			t.Fatalf("the session lives %v later", seenWithin)
		case <-time.After(100 * time.Millisecond): // between two questions
		}
	}
	if got := v.status(at); got != http.StatusUnauthorized {
		t.Fatalf("got %d, want 401", got)
	}
}
