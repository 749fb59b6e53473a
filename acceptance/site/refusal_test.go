package site_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What a refused person reads is true, whatever made the rule refuse.
func TestRefusalSaysWhy(t *testing.T) {
	ministry, commune := url.Values{"person": {"ministry"}}, url.Values{"person": {"commune"}}
	noSIRET := url.Values{"person": {"private"}, "siret": {""}}
	tests := []struct {
		name, rules string
		person      url.Values
		want        []string
		never       string
	}{
		{
			"not in a list", "allow siren 130025265", commune,
			[]string{"Votre organisation (COMMUNE DE CLAMART, SIRET\u00a0219\u00a0200\u00a0235\u00a000014) n’est pas dans la liste des organisations autorisées."},
			"",
		},
		{
			"the one that is excepted", "allow {; not siren 130025265; }", ministry,
			[]string{"Votre organisation (DIRECTION INTERMINISTERIELLE DU NUMERIQUE (DINUM), SIRET\u00a0130\u00a0025\u00a0265\u00a000013) fait partie de celles qui ne sont pas admises ici."},
			"pas dans la liste",
		},
		{
			"denied because ProConnect did not tell", "allow any_sub; deny siret absent", noSIRET,
			[]string{"ProConnect n’a pas transmis l’organisation pour laquelle vous travaillez"},
			"fait partie",
		},
		{
			"denied because it is unknown", "allow any_sub; deny siren 130025265", noSIRET,
			[]string{"ProConnect n’a pas transmis l’organisation pour laquelle vous travaillez"},
			"fait partie",
		},
		{
			"what must be told is not", "allow {; not organizational_unit absent; }", commune,
			[]string{"ProConnect n’a pas transmis votre service ou votre direction"},
			"pas dans la liste",
		},
		{
			"denied for not being of a list", "allow any_sub; deny {; not siren 130025265; }", commune,
			[]string{"n’est pas dans la liste des organisations autorisées"},
			"fait partie",
		},
		{
			"denied for two things that come together", "allow any_sub; deny {; roles agent_public_etat; belonging_population prestataire; }",
			url.Values{"person": {"contractor"}},
			[]string{"Pris ensemble, le statut de votre organisation et votre situation dans votre organisation (agent, prestataire, stagiaire…) vous ferment l’accès."},
			"fait partie",
		},
		{
			"roles that may be back in a minute", "allow roles agent_public",
			url.Values{"person": {"lookup-down"}},
			[]string{"ProConnect n’indique aucun statut public pour votre organisation", `href="/.proconnect/login?return_to=%2F">Réessayer`},
			"",
		},
	}
	s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.T = t
			b := s.Browser("http://localhost:{$PORT}")
			s.Reload(b, caddytest.Sandbox, caddytest.GatedBy(strings.ReplaceAll(tt.rules, "any_sub", "sub *")))
			a := b.Login("/", tt.person)
			text := html.UnescapeString(a.Text)
			if a.StatusCode != http.StatusForbidden || a.Page() != "refused" {
				t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in\n%s", want, text)
				}
			}
			if tt.never != "" && strings.Contains(text, tt.never) {
				t.Errorf("%q is not true in\n%s", tt.never, text)
			}
		})
	}
}

// A level that ProConnect could not bring is not asked for again without a click,
// however often the person comes back; the page explains what would help.
func TestStepUpUnmetIsRemembered(t *testing.T) {
	for name, tt := range map[string]struct{ rules, want, never string }{
		"two factors":         {"allow mfa", "double authentification", "autre niveau"},
		"a level beyond them": {"allow acr eidas2 eidas3", "Un autre niveau d’identification", "double authentification"},
		"levels from a file":  {"allow acr from {$DIR}/levels.txt", "Un autre niveau d’identification", "double authentification"},
		"of the whole gate":   {"allow any\n acr eidas2", "Un autre niveau d’identification", "double authentification"},
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.New(t)
			s.Write("levels.txt", "# strong ones\neidas2\neidas3\n")
			s.Run(caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /strong/* {
		`+tt.rules+`
	}
	respond "inside"
}`)
			b := s.Browser("http://localhost:{$PORT}")
			b.Login("/", url.Values{"person": {"ministry"}})
			a := b.Visit("/strong/x")
			if a.StatusCode != http.StatusSeeOther || !strings.Contains(a.RedirectURL(), "essential") {
				t.Fatalf("first: got %d to %s, page %q", a.StatusCode, a.RedirectURL(), a.Page())
			}
			a = b.Authorize(a, url.Values{"person": {"ministry"}})
			for visit := range 3 {
				text := html.UnescapeString(a.Text)
				if a.StatusCode != http.StatusForbidden || a.Page() != "refused" {
					t.Fatalf("visit %d: got %d, page %q", visit, a.StatusCode, a.Page())
				}
				if !strings.Contains(text, tt.want) || strings.Contains(text, tt.never) || !strings.Contains(text, ">Réessayer") {
					t.Errorf("visit %d: want %q, a way to try again, and no %q in\n%s", visit, tt.want, tt.never, text)
				}
				a = b.Visit("/strong/x")
			}
			if a := b.Visit("/"); a.Text != "inside" {
				t.Errorf("the rest of the site: got %d, page %q", a.StatusCode, a.Page())
			}
			// A click asks once more, and whoever has proven enough by then enters.
			a = b.Visit(loginLink(a, t))
			if a = b.Authorize(a, url.Values{"person": {"ministry"}, "acr": {"eidas2"}}); a.Text != "inside" {
				t.Errorf("with eidas2: got %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// A session that lacks a claim which a rule reads since is told apart from none.
func TestStaleSessionSaysSo(t *testing.T) {
	site := func(rules string) string {
		return "\nhttp://localhost:{$PORT} {\n proconnect {\n optional\n " + rules + "\n }\n respond \"{http.proconnect.decision}: {http.proconnect.reason}\"\n}"
	}
	s := caddytest.Start(t, caddytest.Sandbox, site("allow any"))
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Visit("/"); a.Text != "login: no session" {
		t.Errorf("a stranger: got %q", a.Text)
	}
	b.Login("/", url.Values{"person": {"ministry"}})
	s.Reload(b, caddytest.Sandbox, site("allow organizational_unit *"))
	if a := b.Visit("/"); a.Text != "login: organizational_unit was not asked for at login" {
		t.Errorf("stale: got %q", a.Text)
	}
}

// A gate that admits does not change what an optional one before it said.
func TestRefusalStandsWithItsReason(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public_territorial
		optional
	}
	proconnect {
		allow any
	}
	respond "{http.proconnect.decision}: {http.proconnect.reason}"
}`)
	a := s.Browser("http://localhost:{$PORT}").Login("/", url.Values{"person": {"ministry"}})
	if want := "deny: no rule matched: rule 1: roles failed"; a.Text != want {
		t.Errorf("got %s, want %s", a.Text, want)
	}
}

// refusals are the lines of the log that tell of refused people.
func refusals(s *caddytest.Server) (lines []string) {
	for line := range strings.Lines(s.Logs()) {
		if strings.Contains(line, `"msg":"refused`) {
			lines = append(lines, line)
		}
	}
	return lines
}

// The log of a refusal names rules and fields. It neither repeats what the rules hold
// (a rule may name three hundred colleagues) nor says the same on every request; every
// page leads to the line that there is.
func TestRefusalsAreLoggedWithoutValues(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow {; siren 219200235; email chef@example.gouv.fr agent@example.gouv.fr; not organizational_unit Secret; }"))
	b := s.Browser("http://localhost:{$PORT}")
	reference := b.Login("/", url.Values{"person": {"ministry"}}).Reference()
	for range 5 {
		a := b.Visit("/other")
		if a.StatusCode != http.StatusForbidden || a.Reference() != reference {
			t.Errorf("got %d, reference %s, want that of the log, %s", a.StatusCode, a.Reference(), reference)
		}
	}
	lines := refusals(s)
	if len(lines) != 1 || !strings.Contains(lines[0], `"reference":"`+reference+`"`) ||
		!strings.Contains(lines[0], `"rules":["rule 1: allow siren email not organizational_unit"]`) {
		t.Errorf("logged %d lines\n%s", len(lines), strings.Join(lines, ""))
	}
	s.Browser("http://localhost:{$PORT}").Login("/", url.Values{"person": {"private"}})
	if lines = refusals(s); len(lines) != 2 {
		t.Errorf("another session: %d lines", len(lines))
	}
	for _, value := range []string{"219200235", "chef@", "agent@", "Secret"} {
		if strings.Contains(strings.Join(lines, ""), value) {
			t.Errorf("the log repeats %s", value)
		}
	}
}

// A deny whose list has a faulty line refuses those whom the list may have named. It is
// the list that is at fault: neither ProConnect, which told all it was asked, nor the
// person.
func TestRefusalOfAFaultyListSaysSo(t *testing.T) {
	for lang, want := range map[string]string{
		"fr": "Une liste de ce site n’a pas pu être lue en entier\u00a0: impossible de vérifier que vous pouvez entrer.",
		"en": "A list of this site could not be read completely: it is not possible to check that you may enter.",
	} {
		t.Run(lang, func(t *testing.T) {
			s := caddytest.New(t)
			list := s.Write("blocked.txt", "x@example.org\na@example.org; b@example.org\n")
			s.Run(caddytest.Sandbox, caddytest.GatedBy("allow roles agent_public; deny email from "+list))
			b := s.Browser("http://localhost:{$PORT}")
			b.Login("/", url.Values{"person": {"ministry"}})
			a := b.Visit("/", "Accept-Language", lang)
			text := html.UnescapeString(a.Text)
			if a.StatusCode != http.StatusForbidden || !strings.Contains(text, want) {
				t.Errorf("got %d\n%s", a.StatusCode, text)
			}
			for _, wrong := range []string{"n’a pas transmis", "gave no information", "then=login"} {
				if strings.Contains(text, wrong) {
					t.Errorf("%q is not true in\n%s", wrong, text)
				}
			}
			if lines := strings.Join(refusals(s), ""); !strings.Contains(lines, `"reason":"rule 2 denies: email list incomplete"`) {
				t.Errorf("logged %s", lines)
			}
			if a := b.Visit("/", fetchHeaders...); !strings.Contains(a.Text, "email list incomplete") {
				t.Errorf("a program: %s", a.Text)
			}
		})
	}
}

// The reference on the page of an error leads to the log line that says what to do.
func TestReferenceIsLogged(t *testing.T) {
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n }", `
http://localhost:{$PORT} {
	proconnect /mixed {
		allow any
	}
	proconnect /mixed {
		client other
		path /.other
		allow any
	}
	handle /deep/* {
		proconnect {
			path /elsewhere
			login auto
			allow any
		}
	}
	respond ok
}`)
	for _, test := range []struct {
		name, path, header, page string
	}{
		{"two clients", "/mixed", "X-Nothing", "problem clients_mixed"},
		{"a callback that goes elsewhere", "/deep/x", "X-Nothing", "problem callback_unreachable"},
		{"through a proxy", "/mixed", "X-Forwarded-For", "problem sandbox_guard"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.T = t
			b := s.Browser("http://localhost:{$PORT}")
			if test.page == "problem clients_mixed" { // the first gate lets nobody else through to the second
				b.Login("/", url.Values{"person": {"ministry"}})
			}
			a := b.Visit(test.path, test.header, "192.0.2.1")
			if a.Page() != test.page {
				t.Fatalf("got %q, want %q", a.Page(), test.page)
			}
			reference := regexp.MustCompile(`class="reference">.*<code data-reference="(\w+)">`).FindStringSubmatch(a.Text)
			if reference == nil || !strings.Contains(s.Logs(), `"reference":"`+reference[1]+`"`) {
				t.Errorf("reference %q is not in the log", reference)
			}
		})
	}
}
