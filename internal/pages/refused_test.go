package pages

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestSentences(t *testing.T) {
	person := Refused{Email: "camille@example.fr", Organization: "Commune de Clamart", Siret: "21920023500014"}
	organization := "Votre organisation (Commune de Clamart, SIRET\u00a0219\u00a0200\u00a0235\u00a000014) n’est pas dans la liste des organisations autorisées."
	tests := []struct {
		name    string
		reasons []Reason
		want    []string
	}{
		{"organisation", []Reason{{ReasonNotListed, "siret"}}, []string{organization}},
		{"said once", []Reason{{ReasonNotListed, "siret"}, {ReasonNotListed, "siren"}, {ReasonNotListed, "siret"}}, []string{organization}},
		{"email", []Reason{{ReasonNotListed, "email"}}, []string{"Votre adresse électronique (camille@example.fr) n’est pas de celles qui sont admises ici."}},
		{"excluded", []Reason{{ReasonExcluded, "idp_id"}}, []string{"Le service de connexion que vous avez utilisé dans ProConnect fait partie de ceux qui ne sont pas admis ici."}},
		{"unknown", []Reason{{ReasonUnknown, "organizational_unit"}}, []string{"ProConnect n’a pas transmis votre service ou votre direction\u00a0: impossible de vérifier que vous pouvez entrer."}},
		{"acr and amr", []Reason{{ReasonACR, "acr"}, {ReasonNotListed, "amr"}}, []string{catalogs["fr"].text("reason.acr")}},
		{"roles that nobody told", []Reason{{ReasonUnknown, "roles"}}, []string{"ProConnect n’indique aucun statut public pour votre organisation (Commune de Clamart, SIRET\u00a0219\u00a0200\u00a0235\u00a000014)."}},
		{"custom", []Reason{{ReasonNotListed, "custom.grade"}}, []string{catalogs["fr"].text("reason.not_listed.other")}},
		{"unknown code", []Reason{{"no_such_code", "siret"}}, []string{catalogs["fr"].text("reason.other")}},
		{"a list of the site's", []Reason{{ReasonList, ""}, {ReasonList, "siret"}}, []string{catalogs["fr"].text("reason.list")}},
		{"a level", []Reason{{ReasonLevel, "acr"}}, []string{catalogs["fr"].text("reason.level")}},
		{"none", nil, []string{catalogs["fr"].text("reason.other")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			person := person
			person.Reasons = tt.reasons
			if got := person.sentences(catalogs["fr"]); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A deny rule of several conditions excludes nobody for one of them alone.
func TestTogether(t *testing.T) {
	for lang, want := range map[string]string{
		"fr": "Pris ensemble, le statut de votre organisation, l’organisation pour laquelle vous travaillez et votre adresse électronique vous ferment l’accès.",
		"en": "Taken together, the status of your organisation, your organisation and your email address deny you access.",
	} {
		v := Refused{Together: []string{"roles", "siret", "siren", "email"}}
		if got := v.sentences(catalogs[lang]); !slices.Equal(got, []string{want}) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	one := Refused{Together: []string{"siret", "siren"}}
	if got := one.sentences(catalogs["fr"]); !slices.Equal(got, []string{catalogs["fr"].text("reason.excluded.organization", "organization", "")}) {
		t.Errorf("about one thing: got %q", got)
	}
}

func TestSentencesAreFew(t *testing.T) {
	var v Refused
	for _, claim := range ruleFields {
		for _, code := range []string{ReasonNotListed, ReasonExcluded, ReasonUnknown} {
			v.Reasons = append(v.Reasons, Reason{code, claim})
		}
	}
	if got := v.sentences(catalogs["fr"]); len(got) != maxReasons {
		t.Errorf("got %d sentences", len(got))
	}
}

// Every reason about every claim is a finished sentence, with and without what
// is known of the person.
func TestSentencesAreWhole(t *testing.T) {
	for lang, c := range catalogs {
		for _, claim := range ruleFields {
			for _, code := range []string{ReasonNotListed, ReasonExcluded, ReasonUnknown, ReasonACR} {
				for _, v := range []Refused{{}, {Email: "a@example.fr", Organization: "X"}, {Siret: "123"}} {
					got := v.sentence(c, Reason{code, claim})
					if !strings.HasSuffix(got, ".") || strings.ContainsAny(got, "{}") || strings.Contains(got, "()") || strings.Contains(got, "  ") {
						t.Errorf("%s %s %s: %q", lang, code, claim, got)
					}
				}
			}
		}
	}
}

func TestRefusedPage(t *testing.T) {
	base := Refused{SwitchURL: "/switch", LogoutURL: "/logout", RetryURL: "/retry"}
	stronger, rolesLost := base, base
	stronger.ACRUnmet, rolesLost.RolesUnknown = true, true
	leveled := stronger
	leveled.Levels = []string{"eidas2", "eidas3"}
	higher := stronger
	higher.Reasons = []Reason{{ReasonLevel, "acr"}}
	page := base
	page.HomeURL = "/home"
	c := catalogs["fr"]
	tests := []struct {
		name    string
		view    Refused
		want    []string
		missing []string
	}{
		{"plain", base, []string{"/switch", "/logout", c.text("refused.heading"), c.text("refused.next_contact_none")}, []string{`"/retry"`, c.text("refused.next_acr"), "/home"}},
		{"a part of the site", page, []string{c.text("refused.heading_page"), "/switch", "/home"}, []string{`"/retry"`}},
		{"levels are for whoever helps", leveled, []string{"acr: <bdi>eidas2</bdi>, <bdi>eidas3</bdi>", c.text("problem.detail")}, nil},
		{"second factor", stronger, []string{c.text("refused.heading_acr"), c.text("refused.next_acr"), `"/retry"`}, []string{c.text("refused.next_contact_none")}},
		{"a level that two factors do not reach", higher, []string{c.text("reason.level"), c.text("refused.next_level"), `"/retry"`}, []string{c.text("refused.next_acr"), c.text("reason.acr")}},
		{"roles unknown", rolesLost, []string{c.text("refused.next_roles"), `"/retry"`}, []string{c.text("refused.next_acr")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, "fr", Site{}, "", tt.view)
			for _, s := range tt.want {
				if !strings.Contains(got, s) {
					t.Errorf("want %q in\n%s", s, got)
				}
			}
			for _, s := range tt.missing {
				if strings.Contains(got, s) {
					t.Errorf("%q is out of place in\n%s", s, got)
				}
			}
		})
	}
}

func TestSiretText(t *testing.T) {
	tests := []struct{ siret, want string }{
		{"21920023500014", "219\u00a0200\u00a0235\u00a000014"},
		{"2192002350001", "2192002350001"},
		{"2192002350001A", "2192002350001A"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := siretText(tt.siret); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.siret, got, tt.want)
		}
	}
}

// Where the directory of organisations may be down for a minute, another try is what helps.
func TestDirectoryDownTryAgain(t *testing.T) {
	got := render(t, "fr", testSite, "", Refused{
		Reasons: []Reason{{ReasonUnknown, "roles"}}, RolesUnknown: true,
		RetryURL: "/.proconnect/login?return_to=%2F", HomeURL: "/", SwitchURL: "/.proconnect/logout?then=login", LogoutURL: "/.proconnect/logout",
	})
	if !strings.Contains(got, `<ul class="actions">
<li><a class="button" href="/.proconnect/login?return_to=%2F">Réessayer</a></li>`) {
		t.Errorf("the first button is another in\n%s", got)
	}
}

// People are told of no acr: whoever runs the site opens it.
func TestLevelsAreFolded(t *testing.T) {
	got := render(t, "fr", testSite, "", Refused{ACRUnmet: true, Levels: []string{"eidas1-mfa", "eidas2"}})
	shown := regexp.MustCompile(`(?s)<details.*?</details>`).ReplaceAllString(got, "")
	if strings.Contains(shown, "acr") || strings.Contains(shown, "eidas") || !strings.Contains(got, "eidas1-mfa") {
		t.Errorf("the levels are shown, or not there, in\n%s", got)
	}
}
