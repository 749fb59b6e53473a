package commands

import (
	"slices"
	"strings"
	"testing"
)

// explainConfig has what may be on the way of a request.
const explainConfig = productionClient + `
docs.example.gouv.fr {
	@admin path /admin /admin/*
	@logged not path /open/*
	proconnect @logged {
		allow siren 130025265
		deny email *@stage.example.gouv.fr
	}
	proconnect @admin {
		allow {
			siret 13002526500013
			mfa
		}
	}
	@rh proconnect organizational_unit DRH
	handle /old/* {
		rewrite * /new{uri}
		reverse_proxy localhost:1
	}
	handle /moved {
		redir https://elsewhere.example.gouv.fr/
	}
	respond @rh "rh" 299
	handle_path /files/* {
		file_server
	}
	basic_auth /twice/* {
		a $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG
	}
	handle_errors 410 {
		respond "gone"
	}
	error /gone 410
	templates
	reverse_proxy localhost:2
}
shop.example.gouv.fr {
	proconnect {
		optional
		allow roles agent_public
	}
	respond "shop" 298
}
http://proxied.example.gouv.fr:8080 {
	proconnect {
		origin https://public.example.gouv.fr
		allow any
	}
	respond "proxied" 297
}
`

// The way of a request is Caddy's own: its blocks, matchers, rewrites and error routes.
// What would serve or do something says its name and does nothing.
func TestExplainFollowsTheRoutes(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", explainConfig)
	dinum := []string{"--claim", "siret=13002526500013", "--claim", "organizational_unit=DSI", "--claim", "email=a@example.gouv.fr", "--claim", "acr=eidas1-mfa"}
	rh := []string{"--claim", "siret=13002526500013", "--claim", "organizational_unit=DRH", "--claim", "email=a@example.gouv.fr"}
	other := []string{"--claim", "siret=21920023500014", "--claim", "roles=agent_public"}
	for name, c := range map[string]struct {
		url      string
		claims   []string
		verdict  string
		gates    int
		handlers string
		code     int
	}{
		"everything":             {"https://docs.example.gouv.fr/", dinum, "admitted", 1, "templates, reverse_proxy", 0},
		"two gates":              {"https://docs.example.gouv.fr/admin/x", dinum, "admitted", 2, "templates, reverse_proxy", 0},
		"the second refuses":     {"https://docs.example.gouv.fr/admin/x", rh, "step_up", 2, "", 1},
		"the first refuses":      {"https://docs.example.gouv.fr/admin/x", other, "refused", 1, "", 1},
		"nobody":                 {"https://docs.example.gouv.fr/admin/x", nil, "login", 1, "", 1},
		"exempt":                 {"https://docs.example.gouv.fr/open/x", other, "open", 0, "templates, reverse_proxy", 0},
		"another spelling":       {"https://docs.example.gouv.fr//open/../admin", dinum, "error", 0, "", 1},
		"a block, rewritten":     {"https://docs.example.gouv.fr/old/x", dinum, "admitted", 1, "templates, reverse_proxy", 0},
		"a path, stripped":       {"https://docs.example.gouv.fr/files/x", dinum, "admitted", 1, "templates, file_server", 0},
		"a redirect":             {"https://docs.example.gouv.fr/moved", dinum, "admitted", 1, "templates", 0},
		"the matcher proconnect": {"https://docs.example.gouv.fr/", rh, "admitted", 1, "templates", 0},
		"a second password":      {"https://docs.example.gouv.fr/twice/x", dinum, "admitted", 1, "authentication, templates, reverse_proxy", 0},
		"an error of the site":   {"https://docs.example.gouv.fr/gone", dinum, "admitted", 1, "templates", 0},
		"an endpoint":            {"https://docs.example.gouv.fr/.proconnect/session", dinum, "endpoint", 0, "", 1},
		"optional, refused":      {"https://shop.example.gouv.fr/", dinum, "admitted", 1, "", 0},
		"https by itself":        {"http://shop.example.gouv.fr/x", dinum, "open", 0, "", 0},
		"behind a proxy":         {"https://public.example.gouv.fr/", other, "admitted", 1, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			args := slices.Concat([]string{"explain", "--json", "--url", c.url}, c.claims)
			got := explained(t, s, c.code, args)[0]
			if got.Verdict != c.verdict || len(got.Gates) != c.gates || strings.Join(got.Handlers, ", ") != c.handlers {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// What ProConnect would never say is an error, and not a claim that is missing: the
// answer would be about somebody else.
func TestExplainRefusesClaimsThatCannotBe(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", explainConfig)
	s.write("list.json", "[1]")
	s.write("nested.json", `{"siret": {"a": 1}}`)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"another name":     {[]string{"--claim", "siert=13002526500013"}, "did you mean siret?"},
		"a French word":    {[]string{"--claim", "courriel=a@b.fr"}, "did you mean email?"},
		"a checksum":       {[]string{"--claim", "siret=13002526500012"}, "the checksum fails"},
		"a lost zero":      {[]string{"--claim", "siret=1300252650001"}, "want fourteen digits"},
		"a siren":          {[]string{"--claim", "siret=130025265"}, "want the fourteen digits"},
		"another siren":    {[]string{"--claim", "siret=13002526500013", "--claim", "siren=219200235"}, "first nine digits of siret"},
		"no siret":         {[]string{"--claim", "siren=130025265"}, "state the siret"},
		"no email":         {[]string{"--claim", "email=jeanne"}, "want an email address"},
		"no value":         {[]string{"--claim", "roles"}, "want name=value"},
		"no object":        {[]string{"--claims", "list.json"}, "want a JSON object"},
		"no text":          {[]string{"--claims", "nested.json"}, "want fourteen digits"},
		"no file":          {[]string{"--claims", "nowhere.json"}, "nowhere.json"},
		"no whole address": {[]string{"--url", "/admin"}, "want a whole address"},
		"no server":        {[]string{"--url", "https://docs.example.gouv.fr:444/"}, "no server listens on port 444"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.proconnect(append([]string{"explain", "--url", "https://docs.example.gouv.fr/"}, c.args...)...).want(t, 2)
			if a.out != "" || !strings.Contains(strings.Join(strings.Fields(a.err), " "), c.want) {
				t.Errorf("printed %q and %q, want %q", a.out, a.err, c.want)
			}
		})
	}
}

// The rules of a report block are told beside those in force, and decide nothing.
func TestExplainTellsOfReports(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+"docs.example.gouv.fr {\n\tproconnect {\n\t\tallow any\n\t\treport {\n\t\t\tallow siren 130025265\n\t\t}\n\t}\n\tfile_server\n}\n")
	a := s.proconnect("explain", "--url", "https://docs.example.gouv.fr/", "--claim", "siret=21920023500014").want(t, 0)
	want := `  gate 1, everything: allow
    1 ✓ allow any
    report, which decides nothing: deny
    1 ✗ allow siren 130025265 → has 219200235
  then file_server

ADMITTED
`
	if !strings.Contains(a.out, want) {
		t.Errorf("got:\n%s\nwant:\n%s", a.out, want)
	}
}

// What people read: each rule as it is written, what the person has, what would have to
// change.
func TestExplainTellsWhy(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", explainConfig)
	for name, c := range map[string]struct{ claims, want string }{
		"an allow": {"siret=21920023500014", `https://docs.example.gouv.fr/admin
  gate 1, all but /open/*: deny
    1 ✗ allow siren 130025265 → has 219200235
    2 ? deny email *@stage.example.gouv.fr → not told
    to enter: rule 2, a deny, would have to be false: email told by ProConnect,
              and not one of: email *@stage.example.gouv.fr
         and: rule 1 would have to be true: siren 130025265

REFUSED at gate 1

`},
		"a level": {"siret=13002526500013 email=a@example.gouv.fr acr=eidas1", `https://docs.example.gouv.fr/admin
  gate 1, all but /open/*: allow
    1 ✓ allow siren 130025265 → has 130025265
    2 ✗ deny email *@stage.example.gouv.fr → has a@example.gouv.fr
  gate 2, /admin /admin/*: step_up
    1 ✗ allow { siret 13002526500013; mfa }
        ✓ siret 13002526500013 → has 13002526500013
        ✗ mfa → has eidas1
    to enter: rule 1 would have to be true: mfa

STEP UP at gate 2: the person is sent to ProConnect for another level of
  authentication, and gets in if it is reached

`},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"explain", "--url", "https://docs.example.gouv.fr/admin"}
			for claim := range strings.FieldsSeq(c.claims) {
				args = append(args, "--claim", claim)
			}
			a := s.proconnect(args...).want(t, 1)
			if a.out != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", a.out, c.want)
			}
			fits(t, a.out)
		})
	}
}

// What ProConnect tells and nobody can read is not absent: the gate says so, and the session
// document hands it on as null.
func TestExplainTellsUnreadableFromAbsent(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+"docs.example.gouv.fr {\n\tproconnect {\n\t\tallow email absent\n\t\tdeny organizational_unit DSI\n\t}\n\tfile_server\n}\n")
	absent, unreadable := s.write("absent.json", `{"organizational_unit": "DRH"}`), s.write("unreadable.json", `{"email": null, "organizational_unit": null}`)
	s.proconnect("explain", "--url", "https://docs.example.gouv.fr/", "--claims", absent).want(t, 0)
	a := s.proconnect("explain", "--url", "https://docs.example.gouv.fr/", "--claims", unreadable).want(t, 1)
	want := `  gate 1, everything: deny
    1 ? allow email absent → told, and unreadable
    2 ? deny organizational_unit DSI → told, and unreadable
    to enter: rule 2, a deny, would have to be false: organizational_unit told
              so that it can be read, and not one of: organizational_unit DSI
`
	if !strings.Contains(a.out, want) {
		t.Errorf("got:\n%s\nwant:\n%s", a.out, want)
	}
}
