package proconnect

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// Texts is what the pages say of a site. Placeholders in it are an error, because
// nothing would replace them.
type Texts struct {
	// The site's name. Default: its host name.
	Title string `json:"title,omitempty"`

	// The site's name on the pages of one language, by `fr` or `en`. Default: `title`,
	// else the name in the other language.
	TitleIn map[string]string `json:"title_in,omitempty"`

	// Who may enter, in words, which the pages show before login and on a
	// refusal: "Les agents de la DINUM." Default: a sentence that fits any site.
	Audience string `json:"audience,omitempty"`

	// Who may enter, on the pages of one language, by `fr` or `en`. Default: `audience`,
	// else what is said in the other language.
	AudienceIn map[string]string `json:"audience_in,omitempty"`

	// Whom to ask for help: an email address, a URL or plain text. Default: none.
	Contact string `json:"contact,omitempty"`

	// Links at the foot of the pages, to the accessibility statement, the legal
	// notice or the personal data policy for instance. Default: none.
	Links []Link `json:"links,omitempty"`

	// The site's logo, beside its name: the absolute path of a file in SVG or PNG, of 64 kB
	// at most. It is read when the configuration loads. Default: none.
	Logo string `json:"logo,omitempty"`
}

// Link is a link at the foot of the pages.
type Link struct {
	// The text of the link. Required.
	Text string `json:"text"`

	// Where it leads: an http or https URL, or a path of the site. Required.
	URL string `json:"url"`

	// The language of the pages that it is for, `fr` or `en`. Pages of a language that no
	// link is for have those of the other. Default: both.
	Lang string `json:"lang,omitempty"`
}

// check refuses links that a browser would not follow safely, and placeholders,
// which the pages would show as they are.
func (t *Texts) check() error {
	for _, option := range []struct {
		name, text string
		in         map[string]string
	}{
		{"title", t.Title, t.TitleIn},
		{"audience", t.Audience, t.AudienceIn},
		{"contact", t.Contact, nil},
	} {
		if rules.HoldsPlaceholder(option.text) {
			return fmt.Errorf("%s %q: %w", option.name, option.text, errLiteral)
		}
		if err := checkIn(option.name, option.in); err != nil {
			return err
		}
	}
	for i, l := range t.Links {
		switch {
		case rules.HoldsPlaceholder(l.Text), rules.HoldsPlaceholder(l.URL):
			return fmt.Errorf("link %q %q: %w", l.Text, l.URL, errLiteral)
		case strings.TrimSpace(l.Text) == "":
			return fmt.Errorf("link %q: the text is empty", l.URL)
		case l.Lang != "" && !pages.IsLanguage(l.Lang):
			return fmt.Errorf("link %q: language %q: want fr or en", l.Text, l.Lang)
		case slices.Contains(t.Links[:i], l):
			return fmt.Errorf("duplicate link %q %q: remove one", l.Text, l.URL)
		case !isWebURL(l.URL) && !origin.IsLocalPath(l.URL):
			return fmt.Errorf("link %q: want an http or https URL, or a path of the site", l.URL)
		}
	}
	if err := rules.CheckPath(t.Logo); t.Logo != "" && err != nil {
		return fmt.Errorf("logo %q: %w", t.Logo, err)
	}
	return nil
}

// checkIn checks what is said for one language each.
func checkIn(option string, in map[string]string) error {
	for _, lang := range slices.Sorted(maps.Keys(in)) {
		switch text := in[lang]; {
		case !pages.IsLanguage(lang):
			return fmt.Errorf("%s: language %q: want fr or en", option, lang)
		case strings.TrimSpace(text) == "":
			return fmt.Errorf("%s %s: the text is empty", option, lang)
		case rules.HoldsPlaceholder(text):
			return fmt.Errorf("%s %s %q: %w", option, lang, text, errLiteral)
		}
	}
	return nil
}

// isWebURL says whether s names a page anywhere on the web.
func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
}

// or fills what t leaves open from the defaults.
func (t Texts) or(defaults Texts) Texts {
	if t.Title == "" && len(t.TitleIn) == 0 {
		t.Title, t.TitleIn = defaults.Title, defaults.TitleIn
	}
	if t.Audience == "" && len(t.AudienceIn) == 0 {
		t.Audience, t.AudienceIn = defaults.Audience, defaults.AudienceIn
	}
	t.Contact = cmp.Or(t.Contact, defaults.Contact)
	if len(t.Links) == 0 {
		t.Links = defaults.Links
	}
	return t
}

// site is the form in which the pages of a language take it.
func (t Texts) site(lang, host, banner string) pages.Site {
	s := pages.Site{
		Title:    textIn(lang, t.Title, t.TitleIn),
		Audience: textIn(lang, t.Audience, t.AudienceIn),
		Contact:  pages.Text{Text: t.Contact},
		Banner:   banner,
	}
	if s.Title.Text == "" {
		s.Title = pages.Text{Text: host, Lang: lang} // a name is of no language
	}
	said := slices.ContainsFunc(t.Links, func(l Link) bool { return l.Lang == lang })
	for _, l := range t.Links {
		if l.Lang == "" || l.Lang == lang || !said {
			s.Links = append(s.Links, pages.Link{Text: pages.Text{Text: l.Text, Lang: l.Lang}, URL: l.URL})
		}
	}
	return s
}

// textIn is what is said on the pages of a language, with the language that it is in;
// nobody says that of a text for both.
func textIn(lang, both string, in map[string]string) pages.Text {
	if text := in[lang]; text != "" || both != "" {
		if text == "" {
			return pages.Text{Text: both}
		}
		return pages.Text{Text: text, Lang: lang}
	}
	for other, text := range in { // there are two languages
		return pages.Text{Text: text, Lang: other}
	}
	return pages.Text{}
}

var errLiteral = errors.New("no placeholders here, where nothing replaces them: say {$VAR} to take a variable of the environment")
