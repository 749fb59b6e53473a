package layout

import (
	"fmt"
	"strings"
	"testing"
)

// middle is the site in which one host takes the answers, in the tests below.
const middle = `{"match":[{"host":["login.example.gouv.fr"]}],"terminal":true,"handle":[` + gateJSON + `]},`

func relayOf(t *testing.T, servers ...string) *Relay {
	t.Helper()
	r, err := readRoutes(t, servers[0]).Relay("default", "login.example.gouv.fr", "443")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A name is good where Caddy would lead a request for it to a gate of the client: not
// where a more specific site without one does, nor where nobody can tell.
func TestNamesOfGates(t *testing.T) {
	site := func(host, handlers string) string {
		return `{"match":[{"host":["` + strings.ReplaceAll(host, " ", `","`) + `"]}],"terminal":true,"handle":[{"handler":"subroute","routes":[` + handlers + `]}]}`
	}
	const (
		gate    = `{"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`
		files   = `{"handle":[` + filesJSON + `]}`
		other   = `{"handle":[{"handler":"proconnect","client":"other","path":"/.other"}]}`
		preview = "*.preview.example.gouv.fr"
	)
	inside := func(match, handler string) string {
		return `{"group":"g","match":[` + match + `],"handle":[{"handler":"subroute","routes":[{"handle":[` + handler + `]}]}]}`
	}
	rest := `{"group":"g","handle":[{"handler":"subroute","routes":[{"handle":[` + gateJSON + `]}]}]}`
	for name, c := range map[string]struct {
		routes string
		known  string // names that meet a gate, for which the routes vouch
		listed string // names that meet one, if somebody says them
		none   string
	}{
		"a site by its name": {
			routes: site("docs.example.gouv.fr", gate), known: "docs.example.gouv.fr",
			none: "tools.example.gouv.fr x.docs.example.gouv.fr example.gouv.fr",
		},
		"a name in capitals, in the configuration": {routes: site("Docs.Example.gouv.FR", gate), known: "docs.example.gouv.fr"},
		"a name with accents":                      {routes: site("préfecture.gouv.fr", gate), known: "xn--prfecture-c4a.gouv.fr"},
		"a wildcard": {
			routes: site(preview, gate), known: "pr-1.preview.example.gouv.fr",
			none: "a.pr-1.preview.example.gouv.fr preview.example.gouv.fr pr-1.preview.example.com",
		},
		"a wide wildcard":          {routes: site("*.ville.fr", gate), listed: "docs.ville.fr", none: "a.docs.ville.fr ville.fr"},
		"a wildcard of two labels": {routes: site("*.*.example.gouv.fr", gate), listed: "a.b.example.gouv.fr"},
		"a wildcard inside":        {routes: site("docs.*.example.gouv.fr", gate), known: "docs.x.example.gouv.fr", none: "x.x.example.gouv.fr"},
		"any host":                 {routes: `{"handle":[` + gateJSON + `]}`, none: "docs.example.gouv.fr"},
		"a placeholder":            {routes: site("{env.NAME}.preview.example.gouv.fr", gate), none: ".preview.example.gouv.fr x.preview.example.gouv.fr"},
		"a placeholder and a *":    {routes: site("{env.NAME}*.preview.example.gouv.fr", gate), none: "x.preview.example.gouv.fr"},
		"a gate of another client": {routes: site("docs.example.gouv.fr", other), none: "docs.example.gouv.fr"},
		"a more specific site without a gate": {
			routes: site("open.preview.example.gouv.fr", files) + "," + site(preview, gate),
			known:  "pr-1.preview.example.gouv.fr", none: "open.preview.example.gouv.fr",
		},
		"one with another client's gate": {
			routes: site("open.preview.example.gouv.fr", other) + "," + site(preview, gate),
			known:  "pr-1.preview.example.gouv.fr", none: "open.preview.example.gouv.fr",
		},
		"one behind the wildcard is never reached": {
			routes: site(preview, gate) + "," + site("open.preview.example.gouv.fr", files), known: "open.preview.example.gouv.fr",
		},
		"a more specific site at some paths": {
			routes: `{"match":[{"host":["open.preview.example.gouv.fr"],"path":["/api/*"]}],"terminal":true,"handle":[` + filesJSON + `]},` + site(preview, gate),
			known:  "pr-1.preview.example.gouv.fr", none: "open.preview.example.gouv.fr",
		},
		"the same site at some paths": {
			routes: `{"match":[{"host":["docs.example.gouv.fr"],"path":["/api/*"]}],"terminal":true,"handle":[` + filesJSON + `]},` + site("docs.example.gouv.fr", gate),
			known:  "docs.example.gouv.fr",
		},
		"a more specific site whose name may be any": {
			routes: site("{env.OPEN}.preview.example.gouv.fr", files) + "," + site(preview, gate), none: "pr-1.preview.example.gouv.fr",
		},
		"a catch-all in front":     {routes: `{"terminal":true,"handle":[` + filesJSON + `]},` + site("docs.example.gouv.fr", gate), none: "docs.example.gouv.fr"},
		"headers for all in front": {routes: `{"handle":[{"handler":"headers"}]},` + site("docs.example.gouv.fr", gate), known: "docs.example.gouv.fr"},
		"a handler that nobody knows in front": {
			routes: `{"handle":[{"handler":"somebody_elses"}]},` + site("docs.example.gouv.fr", gate), none: "docs.example.gouv.fr",
		},
		"a handle of the wildcard without a gate": {
			routes: site(preview, inside(`{"host":["open.preview.example.gouv.fr"]}`, filesJSON)+","+rest),
			known:  "pr-1.preview.example.gouv.fr", none: "open.preview.example.gouv.fr",
		},
		"a handle of the wildcard with one": {
			routes: site(preview, inside(`{"host":["docs.preview.example.gouv.fr"]}`, gateJSON)+`,{"group":"g","handle":[`+filesJSON+`]}`),
			known:  "docs.preview.example.gouv.fr", none: "pr-1.preview.example.gouv.fr",
		},
		"a host inside that is wider": {
			routes: site("docs.preview.example.gouv.fr", inside(`{"host":["*.preview.example.gouv.fr"]}`, gateJSON)),
			known:  "docs.preview.example.gouv.fr", none: "pr-1.preview.example.gouv.fr",
		},
		"a handle by what cannot be read": {
			routes: site(preview, inside(`{"header":{"Host":["open.*"]}}`, filesJSON)+","+rest), listed: "pr-1.preview.example.gouv.fr open.preview.example.gouv.fr",
		},
		"a gate by what cannot be read": {routes: site(preview, inside(`{"expression":"{host} == 'x'"}`, gateJSON)), listed: "pr-1.preview.example.gouv.fr"},
		"a gate by what a host is not":  {routes: site(preview, inside(`{"not":[{"host":["open.preview.example.gouv.fr"]}]}`, gateJSON)), listed: "pr-1.preview.example.gouv.fr"},
		"a gate at a path":              {routes: site(preview, inside(`{"path":["/x/*"]}`, gateJSON)), known: "pr-1.preview.example.gouv.fr"},
		"a gate in handle_errors alone": {routes: site("docs.example.gouv.fr", `{"handle":[{"handler":"subroute","errors":{"routes":[{"handle":[`+gateJSON+`]}]}}]}`), none: "docs.example.gouv.fr"},
	} {
		t.Run(name, func(t *testing.T) {
			r := relayOf(t, `{"listen":[":443"],"routes":[`+middle+c.routes+`]}`)
			for want, names := range map[string]string{"true true": c.known, "true false": c.listed, "false false": c.none} {
				for host := range strings.FieldsSeq(names) {
					found := r.Find(host, "443")
					if got := fmt.Sprint(found.Known, found.Certain); got != want {
						t.Errorf("%s: known and certain %s, want %s", host, got, want)
					}
				}
			}
		})
	}
}

// Lists of names longer than a hundred Caddy sorts, and looks up otherwise.
func TestNamesOfManySites(t *testing.T) {
	var hosts []string
	for i := range 200 {
		hosts = append(hosts, "site"+strings.Repeat("x", i)[:i%60]+string(rune('a'+i/60))+".example.gouv.fr")
	}
	r := relayOf(t, `{"listen":[":443"],"routes":[`+middle+`{"match":[{"host":["`+strings.Join(hosts, `","`)+`"]}],"terminal":true,"handle":[`+gateJSON+`]}]}`)
	for _, host := range hosts {
		if !r.Find(host, "443").Certain {
			t.Errorf("%s is not known", host)
		}
	}
	if r.Find("other.example.gouv.fr", "443").Known {
		t.Error("a name that no site has is known")
	}
}

// The port is one that a server of the site listens on, or that of callback_origin where
// its server is meant: behind a proxy, or a port that is mapped.
func TestPortsOfNames(t *testing.T) {
	for listen, want := range map[string]string{
		`":443"`: "443", `":443",":8443"`: "443 8443", `"tcp/127.0.0.1:4430-4432",":443"`: "443 4430 4432", `":8080"`: "443 8080", `"unix//run/caddy.sock"`: "443",
	} {
		r := relayOf(t, `{"listen":[`+listen+`],"routes":[`+middle+`{"match":[{"host":["docs.example.gouv.fr"]}],"handle":[`+gateJSON+`]}]}`)
		var got []string
		for _, port := range strings.Fields("443 4430 4432 4444 8080 8443 0443 +443 0 65536 x") {
			if r.Find("docs.example.gouv.fr", port).Known {
				got = append(got, port)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", listen, got, want)
		}
	}
}
