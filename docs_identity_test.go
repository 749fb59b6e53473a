package proconnect_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The JSON and the headers that docs/identity.md shows are those of a person of the
// sandbox.
func TestDocsIdentityIsWhatASiteGets(t *testing.T) {
	page := readFile(t, "docs/identity.md")
	shown := shownBlock(t, page, "text")
	answer := regexp.MustCompile(`(?m)^(X-ProConnect-[a-z-]+): .*$`).ReplaceAllString(strings.TrimSpace(shown), "$1: {http.request.header.$1}")
	s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\nproconnect {\nallow any\nheaders\n}\nrespond `"+answer+"`\n}")
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"commune"}}); a.Text != strings.TrimSpace(shown) {
		t.Errorf("the headers are\n%s\nwant\n%s", a.Text, shown)
	}
	got, want := unmarshalled(t, b.Visit("/.proconnect/session").Text), unmarshalled(t, shownBlock(t, page, "json"))
	got["expires_at"] = want["expires_at"] // a time
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the session is\n%v\nwant\n%v", got, want)
	}
}

// shownBlock is the first block of a language in a page.
func shownBlock(t *testing.T, page, language string) string {
	t.Helper()
	m := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no block of %s", language)
	}
	return m[1]
}

func unmarshalled(t *testing.T, text string) (fields map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return fields
}
