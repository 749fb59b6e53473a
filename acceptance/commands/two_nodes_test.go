package commands

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// twoNodes is a site that several nodes have, with one storage.
const twoNodes = `{
	admin {$ADMIN:off}
	persist_config off
	storage {$STORAGE:file_system} {$DIR}/storage
	auto_https disable_redirects
	default_bind 127.0.0.1
	log audit {
		include http.handlers.proconnect.audit
		output file {$DIR}/log/{$PORT:80}.json
	}
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

// seenWithin is how long a node is waited for that is to know what was ended elsewhere. It
// looks every five seconds, to which TestNodesLookAtTimesOfTheirOwn holds it by a clock of
// its own; the rest is for this machine.
const seenWithin = 30 * time.Second

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

			bySomebody := caddytest.Loopback
			wantEnded(t, s, a, []ending{{"siren", bySomebody}, {"siret", "storage"}, {"all", bySomebody}, {"all", "storage"}})
			wantEnded(t, s, b, []ending{{"siren", "storage"}, {"siret", "storage"}, {"all", "storage"}, {"all", "storage"}})
			late := s.startNode(t)
			wantEverywhere(t, http.StatusUnauthorized, "at a node that starts", []*node{late}, company)
			wantEnded(t, s, late, nil) // it was told before
		})
	}
}

// Where the storage does not take it, the node that was asked ends the sessions, and the
// operator is told that no other does. The others follow when the storage takes it.
func TestNodesWhoseStorageDoesNotTakeIt(t *testing.T) {
	t.Parallel()
	public := caddytest.FreePort(t)
	s := newSite(t, public, "lifetime 12h")
	s.ownedBy(t, unprivileged())
	a, b := s.startNode(t), s.startNode(t)
	ministry := visitorOf(t, public, a, "ministry")
	wantEverywhere(t, http.StatusOK, "after the login", []*node{a, b}, ministry)
	if err := os.Chmod(clientFolder(t, s), 0o500); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"revoke", "siren", "130025265"}, {"rotate"}} {
		said := s.proconnect(append(args, "--address", a.admin)...).want(t, 2)
		if unfolded := strings.Join(strings.Fields(said.err), " "); said.out != "" || !strings.Contains(unfolded, "it holds on this node only") {
			t.Errorf("%q: printed %q and %q", args, said.out, said.err)
		}
	}
	wantEverywhere(t, http.StatusUnauthorized, "where the operator asked", []*node{a}, ministry)
	wantEverywhere(t, http.StatusOK, "at the other node", []*node{b}, ministry)
	if err := os.Chmod(clientFolder(t, s), 0o700); err != nil {
		t.Fatal(err)
	}
	awaitEndWithin(t, b, ministry, 2*seenWithin) // one node has to try again, and then the other to look
}

// ending is what the audit log tells of sessions that an operator ended.
type ending struct{ field, by string }

// wantEnded checks what a node's audit log tells: each act once, whoever did it where.
func wantEnded(t *testing.T, s *shell, n *node, want []ending) {
	t.Helper()
	file := filepath.Join(s.cwd, "log", n.port+".json")
	var got []ending
	for _, line := range caddytest.Audited(t, file, "revoked") {
		by, _, _ := strings.Cut(line.Text("by"), ":")
		got = append(got, ending{line.Text("field"), by})
		caddytest.WantDocumented(t, line)
	}
	slices.SortStableFunc(got, func(x, y ending) int { return strings.Compare(y.field, x.field) }) // what came together has no order
	slices.SortStableFunc(want, func(x, y ending) int { return strings.Compare(y.field, x.field) })
	if !slices.Equal(got, want) {
		t.Errorf("the audit tells %v, want %v", got, want)
	}
	for _, line := range caddytest.Audited(t, file, "keys_rotated") {
		caddytest.WantDocumented(t, line)
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
	awaitEndWithin(t, at, v, seenWithin)
}

func awaitEndWithin(t *testing.T, at *node, v *visitor, within time.Duration) {
	t.Helper()
	for late := time.After(within); v.status(at) == http.StatusOK; {
		select {
		case <-late:
			t.Fatalf("the session lives %v later", within)
		case <-time.After(100 * time.Millisecond): // between two questions
		}
	}
	if got := v.status(at); got != http.StatusUnauthorized {
		t.Fatalf("got %d, want 401", got)
	}
}
