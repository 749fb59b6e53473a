package proconnect

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// What is said on the pages of each language, and in which it is. What is said once is for
// both; nobody knows its language.
func TestTextsOfEachLanguage(t *testing.T) {
	const mentions, notice = "Mentions légales", "Legal notice"
	for name, tt := range map[string]struct {
		json   string
		fr, en pages.Site
	}{
		"nothing": {`{}`, pages.Site{Title: pages.Text{Text: "docs.fr", Lang: "fr"}}, pages.Site{Title: pages.Text{Text: "docs.fr", Lang: "en"}}},
		"once": {
			`{"title":"Docs","audience":"Les agents","links":[{"text":"RGAA","url":"/r"}]}`,
			pages.Site{Title: pages.Text{Text: "Docs"}, Audience: pages.Text{Text: "Les agents"}, Links: []pages.Link{{Text: pages.Text{Text: "RGAA"}, URL: "/r"}}},
			pages.Site{Title: pages.Text{Text: "Docs"}, Audience: pages.Text{Text: "Les agents"}, Links: []pages.Link{{Text: pages.Text{Text: "RGAA"}, URL: "/r"}}},
		},
		"each": {
			`{"title_in":{"fr":"Achats","en":"Buying"},"audience_in":{"en":"Buyers"},"links":[{"text":"` + mentions + `","url":"/m","lang":"fr"},{"text":"RGAA","url":"/r"},{"text":"` + notice + `","url":"/m","lang":"en"}]}`,
			pages.Site{Title: pages.Text{Text: "Achats", Lang: "fr"}, Audience: pages.Text{Text: "Buyers", Lang: "en"}, Links: []pages.Link{{Text: pages.Text{Text: mentions, Lang: "fr"}, URL: "/m"}, {Text: pages.Text{Text: "RGAA"}, URL: "/r"}}},
			pages.Site{Title: pages.Text{Text: "Buying", Lang: "en"}, Audience: pages.Text{Text: "Buyers", Lang: "en"}, Links: []pages.Link{{Text: pages.Text{Text: "RGAA"}, URL: "/r"}, {Text: pages.Text{Text: notice, Lang: "en"}, URL: "/m"}}},
		},
		"one, and for the rest": {
			`{"title":"Achats","title_in":{"en":"Buying"},"links":[{"text":"` + mentions + `","url":"/m","lang":"fr"}]}`,
			pages.Site{Title: pages.Text{Text: "Achats"}, Links: []pages.Link{{Text: pages.Text{Text: mentions, Lang: "fr"}, URL: "/m"}}},
			pages.Site{Title: pages.Text{Text: "Buying", Lang: "en"}, Links: []pages.Link{{Text: pages.Text{Text: mentions, Lang: "fr"}, URL: "/m"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var texts Texts
			if err := json.Unmarshal([]byte(tt.json), &texts); err != nil {
				t.Fatal(err)
			}
			if err := texts.check(); err != nil {
				t.Fatal(err)
			}
			for lang, want := range map[string]pages.Site{"fr": tt.fr, "en": tt.en} {
				if got := texts.site(lang, "docs.fr", ""); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got  %+v\nwant %+v", lang, got, want)
				}
			}
		})
	}
}

// What a gate says in any language takes the place of all that its client says.
func TestTextsOfTheGateComeFirst(t *testing.T) {
	client := Texts{Title: "Client", TitleIn: map[string]string{"en": "Client, in English"}, Audience: "Tous", AudienceIn: map[string]string{"fr": "Tous"}}
	gate := Texts{TitleIn: map[string]string{"fr": "Barrière"}}
	got := gate.or(client)
	if want := (Texts{TitleIn: gate.TitleIn, Audience: "Tous", AudienceIn: client.AudienceIn}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A configuration of another language than the pages' is refused, and so is a text that
// nobody would see.
func TestTextsThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		`{"title_in":{"de":"x"}}`:                         `title: language "de": want fr or en`,
		`{"audience_in":{"fr":" "}}`:                      `audience fr: the text is empty`,
		`{"title_in":{"en":"{env.X}"}}`:                   `title en "{env.X}": ` + errLiteral.Error(),
		`{"links":[{"text":"a","url":"/a","lang":"FR"}]}`: `link "a": language "FR": want fr or en`,
		`{"logo":"logo.svg"}`:                             `logo "logo.svg": a relative path would depend on the directory in which Caddy starts: say the whole path, which begins with /`,
	} {
		var texts Texts
		if err := json.Unmarshal([]byte(text), &texts); err != nil {
			t.Fatal(err)
		}
		if err := texts.check(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
