package session

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// The ID token that was kept for a session is a hint for the logout of that one alone:
// ProConnect would else end somebody else's session, or show an error page.
func TestIDTokenIsOfItsSession(t *testing.T) {
	k := New(Config{Name: "proconnect", Keys: seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef")), Issuer: "issuer", ClientID: "client"})
	mine, w := &Session{Family: Family{1}}, httptest.NewRecorder()
	k.SaveIDToken(t.Context(), w, testOrigin, mine, "a.b.c", "/logout", "/")
	var cookies []string
	for _, c := range w.Result().Cookies() {
		cookies = append(cookies, (&http.Cookie{Name: c.Name, Value: c.Value}).String())
	}
	for name, tt := range map[string]struct {
		session *Session
		want    string
	}{
		"the same session": {mine, "a.b.c"},
		"another one":      {&Session{Family: Family{2}}, ""},
		"none":             {new(Session), ""},
	} {
		if got := k.IDToken(t.Context(), testOrigin, cookies, tt.session); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
