package proconnect_test

import (
	"html"
	"net/http"
	"net/url"
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
