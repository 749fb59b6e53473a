package recipes_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

func TestFleetOfPreviews(t *testing.T) {
	up := caddytest.Echo(t)
	list := doccode.Recipe(t, "A fleet of sites and previews", "text").Text
	s := start(t, doccode.Recipe(t, "A fleet of sites and previews", "caddyfile"), sandbox, up.Addr(),
		map[string]string{"previews.txt": strings.ReplaceAll(list, ".fr", ".localhost")})
	for _, name := range []string{"pr-12", "pr-13"} {
		b := s.Browser(site(name + ".preview"))
		to := b.Visit("/.proconnect/login?return_to=/x")
		if uri := to.RedirectURL(); !strings.Contains(uri, "login.example.gouv.localhost") || strings.Contains(uri, "redirect_uri=http%3A%2F%2F"+name) {
			t.Errorf("%s: ProConnect is asked to answer %s", name, uri)
		}
		a := b.Authorize(to, form("ministry"))
		if got := a.Received(t); got.URI != "/x" || !strings.HasPrefix(a.Request.URL.Host, name+".preview.") {
			t.Errorf("%s: the login ends at %s", name, a.Request.URL)
		}
	}
	gone := s.Browser(site("pr-99.preview"))
	if a := gone.Visit("/.proconnect/login?return_to=/x"); a.StatusCode < 400 || a.RedirectURL() != "" {
		t.Errorf("a preview that is not in the list: got %d to %q", a.StatusCode, a.RedirectURL())
	}
	calls := up.Calls.Load()
	wantStatus(t, "a stranger at a preview", s.Browser(site("pr-12.preview")).Visit("/x"), http.StatusUnauthorized)
	if a := gone.Visit("/x"); a.StatusCode < 400 || up.Calls.Load() != calls {
		t.Errorf("a preview that is not in the list: got %d", a.StatusCode)
	}
}
