package pages

import (
	"strings"
	"testing"
)

// What a site says of itself may be in another language than the page, or in one that
// nobody knows: a screen reader must not read it as it reads the page (WCAG 2.2 3.1.2).
func TestWordsOfTheSiteSayTheirLanguage(t *testing.T) {
	site := Site{
		Title: Text{"Achats", "fr"}, Audience: Text{"Buyers", "en"}, Contact: Text{Text: "DSI, bureau 12"},
		Links: []Link{{Text{"Mentions", "fr"}, "/m"}, {Text{Text: "RGAA"}, "/r"}, {Text{"Data", "en"}, "mailto:no"}},
	}
	for lang, want := range map[string][]string{
		"fr": {`<bdi>Achats</bdi>`, `<bdi lang="en">Buyers</bdi>`, `<bdi lang="">DSI, bureau 12</bdi>`, `<a href="/m">Mentions</a>`, `<a href="/r" lang="">RGAA</a>`, `<bdi lang="en">Data</bdi>`},
		"en": {`<bdi lang="fr">Achats</bdi>`, `<bdi>Buyers</bdi>`, `<bdi lang="">DSI, bureau 12</bdi>`, `<a href="/m" lang="fr">Mentions</a>`, `<a href="/r" lang="">RGAA</a>`, `<bdi>Data</bdi>`},
	} {
		for _, view := range []View{Login{LoginURL: "/login"}, Refused{Reasons: []Reason{{ReasonNotListed, "siret"}}}} {
			page := render(t, lang, site, "", view)
			for _, want := range want {
				if strings.Count(page, want) != 1 {
					t.Errorf("%s, %s: want %s once in\n%s", lang, view.pageName(), want, page)
				}
			}
		}
	}
	// An address is of no language.
	site.Contact = Text{Text: "a@example.gouv.fr"}
	if page := render(t, "en", site, "", LoggedOut{}); !strings.Contains(page, `<a href="mailto:a@example.gouv.fr">`) {
		t.Errorf("the contact has a language in\n%s", page)
	}
}
