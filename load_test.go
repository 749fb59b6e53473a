package proconnect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Lines with a fault are told once for each list, however many rules read it, and
// without the values that stand there: some are people's addresses.
func TestBadLinesAreTold(t *testing.T) {
	dir := t.TempDir()
	var long strings.Builder
	for range 12 {
		long.WriteString("1300252650001\n")
	}
	for name, content := range map[string]string{
		"people.txt": "camille@example.gouv.fr\n# a comment\nalex at example.gouv.fr\n",
		"sirets.txt": "21920023500014\n" + long.String(),
		"good.txt":   "130025265\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sites := strings.ReplaceAll(`
http://localhost:{$PORT} {
	proconnect {
		allow siret from LISTS/sirets.txt
		allow {
			siret from LISTS/good.txt LISTS/sirets.txt
			roles agent_public
		}
	}
	proconnect /admin/* {
		allow siren from LISTS/good.txt
		deny siret from LISTS/sirets.txt
	}
	@people proconnect email from LISTS/people.txt
	respond @people "known"
}`, "LISTS", dir)
	s := caddytest.Start(t, caddytest.Sandbox, sites)
	got := make(map[string]caddytest.LogLine)
	for _, line := range s.Logged() {
		if file := line.Text("file"); file != "" {
			if got[file] != nil {
				t.Errorf("%s is told twice", file)
			}
			got[file] = line
		}
	}
	bad := "13 digits, want 14: a leading zero lost in a spreadsheet? put it back; in the spreadsheet, format the column as text first"
	var first []string
	for i := range 10 {
		first = append(first, fmt.Sprintf("line %d: %s", i+2, bad))
	}
	for name, want := range map[string]struct {
		count float64
		lines string
	}{
		"people.txt": {1, "line 3: an email has exactly one @, and this has none"},
		"sirets.txt": {12, strings.Join(first, "; ") + "; and 2 more"},
	} {
		line := got[filepath.Join(dir, name)]
		if line["count"] != want.count || line.Text("lines") != want.lines || line.Text("level") != "error" {
			t.Errorf("%s: got %v", name, line)
		}
		delete(got, filepath.Join(dir, name))
	}
	if len(got) > 0 {
		t.Errorf("told besides: %v", got)
	}
	if strings.Contains(s.Logs(), "alex at") {
		t.Error("the log repeats a person's address")
	}
}

// What an operator may want, but should know, is said once when the
// configuration loads.
func TestWarnings(t *testing.T) {
	const secret = "it-stands-in-the-Caddyfile"
	const credentials = " client_id an-id\n client_secret {env.PROCONNECT_CLIENT_SECRET}\n"
	const plainHTTP = "the site is served over plain http: set `origin`, unless a proxy that `trusted_proxies` names ends TLS in front of it; else people meet an error page"
	const gate = "http://localhost:{$PORT} {\n proconnect {\n  allow any\n }\n}"
	for name, c := range map[string]struct {
		global, sites string
		want          []string // the messages, with the field that tells what they are about
	}{
		"nothing to say": {
			global: "proconnect {\n environment production\n" + credentials + "}",
			sites:  "http://localhost:{$PORT} {\n proconnect {\n  allow siren 130025265\n }\n}",
		},
		"a literal client secret": {
			global: "proconnect {\n environment production\n client_id an-id\n client_secret " + secret + "\n}",
			sites:  gate,
			want:   []string{"client_secret is written out in the configuration, which Caddy's admin API shows: use {env.NAME} or {file./path}"},
		},
		"a literal session secret": {
			global: "proconnect {\n environment production\n" + credentials + " session {\n  secret " + sessionKeys[0] + " {env.PROCONNECT_SESSION_SECRET_2}\n }\n}",
			sites:  gate,
			want:   []string{"session secret is written out in the configuration, which Caddy's admin API shows: use {env.NAME} or {file./path}"},
		},
		"integration on a public name": {
			global: "proconnect {\n environment integration\n" + credentials + "}",
			sites:  "http://docs.example.gouv.fr:{$PORT}, http://localhost:{$PORT} {\n proconnect {\n  allow any\n }\n}",
			want:   []string{plainHTTP, "environment integration lets anybody be anybody: not for a site with real data (docs.example.gouv.fr)"},
		},
		"behind a proxy whose addresses are read strictly": {
			global: "servers {\n trusted_proxies static 10.0.0.10/32\n trusted_proxies_strict\n }\n proconnect {\n environment production\n" + credentials + "}",
			sites:  "http://docs.example.gouv.fr:{$PORT} {\n proconnect {\n  allow siren 130025265\n }\n}",
		},
		"behind a proxy whose addresses are read as it comes": {
			global: "servers {\n trusted_proxies static 10.0.0.10/32\n }\n proconnect {\n environment production\n" + credentials + "}",
			sites:  "http://docs.example.gouv.fr:{$PORT} {\n proconnect {\n  allow siren 130025265\n }\n}",
			want:   []string{plainHTTP},
		},
		"integration by its URL": {
			global: "proconnect {\n issuer https://fca.integ01.dev-agentconnect.fr/api/v2\n" + credentials + "}",
			sites:  "http://docs.example.gouv.fr:{$PORT} {\n proconnect {\n  allow any\n }\n}",
			want:   []string{plainHTTP, "environment integration lets anybody be anybody: not for a site with real data (docs.example.gouv.fr)"},
		},
		"a directory without what is below it": {
			global: "proconnect {\n environment production\n" + credentials + "}",
			sites:  "http://localhost:{$PORT} {\n proconnect /admin {\n  allow any\n }\n @more path /admin /admin/* /index.html /etat /etat* /x /xyz.html\n proconnect @more {\n  allow any\n }\n}",
			want:   []string{"the matcher gates this one address and nothing under it: name both (/admin)", "the matcher gates this one address and nothing under it: name both (/x)"},
		},
		"an idp_id that is not whole": {
			global: "proconnect {\n environment production\n" + credentials + "}",
			sites:  "http://localhost:{$PORT} {\n proconnect {\n  allow any\n  idp_hint DINUM\n }\n}",
			want:   []string{"idp_hint is none of ProConnect's idp_ids, which are such as 71144ab3-ee1a-4401-b7b3-79b44f7daeeb: is it whole?"},
		},
		"integration behind another proxy": {
			global: "proconnect {\n environment integration-rie\n" + credentials + "}",
			sites:  "http://localhost:{$PORT} {\n proconnect {\n  allow any\n  origin https://docs.example.gouv.fr\n }\n}",
			want:   []string{"environment integration lets anybody be anybody: not for a site with real data (docs.example.gouv.fr)"},
		},
		"the sandbox": {
			global: caddytest.Sandbox,
			sites:  gate,
			want:   []string{"SANDBOX: ProConnect is simulated, identities are not verified, and only this machine is answered (default)"},
		},
		"an email that any provider may claim": {
			global: "proconnect {\n environment production\n" + credentials + "}",
			sites: `http://localhost:{$PORT} {
				proconnect {
					allow siren 130025265
					allow email *@example.gouv.fr
					allow {
						email *@example.gouv.fr
						siret 13002526500013
					}
					deny email chef@example.gouv.fr
				}
			}`,
			want: []string{"rule 2 (allow email): an email proves only that some identity provider said so: add a line with idp_id, siret or siren"},
		},
		"levels that no login has at once": {
			global: "proconnect {\n environment production\n" + credentials + "}",
			sites:  "http://localhost:{$PORT} {\n proconnect {\n  allow {\n   acr eidas1\n   mfa\n  }\n }\n}",
			want:   []string{"rule 1 (allow acr acr): no login has all these levels at once: put them on one line to accept any of them"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PROCONNECT_CLIENT_SECRET", clientSecret)
			t.Setenv("PROCONNECT_SESSION_SECRET_2", sessionKeys[1])
			s := caddytest.Start(t, c.global, c.sites)
			var got []string
			for _, line := range s.Logged() {
				about := line.Text("host") + line.Text("path")
				if about == "" && strings.HasPrefix(line.Text("msg"), "SANDBOX") {
					about = line.Text("client")
				}
				if about != "" {
					about = " (" + about + ")"
				}
				got = append(got, line.Text("msg")+about)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("logged\n%q\nwant\n%q", got, c.want)
			}
			everything := s.Logs()
			for _, value := range []string{secret, clientSecret, sessionKeys[0], sessionKeys[1]} {
				if strings.Contains(everything, value) {
					t.Error("a secret is in the log")
				}
			}
		})
	}
}

// Where Caddy ends TLS, nothing is said of plain http.
func TestNoWarningOverTLS(t *testing.T) {
	t.Setenv("PROCONNECT_CLIENT_SECRET", clientSecret)
	s := caddytest.Start(t, "local_certs\n proconnect {\n environment production\n client_id an-id\n client_secret {env.PROCONNECT_CLIENT_SECRET}\n}",
		"https://docs.example.gouv.fr:{$TLS_PORT} {\n proconnect {\n  allow any\n }\n}")
	if lines := s.Logged(); len(lines) > 0 {
		t.Errorf("logged %v", lines)
	}
}
