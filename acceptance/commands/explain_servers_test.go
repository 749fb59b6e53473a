package commands

import (
	"strings"
	"testing"
)

// Sites that listen on interfaces of their own are servers of their own, at one port. A
// site is looked for where it is; one that is at two of them is told of twice, since one
// may be open where the other is gated.
func TestExplainAsksTheServersThatKnowTheHost(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+`
(gated) {
	proconnect {
		allow any
	}
	respond "gated" 298
}
https://a.example.gouv.fr {
	bind 127.0.0.1
	respond "open" 299
}
https://b.example.gouv.fr {
	bind 127.0.0.2
	import gated
}
https://both.example.gouv.fr {
	bind 127.0.0.1
	respond "open" 297
}
https://both.example.gouv.fr {
	bind 127.0.0.2
	import gated
}
`)
	for url, want := range map[string]string{
		"https://a.example.gouv.fr/":    "open",
		"https://b.example.gouv.fr/":    "login",
		"https://B.example.gouv.fr./":   "nothing",
		"https://both.example.gouv.fr/": "open login",
		"https://none.example.gouv.fr/": "nothing",
	} {
		code := 1
		if want == "open" {
			code = 0
		}
		var got []string
		for _, e := range explained(t, s, code, []string{"explain", "--json", "--url", url}) {
			got = append(got, e.Verdict)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", url, got, want)
		}
	}
	a := s.proconnect("explain", "--url", "https://both.example.gouv.fr/").want(t, 1)
	for _, line := range []string{"https://both.example.gouv.fr/, on 127.0.0.1:443\n", "https://both.example.gouv.fr/, on 127.0.0.2:443\n"} {
		if !strings.Contains(a.out, line) {
			t.Errorf("no %q in\n%s", line, a.out)
		}
	}
	fits(t, a.out)
}

// A configuration without a site has no address.
func TestExplainWithoutASite(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient)
	a := s.proconnect("explain", "--url", "https://a.example.gouv.fr/").want(t, 2)
	if !strings.Contains(a.err, "has no site") {
		t.Errorf("%s", a.err)
	}
}
