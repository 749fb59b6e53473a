package site_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// attempt is the state of a login that began at an address.
func (f fleet) attempt(client, address string, age time.Duration) string {
	f.T.Helper()
	o := originAt(address)
	secrets, err := f.keeper(client).BeginAttempt(f.T.Context(), o, session.Browser{1}, &session.Attempt{Site: o.URL(""), Target: "/x"}, time.Now().Add(-age))
	if err != nil {
		f.T.Fatal(err)
	}
	return secrets.State
}

// answer is the address of an answer of ProConnect's at the host in the middle.
func (f fleet) answer(state string) string {
	return "/.proconnect/callback?" + url.Values{"code": {"a-code"}, "state": {state}, "iss": {f.provider.URL}}.Encode()
}

// Each site of a client logs people in by the addresses of the host in the middle, and
// keeps a session of its own.
func TestLoginByCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	middle := f.Browser(f.at("login.example.gouv.fr"))
	for host, want := range map[string]struct{ login, page string }{
		"pr-1.preview.example.gouv.fr": {"/.proconnect/login", "preview pr-1.preview.example.gouv.fr"},
		"docs.example.gouv.fr":         {"/auth/login", "docs"},
	} {
		t.Run(host, func(t *testing.T) {
			b := f.Browser(f.at(host))
			b.T = t
			a := b.Visit(want.login + "?return_to=/page")
			u, err := url.Parse(a.RedirectURL())
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Query().Get("redirect_uri"); got != middle.Base+"/.proconnect/callback" {
				t.Errorf("redirect URI %s", got)
			}
			a = b.Visit(b.Visit(a.RedirectURL()).RedirectURL()) // the provider, the host in the middle
			back := a.RedirectURL()
			if !strings.HasPrefix(back, f.at(host)+strings.TrimSuffix(want.login, "login")+"callback?") || len(a.Cookies()) > 0 {
				t.Fatalf("got %d to %s, cookies %v", a.StatusCode, back, a.Cookies())
			}
			if a = b.Follow(a); a.Text != want.page+" camille@example.gouv.fr" {
				t.Errorf("got %d %s, page %q", a.StatusCode, a.Text, a.Page())
			}
			if a = b.Visit(back); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") == back {
				t.Errorf("the answer again: %d to %q", a.StatusCode, a.Header.Get("Location"))
			}
			thief := f.Browser(f.at(host))
			thief.T = t
			if a = thief.Visit(back); a.StatusCode != http.StatusBadRequest || thief.FindCookie("proconnect") != nil && thief.Cookie("__Host-proconnect_"+f.TLSPort) != "" {
				t.Errorf("the answer in another browser: %d", a.StatusCode)
			}
		})
	}
}

// What the host in the middle sends on is what the standards call an answer, parsed and
// written anew.
func TestAnswerAtCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("login.example.gouv.fr"))
	for address, callback := range map[string]string{
		f.at("pr-1.preview.example.gouv.fr"): f.at("pr-1.preview.example.gouv.fr") + "/.proconnect/callback?",
		f.at("docs.example.gouv.fr"):         f.at("docs.example.gouv.fr") + "/auth/callback?",
		"https://public.example.gouv.fr":     "https://public.example.gouv.fr/.proconnect/callback?",
	} {
		state := f.attempt("client", address, 59*time.Minute)
		iss := "iss=" + url.QueryEscape(f.provider.URL)
		wantSentOn(t, b.Visit(f.answer(state)+"&session_state=x&next=https://evil.fr"), callback+"code=a-code&"+iss+"&state="+state)
		query := url.Values{"error": {"invalid_scope"}, "error_description": {"a \x1b[31m<b>é"}, "scope": {"siren"}, "state": {state}, "iss": {f.provider.URL}}
		wantSentOn(t, b.Visit("/.proconnect/callback?"+query.Encode()), callback+"error=invalid_scope&error_description=a+%5B31m%3Cb%3E&"+iss+"&scope=siren&state="+state)
	}
}

// The host in the middle sends nobody on with an answer of which anything is not as it
// must be.
//
// The case: "relay: every check of the relay taken out in turn; Host with a port, %2f,
// ;; a catch-all; an envelope of another client, purpose, hour; a service worker on the
// middle host"
func TestAnswersRefusedAtCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("login.example.gouv.fr"))
	good := f.at("pr-1.preview.example.gouv.fr")
	state := f.attempt("client", good, 0)
	refused := func(t *testing.T, path string) {
		t.Helper()
		wantPage(t, b.For(t).Visit(path), "problem relay_refused", http.StatusBadRequest)
	}
	for name, state := range map[string]string{
		"none": "", "somebody's": strings.Repeat("A", 250), "of another client": f.attempt("other", good, 0),
		"of a logout": f.logoutState("client", good, 0), "changed": changed(state),
		"too old": f.attempt("client", good, 61*time.Minute), "from the future": f.attempt("client", good, -6*time.Minute),
		"of this host, and too old": f.attempt("client", b.Base, 61*time.Minute),
	} {
		t.Run("a state that is "+name, func(t *testing.T) { refused(t, f.answer(state)) })
	}
	t.Run("a login's state after a logout", func(t *testing.T) {
		wantPage(t, b.For(t).Visit("/.proconnect/logged-out?state="+state), "logged-out", http.StatusOK)
	})
	t.Run("a state that says another site than it was made at", func(t *testing.T) {
		secrets, err := f.keeper("client").BeginAttempt(t.Context(), originAt(f.at("pr-2.preview.example.gouv.fr")), session.Browser{1}, &session.Attempt{Site: good}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		refused(t, f.answer(secrets.State))
	})
	for name, query := range map[string]string{
		"a parameter twice": f.answer(state) + "&code=other", "an unknown one twice": f.answer(state) + "&x=1&x=2", "code and error": f.answer(state) + "&error=access_denied",
		"no code": "/.proconnect/callback?state=" + state + "&iss=" + url.QueryEscape(f.provider.URL), "a bad escape": f.answer(state) + "&x=%zz",
		"another iss":  "/.proconnect/callback?code=x&iss=https%3A%2F%2Fevil.fr&state=" + state,
		"a longer iss": "/.proconnect/callback?code=x&iss=" + url.QueryEscape(f.provider.URL) + "%2F&state=" + state,
		"no iss":       "/.proconnect/callback?code=x&state=" + state,
	} {
		t.Run(name, func(t *testing.T) { refused(t, query) })
	}
	for name, address := range f.evilAddresses() {
		t.Run(name, func(t *testing.T) { refused(t, f.answer(f.attempt("client", address, 0))) })
	}
	for name, headers := range noDocuments {
		t.Run(name, func(t *testing.T) {
			if a := b.For(t).Visit(f.answer(state), headers...); a.StatusCode < 400 || a.Header.Get("Location") != "" || len(a.Cookies()) > 0 {
				t.Errorf("got %d to %q, sets %v", a.StatusCode, a.Header.Get("Location"), a.Cookies())
			}
		})
	}
	for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodPut} {
		if a := b.Request(method, f.answer(state), nil); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Location") != "" {
			t.Errorf("%s: got %d to %q", method, a.StatusCode, a.Header.Get("Location"))
		}
	}
	t.Run("another host", func(t *testing.T) { // nobody else relays, so nothing loops
		for _, host := range []string{"pr-2.preview.example.gouv.fr", "docs.example.gouv.fr"} {
			path := strings.Replace(f.answer(state), "/.proconnect", map[bool]string{true: "/auth", false: "/.proconnect"}[host[0] == 'd'], 1)
			site := f.Browser(f.at(host))
			if a := site.Visit(path); a.StatusCode != http.StatusBadRequest || a.Page() != "problem attempt_unknown" || a.Header.Get("Location") != "" {
				t.Errorf("%s: got %d, page %q, to %q", host, a.StatusCode, a.Page(), a.Header.Get("Location"))
			}
		}
	})
	if log := f.Logs(); !strings.Contains(log, "the same on all nodes?") || !strings.Contains(log, "callback_origin sends nobody on to this site") {
		t.Error("the log does not say what to do")
	}
}

// Somebody who is logged in at the host in the middle is sent on no less carefully.
func TestAnswersAtCallbackOriginWithASession(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("login.example.gouv.fr"))
	if a := b.LoginAt("/"); a.StatusCode != http.StatusOK { // a login of its own ends there
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	good := f.at("pr-1.preview.example.gouv.fr")
	wantPage(t, b.Visit(f.answer(f.attempt("client", f.at("evil.example.com"), 0))), "problem relay_refused", http.StatusBadRequest)
	wantPage(t, b.Visit(f.answer(f.attempt("client", good, 2*time.Hour))), "problem relay_refused", http.StatusBadRequest)
	wantPage(t, b.Visit("/.proconnect/callback"), "problem relay_refused", http.StatusBadRequest)
	state := f.attempt("client", good, 0)
	if a := b.Visit(f.answer(state)); !strings.HasPrefix(a.RedirectURL(), good+"/.proconnect/callback?") {
		t.Errorf("got %d to %s", a.StatusCode, a.RedirectURL())
	}
}

// A logout at a site comes back to it by the host in the middle, and goes on to a login
// where the person wants another account.
func TestLogoutByCallbackOrigin(t *testing.T) {
	f := startFleet(t, fleetSites)
	b := f.Browser(f.at("pr-1.preview.example.gouv.fr"))
	if a := b.LoginAt("/page"); a.StatusCode != http.StatusOK {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	for path, want := range map[string]string{"/.proconnect/logout": "", "/.proconnect/logout?then=login&return_to=/page": f.provider.URL + "/authorize?"} {
		a := b.Visit(path)
		u, err := url.Parse(a.RedirectURL())
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get("post_logout_redirect_uri"); got != f.at("login.example.gouv.fr")+"/.proconnect/logged-out" {
			t.Errorf("%s: post-logout redirect URI %s", path, got)
		}
		a = b.Visit(f.at("login.example.gouv.fr") + "/.proconnect/logged-out?state=" + u.Query().Get("state"))
		wantSentOn(t, a, b.Base+"/.proconnect/logged-out?state="+u.Query().Get("state"))
		a = b.Visit(a.RedirectURL())
		if want == "" && a.Page() != "logged-out" || want != "" && !strings.HasPrefix(a.RedirectURL(), want) {
			t.Errorf("%s: got %d, page %q, to %q", path, a.StatusCode, a.Page(), a.RedirectURL())
		}
	}
}

// callback_hosts from a file: a preview that is gone drops out of it by itself, at its own
// address and at the host in the middle, and one that comes gets in.
func TestCallbackHostsFollowTheirFile(t *testing.T) {
	quickLists(t)
	list := t.TempDir() + "/previews.txt"
	write := func(names string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(names), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# previews\npr-1.preview.example.gouv.fr\ndocs.example.gouv.fr\n")
	f := startFleet(t, fleetSites, "callback_hosts from "+list)
	middle := f.Browser(f.at("login.example.gouv.fr"))
	known := func(name string) bool { // at the host in the middle
		return middle.Visit(f.answer(f.attempt("client", f.at(name), 0))).StatusCode == http.StatusSeeOther
	}
	served := func(name string) bool { // at its own address
		return f.Browser(f.at(name)).Visit("/").StatusCode != http.StatusInternalServerError
	}
	const one, two, open = "pr-1.preview.example.gouv.fr", "pr-2.preview.example.gouv.fr", "open.preview.example.gouv.fr"
	if !known(one) || known(two) || !served(one) || served(two) {
		t.Errorf("%s %v %v, %s %v %v", one, known(one), served(one), two, known(two), served(two))
	}
	write("# previews\npr-2.preview.example.gouv.fr\n" + open + "\n")
	for deadline := time.Now().Add(time.Minute); !known(two) || known(one) || !served(two) || served(one); {
		if time.Now().After(deadline) {
			t.Fatal("the new list is not taken up")
		}
		<-time.After(20 * time.Millisecond) // between two questions, not for an answer
	}
	if a := middle.Visit(f.answer(f.attempt("client", f.at(open), 0))); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a site without a gate, on the list: %d", a.StatusCode)
	}
}
