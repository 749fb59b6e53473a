package site_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

const (
	securedSandbox = "proconnect {\n environment sandbox\n session {\n secret " + caddytest.SessionSecret + "\n lifetime 1h\n }\n }"
)

// sandboxBox opens what the sandbox's default client seals for a purpose.
func sandboxBox(t *testing.T, purpose string) *seal.Box {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(caddytest.SessionSecret)
	if err != nil {
		t.Fatal(err)
	}
	return seal.NewKeyring(key).Box(purpose, "https://sandbox.invalid", "")
}

// attemptBox opens the envelopes of its login attempts.
func attemptBox(t *testing.T) *seal.Box {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(caddytest.SessionSecret)
	if err != nil {
		t.Fatal(err)
	}
	return seal.NewKeyring(key).Box("attempt", "1", "https://sandbox.invalid", "")
}

// resealed changes what is in a session's cookie, and seals it with the right key.
func resealed(t *testing.T, value, host string, change func(plain []byte) []byte) string {
	t.Helper()
	box := sandboxBox(t, "session")
	plain, err := box.Open(t.Context(), value, host)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal(t.Context(), change([]byte(plain)), host)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// begun moves the first login of a session: it stands behind the version and the
// family.
func begun(at time.Time) func([]byte) []byte {
	return func(plain []byte) []byte {
		_, n := binary.Uvarint(plain[17:])
		return append(binary.AppendUvarint(plain[:17:17], uint64(at.Unix())), plain[17+n:]...)
	}
}

// "no session, garbage cookie, cookie of another site of the same Caddy, of another
// purpose, expired, from the future, duplicated, 2³¹ chunks": as no cookie: 401.
// "next handler when refused": never called.
func TestSessionCookies(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, securedSandbox+"\n proconnect other {\n environment sandbox\n client_id other\n session {\n secret "+caddytest.SessionSecret+"\n }\n }\n local_certs",
		strings.ReplaceAll(`
https://docs.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	reverse_proxy UPSTREAM
}
https://other.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	reverse_proxy UPSTREAM
}
https://named.localhost:{$TLS_PORT} {
	proconnect {
		client other
		allow any
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr()))

	ministry := url.Values{"person": {"ministry"}}
	b := s.Browser("https://docs.localhost:{$TLS_PORT}")
	b.Login("/", ministry)
	sessionCookie, host := b.Named("__Host-proconnect"), b.Home().Host
	mine := b.Cookie("__Host-proconnect")
	other := s.Browser("https://other.localhost:{$TLS_PORT}")
	other.Login("/", ministry)
	named := s.Browser("https://named.localhost:{$TLS_PORT}")
	named.Login("/", ministry)

	is := func(value string) []string { return []string{sessionCookie + "=" + value} }
	change := func(f func([]byte) []byte) []string { return is(resealed(t, mine, host, f)) }
	sealedFor := func(purpose, place string) []string {
		plain, err := sandboxBox(t, "session").Open(t.Context(), mine, host)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := sandboxBox(t, purpose).Seal(t.Context(), []byte(plain), place)
		if err != nil {
			t.Fatal(err)
		}
		return is(sealed)
	}
	away, err := url.Parse(b.Visit("/.proconnect/login?return_to=/").RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	attempt := away.Query().Get("state")
	var chunks strings.Builder
	for i := range 150 {
		fmt.Fprintf(&chunks, "%s_%d=x; ", sessionCookie, i)
	}
	flipped := []byte(mine)
	flipped[len(flipped)/2] ^= 1

	tests := []struct {
		name  string
		lines []string
		ok    bool
	}{
		{"control: as it is", is(mine), true},
		{"control: among others", []string{"a=1; " + sessionCookie + "=" + mine + "; b=2"}, true},
		{"control: sealed again", change(func(p []byte) []byte { return p }), true},
		{"control: begun within the lifetime", change(begun(time.Now().Add(-59 * time.Minute))), true},
		{"no session", nil, false},
		{"garbage cookie", is("garbage"), false},
		{"empty cookie", is(""), false},
		{"garbage of 12 kB", is(strings.Repeat("A", 12_000)), false},
		{"not base64", is(mine + "!"), false},
		{"in quotes", is(`"` + mine + `"`), false},
		{"padded", is(mine + "="), false},
		{"a bit flipped", is(string(flipped)), false},
		{"cut short", is(mine[:len(mine)-4]), false},
		{"key id alone", is(mine[:6]), false},
		{"cookie of another site of the same Caddy", is(other.Cookie("__Host-proconnect")), false},
		{"cookie of another client", is(named.Cookie("__Host-proconnect-other")), false},
		{"the state of a login attempt", is(attempt), false},
		{"a session sealed for the purpose of another cookie", sealedFor("logout", host), false},
		{"sealed for another site", sealedFor("session", strings.Replace(host, "docs", "other", 1)), false},
		{"sealed for the scheme's own port", sealedFor("session", "docs.localhost"), false},
		{"sealed for no site", sealedFor("session", ""), false},
		{"expired", change(begun(time.Now().Add(-time.Hour - time.Second))), false},
		{"from the future", change(begun(time.Now().Add(10 * time.Minute))), false},
		{"begun at no time", change(begun(time.Unix(0, 0))), false},
		{"of a later format", change(func(p []byte) []byte { p[0]++; return p }), false},
		{"of nobody's family", change(func(p []byte) []byte { clear(p[1:17]); return p }), false},
		{"with more behind it", change(func(p []byte) []byte { return append(p, 0) }), false},
		{"with less", change(func(p []byte) []byte { return p[:len(p)-1] }), false},
		{"empty inside", change(func([]byte) []byte { return nil }), false},
		{"duplicated", []string{sessionCookie + "=" + mine + "; " + sessionCookie + "=" + mine}, false},
		{"duplicated, the first garbage", []string{sessionCookie + "=x; " + sessionCookie + "=" + mine}, false},
		{"duplicated in two lines", append(is(mine), is("x")...), false},
		{"without its prefix", []string{"proconnect=" + mine}, false},
		{"with another prefix", []string{"__Secure-proconnect=" + mine}, false},
		{"in small letters", []string{"__host-proconnect=" + mine}, false},
		{"2³¹ chunks", []string{chunks.String() + sessionCookie + "_2147483648=" + mine}, false},
	}
	for _, protocol := range caddytest.Protocols {
		stranger := s.Browser("https://docs.localhost:{$TLS_PORT}")
		stranger.Jar = nil
		stranger = s.Speaking(t, stranger, protocol)
		for _, tt := range tests {
			t.Run(tt.name+" "+protocol, func(t *testing.T) {
				stranger.T = t
				before := up.Calls.Load()
				a := stranger.Send(http.MethodGet, "/x", http.Header{"Cookie": tt.lines})
				passed := up.Calls.Load() != before
				if tt.ok != passed || tt.ok != (a.StatusCode == http.StatusOK) || !tt.ok && a.StatusCode != http.StatusUnauthorized {
					t.Errorf("got %d, upstream called: %t", a.StatusCode, passed)
				}
			})
		}
	}
}

// "cookie made in the sandbox or integration, then `environment production`": no
// session, with the same keys, client and site.
func TestSandboxCookieInProduction(t *testing.T) {
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`
	environment := func(name string) string {
		return "proconnect {\n environment " + name + "\n client_id client\n client_secret " + caddytest.ClientSecret + "\n session {\n secret " + caddytest.SessionSecret + "\n }\n }"
	}
	s := caddytest.Start(t, environment("sandbox"), site)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.Text != "inside" {
		t.Fatalf("got %d: %s", a.StatusCode, a.Text)
	}
	for _, real := range []string{"production", "integration", "production-rie", "integration-rie"} {
		t.Run(real, func(t *testing.T) {
			s.Reload(b, environment(real), site)
			if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
		})
	}
	s.Reload(b, environment("sandbox"), site)
	if a := b.Visit("/"); a.Text != "inside" {
		t.Errorf("back in the sandbox: %d", a.StatusCode) // the key was the same all the time
	}
}
