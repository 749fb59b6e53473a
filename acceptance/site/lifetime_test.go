package site_test

import (
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Whoever stays logged in for ever by logging in over and over would escape the
// lifetime, which counts from the first login of the family: a further one of the
// same person, by a click on a link that anybody can make, changes nothing of it.
// Nor does a lifetime that was made longer meanwhile.
func TestLifetimeIsNotRenewed(t *testing.T) {
	tests := []struct {
		name, lifetime, person string
		want                   time.Duration // how long the session goes on, to the minute
	}{
		{"the same person", "1h", "ministry", time.Minute},
		{"the same person, the lifetime made longer", "12h", "ministry", time.Minute},
		{"control: another person", "1h", "commune", time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := caddytest.Start(t, securedSandbox, mfaSite)
			b := s.Browser("http://localhost:{$PORT}")
			b.Login("/", url.Values{"person": {"ministry"}})
			first := time.Now().Add(-59 * time.Minute).Truncate(time.Second)
			b.Plant("proconnect", resealed(t, b.Cookie("proconnect"), b.Home().Host, begun(first)))
			if got := expiresAt(b); !got.Equal(first.Add(time.Hour)) {
				t.Fatalf("before: it ends at %s, want %s", got, first.Add(time.Hour))
			}
			s.Reload(b, strings.Replace(securedSandbox, "lifetime 1h", "lifetime "+tt.lifetime, 1), mfaSite)
			before := b.Cookie("proconnect")
			person := url.Values{"person": {tt.person}}
			if a := b.Login("/", person); a.StatusCode != http.StatusOK || b.Cookie("proconnect") == before {
				t.Fatalf("the further login: %d, page %q", a.StatusCode, a.Page())
			}
			late := expiresAt(b).Sub(first.Add(59*time.Minute + tt.want))
			if late < 0 || late > 30*time.Second || tt.person == "ministry" && late != 0 {
				t.Errorf("it ends %s too late", late)
			}
		})
	}
}

// expiresAt is when the browser's session ends, as its own script is told.
func expiresAt(b *caddytest.Browser) time.Time {
	b.T.Helper()
	a := b.Visit("/.proconnect/session", fetchHeaders...)
	var told struct {
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(a.Text), &told); err != nil || told.ExpiresAt.IsZero() {
		b.T.Fatalf("%d: %s", a.StatusCode, a.Text)
	}
	return told.ExpiresAt
}

// A session ends with the browser: on a machine that several people use, one that
// was kept on disk would be the next one's. So its cookie says no Max-Age and no
// Expires, whichever answer carries it.
func TestSessionOutlivesTheBrowser(t *testing.T) {
	s := caddytest.Start(t, securedSandbox, mfaSite)
	b := s.Browser("http://localhost:{$PORT}")
	ministry := url.Values{"person": {"ministry"}}
	for name, from := range map[string]string{
		"a login":         "/.proconnect/login?return_to=/",
		"a step-up unmet": "/.proconnect/login?return_to=/admin/x&acr_values=eidas0-mfa+eidas1-mfa+eidas2+eidas3",
	} {
		t.Run(name, func(t *testing.T) {
			b := b.For(t)
			if b.Cookie("proconnect") == "" {
				b.Login("/", ministry) // an unmet step-up is noted in a session
			}
			a := b.Request(http.MethodPost, b.Visit(from).RedirectURL(), ministry)
			wantSessionCookie(t, b.Visit(a.RedirectURL()))
		})
	}
}

// wantSessionCookie wants a session that no browser keeps on disk.
func wantSessionCookie(t *testing.T, a caddytest.Answer) {
	t.Helper()
	for _, c := range a.Cookies() {
		if !strings.HasPrefix(c.Name, "proconnect_") || strings.Count(c.Name, "_") != 1 {
			continue
		}
		if raw := strings.ToLower(c.Raw); c.Value == "" || strings.Contains(raw, "max-age") || strings.Contains(raw, "expires") {
			t.Errorf("the browser is given %s", c.Raw)
		}
		return
	}
	t.Errorf("%d, page %q: no session among %v", a.StatusCode, a.Page(), a.Cookies())
}

// Nodes whose clocks differ by some minutes share their people. But a session
// from further ahead would live longer than it may, and an attempt too: what a
// clock that nobody can trust has dated is worth nothing.
func TestClockAhead(t *testing.T) {
	s := caddytest.Start(t, securedSandbox, mfaSite)
	ministry := url.Values{"person": {"ministry"}}
	tests := []struct {
		name  string
		ahead time.Duration
		ok    bool
	}{
		{"the same clock", 0, true},
		{"2 minutes ahead", 2 * time.Minute, true},
		{"10 minutes ahead", 10 * time.Minute, false},
		{"59 minutes ago", -59 * time.Minute, true},
		{"61 minutes ago", -61 * time.Minute, false},
	}
	for _, tt := range tests {
		t.Run("a session sealed "+tt.name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			b.Login("/", ministry)
			b.Plant("proconnect", resealed(t, b.Cookie("proconnect"), b.Home().Host, begun(time.Now().Add(tt.ahead))))
			if a := b.Visit("/"); (a.Text == "inside eidas1") != tt.ok || !tt.ok && a.StatusCode != http.StatusUnauthorized {
				t.Errorf("it is worth %d: %s", a.StatusCode, a.Text)
			}
		})
		t.Run("an attempt sealed "+tt.name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			a := b.Visit("/.proconnect/login?return_to=/")
			a.Header.Set("Location", restated(t, a.RedirectURL(), begunAt(time.Now().Add(tt.ahead))))
			a = b.Request(http.MethodPost, a.RedirectURL(), ministry)
			if a = b.Visit(a.RedirectURL()); (a.Header.Get("Location") == "/") != tt.ok {
				t.Errorf("the login ends at %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
			if b.Cookie("proconnect") != "" != tt.ok {
				t.Errorf("a session: %t, want %t", !tt.ok, tt.ok)
			}
		})
	}
}

// redated moves the time at which a logout began, and seals it with the right key.
func redated(t *testing.T, value, host string, at time.Time) string {
	t.Helper()
	box := sandboxBox(t, "logout")
	plain, err := box.Open(t.Context(), value, host)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(plain), &fields); err != nil {
		t.Fatal(err)
	}
	if _, dated := fields["d"]; !dated {
		t.Fatalf("no date in %s", plain)
	}
	fields["d"] = at.Unix()
	changed, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal(t.Context(), changed, host)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// restated changes what is in the state of an address, and seals it with the right key.
func restated(t *testing.T, address string, change func(plain []byte)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	box, query := attemptBox(t), u.Query()
	plain, err := box.Open(t.Context(), query.Get("state"), "")
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(plain)
	change(changed)
	sealed, err := box.Seal(t.Context(), changed, "")
	if err != nil {
		t.Fatal(err)
	}
	query.Set("state", sealed)
	u.RawQuery = query.Encode()
	return u.String()
}

// begunAt moves the time at which an attempt began: it stands behind version, kind,
// round and id.
func begunAt(at time.Time) func([]byte) {
	return func(plain []byte) { binary.BigEndian.PutUint64(plain[19:], uint64(at.Unix())) }
}
