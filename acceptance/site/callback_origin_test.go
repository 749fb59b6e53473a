package site_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// fleetSites are sites of one client, of which ProConnect knows the addresses of the
// first alone.
const fleetSites = `
https://login.example.gouv.fr {
	tls internal
	proconnect {
		allow any
	}
}
https://docs.example.gouv.fr {
	tls internal
	proconnect {
		allow any
		path /auth
	}
	respond "docs {http.auth.user.email}"
}
https://*.preview.example.gouv.fr {
	tls internal
	proconnect {
		allow any
	}
	respond "preview {host} {http.auth.user.email}"
}
https://open.preview.example.gouv.fr {
	tls internal
	respond "open"
}
https://other.example.gouv.fr {
	tls internal
	proconnect {
		client other
		allow any
	}
	respond "other"
}
http://plain.example.gouv.fr {
	proconnect {
		allow any
	}
	respond "plain"
}
http://behind.internal {
	proconnect {
		allow any
		origin https://public.example.gouv.fr
	}
	respond "behind"
}`

// fleet is a Caddy with sites of one client, and its provider.
type fleet struct {
	*caddytest.Server
	provider *caddytest.Provider
}

// startFleet starts sites of a client that has callback_origin, and further options.
func startFleet(t *testing.T, sites string, options ...string) fleet {
	t.Helper()
	p := caddytest.NewProvider(t)
	client := strings.TrimSuffix(p.Option(), "}")
	other := strings.Replace(client, "client_id client", "client_id other", 1)
	s := caddytest.New(t)
	s.Run(client+"callback_origin https://login.example.gouv.fr:"+s.TLSPort+"\n"+strings.Join(options, "\n")+"\n}\n"+
		strings.Replace(other, "proconnect {", "proconnect other {", 1)+"}", sites)
	return fleet{s, p}
}

// at is a site's address.
func (f fleet) at(host string) string { return "https://" + host + ":" + f.TLSPort }

// originAt is the origin that an address says, also where no browser writes it so.
func originAt(address string) origin.Origin {
	scheme, addr, _ := strings.Cut(address, "://")
	return origin.Origin{Scheme: scheme, Addr: addr, Host: origin.HostOf(addr), Secure: scheme == "https"}
}

// keeper makes what a client's node would: whoever has its keys may ask it for anything.
func (f fleet) keeper(client string) *session.Keeper {
	f.T.Helper()
	key, err := base64.StdEncoding.DecodeString(caddytest.SessionSecret)
	if err != nil {
		f.T.Fatal(err)
	}
	return session.New(session.Config{Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring(key), Issuer: f.provider.URL, ClientID: client})
}

// logoutState is the state of a logout that began at an address.
func (f fleet) logoutState(client, address string, age time.Duration) string {
	f.T.Helper()
	state, err := f.keeper(client).LogoutState(f.T.Context(), originAt(address), time.Now().Add(-age))
	if err != nil {
		f.T.Fatal(err)
	}
	return state
}

// wantPage wants a page, and nothing sent on, set or stored.
func wantPage(t *testing.T, a caddytest.Answer, page string, status int) {
	t.Helper()
	if a.Page() != page || a.StatusCode != status {
		t.Errorf("got %d, page %q, want %d, %q: %s", a.StatusCode, a.Page(), status, page, a.RedirectURL())
	}
	if to := a.Header.Get("Location") + a.Header.Get("Refresh"); to != "" || len(a.Cookies()) > 0 || a.Header.Get("Clear-Site-Data") != "" {
		t.Errorf("sends on to %q, sets %v", to, a.Cookies())
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("may be stored: %q", a.Header.Get("Cache-Control"))
	}
}

// wantSentOn wants a redirect to a site, which nobody stores and which names nobody.
func wantSentOn(t *testing.T, a caddytest.Answer, to string) {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther || a.RedirectURL() != to {
		t.Errorf("got %d to %s, page %q, want %s", a.StatusCode, a.RedirectURL(), a.Page(), to)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" || len(a.Cookies()) > 0 {
		t.Errorf("headers %v", a.Header)
	}
}

// evilAddresses are addresses that the host in the middle sends nobody to, though a state
// that says them is authentic. Caddy lets some of them into a wildcard's site: any client
// writes what it likes into its Host header.
func (f fleet) evilAddresses() map[string]string {
	addresses := map[string]string{
		"another port":                "https://pr-1.preview.example.gouv.fr:4444",
		"the scheme's own port":       "https://pr-1.preview.example.gouv.fr",
		"plain http":                  "http://pr-1.preview.example.gouv.fr:" + f.TLSPort,
		"a plain site":                "http://plain.example.gouv.fr:" + f.Port,
		"another scheme":              "ftp://pr-1.preview.example.gouv.fr:" + f.TLSPort,
		"no scheme":                   "pr-1.preview.example.gouv.fr:" + f.TLSPort,
		"nothing":                     "",
		"the name of another proxy":   f.at("behind.internal"),
		"the same at a port":          f.at("public.example.gouv.fr"),
		"a port with a zero in front": "https://pr-1.preview.example.gouv.fr:0" + f.TLSPort,
		"a path":                      f.at("pr-1.preview.example.gouv.fr") + "/x",
		"userinfo":                    "https://pr-1.preview.example.gouv.fr:x@evil.fr:" + f.TLSPort,
		"userinfo in front":           "https://evil@pr-1.preview.example.gouv.fr:" + f.TLSPort,
	}
	for name, host := range map[string]string{
		"a slash, escaped": "evil%2f.preview.example.gouv.fr", "a slash": "evil.fr/.preview.example.gouv.fr", "a backslash": `evil.fr\.preview.example.gouv.fr`,
		"a question mark": "evil.fr?.preview.example.gouv.fr", "a hash": "evil.fr#.preview.example.gouv.fr", "a semicolon": "evil;.preview.example.gouv.fr",
		"an empty label": ".preview.example.gouv.fr", "a dot at the end": "pr-1.preview.example.gouv.fr.", "upper case": "PR-1.preview.example.gouv.fr",
		"letters with accents": "été.preview.example.gouv.fr", "an underscore": "pr_1.preview.example.gouv.fr", "a space": "pr 1.preview.example.gouv.fr",
		"a line break": "pr-1\r\n.preview.example.gouv.fr", "a hyphen at the end": "pr-.preview.example.gouv.fr", "a name that is too long": strings.Repeat("a", 64) + ".preview.example.gouv.fr",
		"a deeper label": "a.pr-1.preview.example.gouv.fr", "the wildcard itself": "*.preview.example.gouv.fr", "its domain": "preview.example.gouv.fr",
		"a site without a gate": "open.preview.example.gouv.fr", "a site of another client": "other.example.gouv.fr", "nobody's name": "evil.example.com",
		"an address": "127.0.0.1", "an address of IPv6": "[::1]", "a number": "2130706433", "localhost": "localhost",
	} {
		addresses[name] = f.at(host)
	}
	return addresses
}

// After a logout, ProConnect sends the browser to the host in the middle, which sends it on
// to the site that it left, and nobody anywhere else.
func TestLoggedOutAtCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("login.example.gouv.fr"))
	const path = "/.proconnect/logged-out?state="
	for address, to := range map[string]string{
		f.at("pr-1.preview.example.gouv.fr"): f.at("pr-1.preview.example.gouv.fr") + "/.proconnect/logged-out",
		f.at("docs.example.gouv.fr"):         f.at("docs.example.gouv.fr") + "/auth/logged-out",
		"https://public.example.gouv.fr":     "https://public.example.gouv.fr/.proconnect/logged-out",
	} {
		state := f.logoutState("client", address, 9*time.Minute)
		wantSentOn(t, b.Visit(path+state), to+"?state="+state)
	}
	good := f.at("pr-1.preview.example.gouv.fr")
	for name, state := range map[string]string{
		"none": "", "somebody's": strings.Repeat("A", 150), "of another client": f.logoutState("other", good, 0),
		"too old": f.logoutState("client", good, 11*time.Minute), "from the future": f.logoutState("client", good, -6*time.Minute),
		"changed": changed(f.logoutState("client", good, 0)),
	} {
		t.Run("a state that is "+name, func(t *testing.T) { wantPage(t, b.For(t).Visit(path+state), "logged-out", http.StatusOK) })
	}
	for name, address := range f.evilAddresses() {
		t.Run(name, func(t *testing.T) {
			wantPage(t, b.For(t).Visit(path+f.logoutState("client", address, 0)), "logged-out", http.StatusOK)
		})
	}
	state := f.logoutState("client", good, 0)
	for name, query := range map[string]string{"twice": state + "&state=" + state, "another twice": state + "&x=1&x=2", "a bad escape": state + "&x=%zz", "a semicolon": state + "&x;y"} {
		t.Run(name, func(t *testing.T) { wantPage(t, b.For(t).Visit(path+query), "logged-out", http.StatusOK) })
	}
	for name, headers := range noDocuments {
		t.Run(name, func(t *testing.T) {
			if a := b.For(t).Visit(path+state, headers...); a.Header.Get("Location") != "" || len(a.Cookies()) > 0 {
				t.Errorf("got %d to %q, sets %v", a.StatusCode, a.Header.Get("Location"), a.Cookies())
			}
		})
	}
	t.Run("another host", func(t *testing.T) { // nobody else relays, so nothing loops
		site := f.Browser(f.at("pr-2.preview.example.gouv.fr"))
		if a := site.Visit(path + state); a.StatusCode != http.StatusOK || a.Page() != "logged-out" || a.Header.Get("Location") != "" {
			t.Errorf("got %d, page %q, to %q", a.StatusCode, a.Page(), a.Header.Get("Location"))
		}
	})
}

// noDocuments are requests that are no person's who sees the answer as the page of a
// window.
var noDocuments = map[string][]string{
	"a prefetch":                 {"Sec-Purpose", "prefetch"},
	"a frame":                    {"Sec-Fetch-Dest", "iframe"},
	"a script":                   {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
	"a service worker":           {"Sec-Fetch-Dest", "empty"},
	"a service worker's copy":    {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Upgrade-Insecure-Requests", "1"},
	"an image":                   {"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
	"a program":                  {"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Accept", "*/*"},
	"early data":                 {"Early-Data", "1"},
	"a script of a page of ours": {"X-Requested-With", "fetch", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""},
}

// changed is a state of which one bit is another.
func changed(state string) string {
	raw, err := base64.RawURLEncoding.DecodeString(state)
	if err != nil {
		panic(err)
	}
	raw[len(raw)/2] ^= 1
	return base64.RawURLEncoding.EncodeToString(raw)
}

// A browser asks for the script of a service worker with a header that no page can set.
// At the host in the middle there is none: it would see every answer of ProConnect's.
func TestNoServiceWorkerAtCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	worker := []string{"Service-Worker", "script", "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "serviceworker"}
	for _, path := range []string{"/", "/sw.js", "/.proconnect/callback", "/.proconnect/session"} {
		if a := f.Browser(f.at("login.example.gouv.fr")).Visit(path, worker...); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %d", path, a.StatusCode)
		}
	}
	if a := f.Browser(f.at("docs.example.gouv.fr")).Visit("/sw.js", worker...); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("at a site: got %d", a.StatusCode)
	}
}

// A name that callback_origin would send nobody back to is told so before anybody is sent
// away: the port that a client writes into its Host, or a preview that is gone from the
// list. It is back with the next version of the list.
func TestSiteThatCallbackOriginDoesNotKnow(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("pr-1.preview.example.gouv.fr"))
	for _, host := range []string{"pr-1.preview.example.gouv.fr:4444", "evil%2f.preview.example.gouv.fr", "pr_1.preview.example.gouv.fr:" + f.TLSPort} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.Base+"/.proconnect/login?return_to=/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Accept", "text/html")
		if a := b.Finish(r); a.StatusCode != http.StatusInternalServerError || a.Page() != "problem origin_required" || a.Header.Get("Location") != "" || len(a.Cookies()) > 0 {
			t.Errorf("%s: got %d, page %q, to %q", host, a.StatusCode, a.Page(), a.Header.Get("Location"))
		}
	}
	if !strings.Contains(f.Logs(), "callback_origin would send nobody back to this address") {
		t.Error("the log does not say why")
	}
}
