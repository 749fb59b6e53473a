package proconnect

import (
	"errors"
	"fmt"
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

	// Who may enter, in words, which the pages show before login and on a
	// refusal: "Les agents de la DINUM." Default: a sentence that fits any site.
	Audience string `json:"audience,omitempty"`

	// Whom to ask for help: an email address, a URL or plain text. Default: none.
	Contact string `json:"contact,omitempty"`

	// Links at the foot of the pages, to the accessibility statement, the legal
	// notice or the personal data policy for instance. Default: none.
	Links []Link `json:"links,omitempty"`
}

// Link is a link at the foot of the pages.
type Link struct {
	// The text of the link. Required.
	Text string `json:"text"`

	// Where it leads: an http or https URL, or a path of the site. Required.
	URL string `json:"url"`
}

// check refuses links that a browser would not follow safely, and placeholders,
// which the pages would show as they are.
func (t *Texts) check() error {
	for _, option := range []struct{ name, text string }{
		{"title", t.Title},
		{"audience", t.Audience},
		{"contact", t.Contact},
	} {
		if rules.HoldsPlaceholder(option.text) {
			return fmt.Errorf("%s %q: %w", option.name, option.text, errLiteral)
		}
	}
	for i, l := range t.Links {
		switch {
		case rules.HoldsPlaceholder(l.Text), rules.HoldsPlaceholder(l.URL):
			return fmt.Errorf("link %q %q: %w", l.Text, l.URL, errLiteral)
		case strings.TrimSpace(l.Text) == "":
			return fmt.Errorf("link %q: the text is empty", l.URL)
		case slices.Contains(t.Links[:i], l):
			return fmt.Errorf("duplicate link %q %q: remove one", l.Text, l.URL)
		case !isWebURL(l.URL) && !origin.IsLocalPath(l.URL):
			return fmt.Errorf("link %q: want an http or https URL, or a path of the site", l.URL)
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
	if t.Title == "" {
		t.Title = defaults.Title
	}
	if t.Audience == "" {
		t.Audience = defaults.Audience
	}
	if t.Contact == "" {
		t.Contact = defaults.Contact
	}
	if len(t.Links) == 0 {
		t.Links = defaults.Links
	}
	return t
}

// site is the form in which the pages take it.
func (t Texts) site(host, banner string) pages.Site {
	s := pages.Site{Title: t.Title, Audience: t.Audience, Contact: t.Contact, Banner: banner}
	if s.Title == "" {
		s.Title = host
	}
	for _, l := range t.Links {
		s.Links = append(s.Links, pages.Link{Text: l.Text, URL: l.URL})
	}
	return s
}

var errLiteral = errors.New("no placeholders here, where nothing replaces them: say {$VAR} to take a variable of the environment")
