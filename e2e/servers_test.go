package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seed"
)

// How many targets each server is asked, by how many at once, and which share of
// those that are open there goes through the gate nevertheless: Caddy writes some
// requests anew.
const (
	targetCount = 20_000
	askers      = 8
	pipeline    = 16
	openSample  = 10
)

// shape is a way to write a gate, and what it stands before.
type shape struct {
	name, matcher string
	marker        string // what an answer holds that it must not let through
	php           bool   // only scripts have such addresses
}

var shapes = []shape{
	{name: "path", matcher: "path /admin /admin/*", marker: "SERVED:admin:"},
	{name: "exemption", matcher: "not path /public/*", marker: "SERVED:closed:"},
	{name: "suffix", matcher: "path *.pdf", marker: "SERVED:pdf:"},
	{name: "expression", matcher: "expression `{path}.startsWith(\"/admin/\") || {path} == \"/admin\"`", marker: "SERVED:admin:"},
	{name: "script", matcher: "path /secret.php", marker: "SERVED:secret:", php: true},
}

// Whatever a server, asked directly, serves as protected is never served through a
// gate without a session, however the address is written: the servers decide by
// their own routing what is protected, so that no model of them is needed here.
//
// The case: "20 000 random paths against real servers behind the gate, Node (new URL,
// Hono, Express, Koa, h3), Python, PHP-FPM, Jetty, Tomcat: whatever any of them serves
// as protected"
func TestServersBehindGates(t *testing.T) {
	dir := shortTempDir(t)
	gated := putGates(t, dir, startServers(t, dir))
	requests := targets{seed.Rand(t)}.some(targetCount)
	for _, g := range gated {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.attack(t, requests)
		})
	}
}

// gatedServer is a server with a gate of each shape before it.
type gatedServer struct {
	server
	gates []gate
}

type gate struct {
	shape
	address string
}

// attack asks the server directly, and then through each gate.
func (s gatedServer) attack(t *testing.T, requests []request) {
	begun := time.Now()
	direct := askAll(s.address, requests, askers, 1)
	t.Logf("asked directly: %s in %v", tally(direct), time.Since(begun).Round(time.Millisecond))
	for _, g := range s.gates {
		begun := time.Now()
		chosen, protected := choose(requests, direct, g.marker)
		if protected == 0 {
			t.Errorf("%s: nothing is protected, so this proves nothing", g.name)
		}
		answers := askAll(g.address, chosen, askers, pipeline)
		t.Logf("%-10s %d protected, %d asked: %s in %v", g.name, protected, len(chosen), tally(answers), time.Since(begun).Round(time.Millisecond))
		if silent := count(answers, 0); silent*100 > len(answers) {
			t.Errorf("%s: %d of %d were not answered", g.name, silent, len(answers))
		}
		g.check(t, chosen, answers)
	}
}

// choose returns the requests that are answered by what is protected, and some of
// the others.
func choose(requests []request, direct []reply, marker string) (chosen []request, protected int) {
	for i, r := range requests {
		is := direct[i].holds(marker)
		if is {
			protected++
		}
		if is || i%openSample == 0 {
			chosen = append(chosen, r)
		}
	}
	return chosen, protected
}

// check asks once more, alone, before it says that something came through.
func (g gate) check(t *testing.T, requests []request, answers []reply) {
	t.Helper()
	var found []string
	for i, a := range answers {
		if !a.holds(g.marker) || !ask(g.address, requests[i]).holds(g.marker) {
			continue
		}
		found = append(found, requests[i].String())
	}
	if len(found) > 0 {
		t.Errorf("%d came through @gate %s, among them:\n%s", len(found), g.matcher, strings.Join(found[:min(len(found), 40)], "\n"))
	}
}

// tally counts answers by what they mean here.
func tally(answers []reply) string {
	var b strings.Builder
	others := len(answers)
	for _, status := range []int{200, 400, 401, 404, 0} {
		n := count(answers, status)
		others -= n
		fmt.Fprintf(&b, "%d: %d, ", status, n)
	}
	return fmt.Sprintf("%sothers: %d", &b, others)
}

// count says how many answers have a status; 0 is none at all.
func count(answers []reply, status int) (n int) {
	for _, a := range answers {
		if a.status == status {
			n++
		}
	}
	return n
}

// putGates puts a gate of each shape before each server.
func putGates(t *testing.T, dir string, servers []server) (all []gatedServer) {
	t.Helper()
	c := newGates(t, dir)
	for _, s := range servers {
		if s.address == "" {
			s.address = c.site("", s.behind)
		}
		g := gatedServer{server: s}
		for _, sh := range shapes {
			if s.php || !sh.php {
				g.gates = append(g.gates, gate{sh, c.site(sh.matcher, s.behind)})
			}
		}
		all = append(all, g)
	}
	c.run()
	return all
}
