package site_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "a plain login after an MFA login of the same person", by somebody who is the
// same in one respect alone: a sub is unique at one identity provider (sub and
// idp_id together name a person), and an identity provider has many people. The
// level that the first has proven is not the second's, nor is the session.
func TestLevelOfSomebodyAlike(t *testing.T) {
	for name, claim := range map[string]string{"the same sub at another identity provider": "idp_id", "another sub at the same identity provider": "sub"} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			p.ACR = "eidas1-mfa"
			s := caddytest.Start(t, p.Option(), mfaSite)
			b := s.Browser("http://localhost:{$PORT}")
			if a := b.LoginAt("/admin/x"); a.Text != "inside eidas1-mfa" {
				t.Fatalf("the first: %d %s", a.StatusCode, a.Text)
			}
			first := b.Cookies()
			p.Mu.Lock()
			p.ACR, p.Claims[claim] = "eidas1", "71144ab3-ee1a-4401-b7b3-79b44f7daeeb"
			p.Mu.Unlock()
			if a := b.GoOn(b.LoginAt("/")); a.Text != "inside eidas1" {
				t.Fatalf("the second: %d %s", a.StatusCode, a.Text)
			}
			if a := b.Visit("/admin/x"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("the level of the first counts for the second: %d %s", a.StatusCode, a.Text)
			}
			if got := worth(s, b, first); got != http.StatusUnauthorized {
				t.Errorf("the session of the first goes on in copies of its cookie: %d", got)
			}
		})
	}
}

// Where the client does not ask for idp_id, nothing tells one provider's account from
// another's that ProConnect gives the same sub. The level of the one, together with the
// organisation of the other, would be a person who does not exist.
func TestLevelOfAnUnknownProvider(t *testing.T) {
	p := caddytest.NewProvider(t)
	p.ACR = "eidas1-mfa"
	delete(p.Claims, "idp_id")
	s := caddytest.Start(t, strings.Replace(p.Option(), "client_id", "scopes openid email siret\n client_id", 1), mfaSite)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.LoginAt("/admin/x"); a.Text != "inside eidas1-mfa" {
		t.Fatalf("the first: %d %s", a.StatusCode, a.Text)
	}
	first := b.Cookies()
	p.Mu.Lock()
	p.ACR, p.Claims["siret"] = "eidas1", "21920023500014"
	p.Mu.Unlock()
	if a := b.LoginAt("/"); a.Text != "inside eidas1" {
		t.Fatalf("the second: %d %s", a.StatusCode, a.Text)
	}
	if a := b.Visit("/admin/x"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the level of the first counts for the second: %d %s", a.StatusCode, a.Text)
	}
	b.Visit("/.proconnect/logout")
	if got := worth(s, b, first); got != http.StatusUnauthorized {
		t.Errorf("after the logout the first cookie is worth %d", got)
	}
}

// A gate's own `mfa` and `acr` are required of everybody whom its rules admit, on
// `allow any` too. Somebody whose login proved less asks for a page of that gate:
// by a click, who is sent back to ProConnect for exactly these levels; or by a
// program, which must get nothing but where to go. One of the levels is enough.
func TestLevelOfTheGate(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /mfa/* {
		allow any
		mfa
	}
	proconnect /acr/* {
		allow any
		acr eidas2 eidas3
	}
	respond "inside"
}`)
	tests := []struct {
		path    string
		levels  []string // of which the gate wants one
		tooLow  []string
		further string // a level of the list that the person can bring
	}{
		{"/mfa/x", []string{"eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3"}, []string{"eidas1"}, "eidas0-mfa"},
		{"/acr/x", []string{"eidas2", "eidas3"}, []string{"eidas1", "eidas1-mfa"}, "eidas3"},
	}
	for _, tt := range tests {
		for _, level := range tt.tooLow {
			t.Run(tt.path+" at "+level, func(t *testing.T) {
				b := s.Browser("http://localhost:{$PORT}")
				b.T = t
				b.Login("/", url.Values{"person": {"ministry"}, "acr": {level}})
				wantStepUpDocument(t, b.Visit(tt.path, fetchHeaders...), tt.levels)
				a := b.Visit(tt.path)
				if got := essentialLevels(t, a); !slices.Equal(got, tt.levels) {
					t.Errorf("%d: ProConnect is asked for %q, want %q", a.StatusCode, got, tt.levels)
				}
				if a = b.Authorize(a, url.Values{"person": {"ministry"}, "acr": {tt.further}}); a.StatusCode != http.StatusOK || a.Text != "inside" {
					t.Errorf("at %s: %d, page %q", tt.further, a.StatusCode, a.Page())
				}
			})
		}
		for _, level := range tt.levels {
			t.Run(tt.path+" at "+level, func(t *testing.T) {
				b := s.Browser("http://localhost:{$PORT}")
				b.T = t
				if a := b.Login(tt.path, url.Values{"person": {"ministry"}, "acr": {level}}); a.StatusCode != http.StatusOK || a.Text != "inside" {
					t.Errorf("%d, page %q", a.StatusCode, a.Page())
				}
			})
		}
	}
}

// essentialLevels are those that a redirect to ProConnect makes a condition of
// the login (OpenID Connect Core §5.5.1.1).
func essentialLevels(t *testing.T, a caddytest.Answer) []string {
	t.Helper()
	location, err := url.Parse(a.RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		IDToken struct {
			ACR struct {
				Essential bool     `json:"essential"`
				Values    []string `json:"values"`
			} `json:"acr"`
		} `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(location.Query().Get("claims")), &claims); err != nil || !claims.IDToken.ACR.Essential {
		t.Fatalf("%d to %q: no essential acr", a.StatusCode, a.RedirectURL())
	}
	return claims.IDToken.ACR.Values
}

// wantStepUpDocument wants what tells a program that another level is required.
func wantStepUpDocument(t *testing.T, a caddytest.Answer, levels []string) {
	t.Helper()
	var doc struct {
		Type      string   `json:"type"`
		ACRValues []string `json:"acr_values"`
	}
	if err := json.Unmarshal([]byte(a.Text), &doc); err != nil {
		t.Fatalf("%d: %s", a.StatusCode, a.Text)
	}
	if a.StatusCode != http.StatusUnauthorized || !strings.HasSuffix(doc.Type, "#step_up_required") || !slices.Equal(doc.ACRValues, levels) {
		t.Errorf("a program: %d %s", a.StatusCode, a.Text)
	}
}

// Whoever makes a link to the login writes its acr_values. A level that ProConnect
// does not know would have every login fail there; one that no gate requires, or some
// of those that one requires together, would end the single sign-on of a person who
// has another; and whatever stands in it is no parameter of the attacker's to hand
// on. It is refused whole: nobody is sent anywhere, nothing is remembered, and
// ProConnect is not even looked up.
func TestLoginAtUnknownLevel(t *testing.T) {
	p := caddytest.NewProvider(t)
	var asked atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		p.Serve(w, r)
	}))
	t.Cleanup(front.Close)
	p.URL = front.URL
	s := caddytest.Start(t, p.Option(), mfaSite)
	for _, values := range []string{
		"evil", "eidas2 evil", "evil eidas2", "EIDAS2", "eidas2,eidas3", `eidas2"`, "eidas2\x00", "eidas2&prompt=none",
		"eidas2", "eidas2 eidas3", "eidas1", "eidas0-mfa eidas1-mfa eidas2", "eidas0-mfa eidas1-mfa eidas2 eidas3 eidas1",
	} {
		t.Run(values, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			a := b.Visit("/.proconnect/login?return_to=/admin/x&acr_values=" + url.QueryEscape(values))
			if a.StatusCode != http.StatusBadRequest || a.Page() != "problem bad_request" || a.Header.Get("Location") != "" || len(a.Cookies()) != 0 {
				t.Errorf("got %d to %q, page %q, cookies %v", a.StatusCode, a.Header.Get("Location"), a.Page(), a.Cookies())
			}
			if n := asked.Load(); n != 0 {
				t.Errorf("the provider was asked %d times", n)
			}
		})
	}
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Visit("/.proconnect/login?return_to=/admin/x&acr_values=eidas3+eidas2+eidas1-mfa+eidas0-mfa")
	if got := essentialLevels(t, a); !slices.Equal(got, []string{"eidas3", "eidas2", "eidas1-mfa", "eidas0-mfa"}) || b.FindCookie("_browser") == nil || asked.Load() == 0 {
		t.Errorf("the levels of a gate: %d, asking for %q", a.StatusCode, got)
	}
}
