package proconnect_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

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
