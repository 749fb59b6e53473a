package site_test

import (
	"net/url"
	"strings"
	"testing"
)

// The fragment of an address is where it was after a login whose answer another host takes:
// it travels sealed, and stands in no address on the way. A browser takes the fragment of
// one address along to the next, and would show it to ProConnect and to the host in between.
func TestFragmentByCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("docs.example.gouv.fr"))
	a := b.Visit("/auth/login?return_to=" + url.QueryEscape("/page?x=1#/pads/k3y"))
	for _, who := range []string{"ProConnect", "the host in between", "the site"} {
		to := a.RedirectURL()
		if to == "" || strings.Contains(to, "#") || strings.Contains(to, "k3y") {
			t.Fatalf("to %s: %d to %q, page %q", who, a.StatusCode, to, a.Page())
		}
		a = b.Visit(to)
	}
	if to := a.Header.Get("Location"); to != "/page?x=1#/pads/k3y" {
		t.Errorf("after the login: %d to %q, page %q", a.StatusCode, to, a.Page())
	}
}
