package site_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "`deny` on a claim that is absent": refused, never let through. "`roles: []` with
// `not roles …`, `deny roles …`, `deny { not roles … }`": unknown: refused.
func TestUnknownClaims(t *testing.T) {
	noRoles := url.Values{"person": {"private"}} // roles: []
	noUnit := url.Values{"person": {"commune"}, "organizational_unit": {""}}
	tests := []struct {
		name, rules string
		person      url.Values
		status      int
		reason      string
	}{
		{"`deny` on a claim that is absent", "allow sub *; deny organizational_unit DRH", noUnit, 403, "rule 2 denies: organizational_unit unknown"},
		{"the same, there", "allow sub *; deny organizational_unit DRH", url.Values{"person": {"ministry"}}, 200, ""},
		{"deny of what is not absent", "allow sub *; deny {\n not organizational_unit DSI\n }", noUnit, 403, "rule 2 denies: organizational_unit unknown"},
		{"absent is said", "allow organizational_unit absent", noUnit, 200, ""},
		{"every professional but these", "allow any; deny organizational_unit DRH", url.Values{"person": {"ministry"}}, 200, ""},
		{"one of these", "allow any; deny roles agent_public_etat", url.Values{"person": {"ministry"}}, 403, "rule 2 denies: roles matched"},
		{"one of whom it is not told", "allow any; deny organizational_unit DRH", noUnit, 403, "rule 2 denies: organizational_unit unknown"},
		{"`roles: []` with `not roles …`", "allow {\n not roles agent_public_territorial\n }", noRoles, 403, "no rule matched: rule 1: roles unknown"},
		{"`roles: []` with `deny roles …`", "allow sub *; deny roles agent_public_hospitalier", noRoles, 403, "rule 2 denies: roles unknown"},
		{"`roles: []` with `deny { not roles … }`", "allow sub *; deny {\n not roles agent_public\n }", noRoles, 403, "rule 2 denies: roles unknown"},
		{"`roles: []` with `allow roles …`", "allow roles agent_public", noRoles, 403, "no rule matched: rule 1: roles unknown"},
		{"the lookup is down", "allow sub *; deny roles dirigeant", url.Values{"person": {"lookup-down"}}, 403, "rule 2 denies: roles unknown"},
		{"an unreadable email with deny", "allow sub *; deny email *@evil.example", url.Values{"email": {"a@evil.example@gouv.fr"}}, 403, "rule 2 denies: email unknown"},
	}
	s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.T = t
			b := s.Browser("http://localhost:{$PORT}")
			s.Reload(b, caddytest.Sandbox, caddytest.GatedBy(tt.rules))
			a := b.Login("/", tt.person)
			if a.StatusCode != tt.status || strings.Contains(a.Text, "inside") != (tt.status == 200) {
				t.Errorf("got %d, page %q", a.StatusCode, a.Page())
			}
			if tt.reason != "" && !strings.Contains(s.Logs(), `"reason":"`+tt.reason+`"`) {
				t.Errorf("the log does not say %q", tt.reason)
			}
		})
	}
}

// "email rule": `evilgouv.fr` ≠ `gouv.fr`; `a@evil.fr@gouv.fr`, quotes, trailing
// dot, NUL, IDN look-alikes are refused.
func TestEmailRule(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow email *@gouv.fr *@*.gouv.fr"))
	for email, status := range map[string]int{
		"a@gouv.fr": 200, "A@Finances.GOUV.fr": 200,
		"a@evilgouv.fr": 403, "a@evil.fr@gouv.fr": 403, `"a@evil.fr"@gouv.fr`: 403, `"a"@gouv.fr`: 403, "a@gouv.fr.": 403,
		"a@gouv.fr\x00.evil.fr": 403, "a\x00@gouv.fr": 403, "a@gouv.fr\n": 200, // trimmed
		"a@gouv.fr\n@evil.fr": 403, "a@gоuv.fr": 403 /* a Cyrillic o */, "a@ɡouv.fr": 403, "a@gouv.fr\u200b": 403,
		"a@gouv。fr": 403, "a@.gouv.fr": 403, "a@gouv.fr.evil.fr": 403, "a@evil.fr?@gouv.fr": 403, "a@evil.fr#@gouv.fr": 403,
		"<a@gouv.fr>": 403, "Agent <a@gouv.fr>": 403, "a@evil.fr,b@gouv.fr": 403, "a@evil.fr b@gouv.fr": 403, "@gouv.fr": 403, "": 403,
		"a@[127.0.0.1]@gouv.fr": 403, "a(@evil.fr)@gouv.fr": 403, "a@evil.fr;@gouv.fr": 403, "a@*.gouv.fr": 403, "*@gouv.fr": 200,
	} {
		t.Run(email, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			if a := b.Login("/", url.Values{"person": {"ministry"}, "email": {email}}); a.StatusCode != status {
				t.Errorf("got %d, want %d: %s", a.StatusCode, status, a.Page())
			}
		})
	}
}

// "a rule on a new claim, reloaded under a live session": the person passes by
// ProConnect once more; a program is told to; "`deny` on a claim … that the session
// never asked for": never let through.
func TestClaimNeverAskedFor(t *testing.T) {
	for name, rules := range map[string]string{
		"allow":             "allow organizational_unit *",
		"deny":              "allow sub *; deny organizational_unit DRH",
		"deny, beside any":  "allow any; deny organizational_unit DRH",
		"deny, not":         "allow sub *; deny {\n not organizational_unit *\n }",
		"absent":            "allow organizational_unit absent; allow organizational_unit *",
		"beside a good one": "allow roles agent_public_etat; allow organizational_unit DRH",
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any"))
			b := s.Browser("http://localhost:{$PORT}")
			if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
				t.Fatalf("before: %d", a.StatusCode)
			}
			s.Reload(b, caddytest.Sandbox, caddytest.GatedBy(rules))
			if a := b.Visit("/", fetchHeaders...); a.StatusCode != http.StatusUnauthorized || strings.Contains(a.Text, "inside") {
				t.Errorf("a script of the page got %d", a.StatusCode)
			}
			a := b.Visit("/")
			if location, _ := url.Parse(a.RedirectURL()); a.StatusCode != http.StatusSeeOther || !strings.Contains(location.Query().Get("scope"), "organizational_unit") {
				t.Fatalf("got %d to %s", a.StatusCode, a.RedirectURL())
			}
			if a = b.Authorize(a, url.Values{"person": {"ministry"}}); !strings.Contains(a.Text, "inside") {
				t.Errorf("after: %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// The same for a matcher behind the gate, which can send nobody anywhere.
func TestMatcherOnClaimNeverAskedFor(t *testing.T) {
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	MATCHER
	respond "others"
}`
	s := caddytest.Start(t, caddytest.Sandbox, strings.Replace(site, "MATCHER", "", 1))
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	s.Reload(b, caddytest.Sandbox, strings.Replace(site, "MATCHER", "@x not proconnect organizational_unit DRH\n respond @x \"not DRH\"", 1))
	a := b.Visit("/")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %d: %s", a.StatusCode, a.Text)
	}
	if a = b.Authorize(a, url.Values{"person": {"ministry"}}); a.Text != "not DRH" {
		t.Errorf("got %d: %s", a.StatusCode, a.Text)
	}
}

// "rule or list change": applies to live sessions at once; "a bad new version at
// run time": the last good list; "bad lines in a list": skipped in `allow`,
// refusing in `deny`.
func TestListChanges(t *testing.T) {
	const (
		dinum   = "13002526500013"
		clamart = "21920023500014"
	)
	quickLists(t)
	s := caddytest.New(t)
	list := s.Write("list.txt", clamart+"\n")
	s.Run(caddytest.Sandbox, caddytest.GatedBy("allow siret from "+list))
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusForbidden {
		t.Fatalf("before: %d", a.StatusCode)
	}
	until := func(what string, status int) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; {
			a := b.Visit("/")
			if a.StatusCode == status {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: still %d, want %d", what, a.StatusCode, status)
			}
			<-time.After(50 * time.Millisecond) // between two questions, not for an answer
		}
	}
	s.Write("list.txt", "# of Tuesday\n"+clamart+"\n"+dinum+"\n")
	until("added", http.StatusOK)
	for what, content := range map[string]string{
		"half written": clamart + "\n" + dinum[:13] + "\n",
	} {
		known := strings.Count(s.Logs(), "the last good version stays in force")
		s.Write("list.txt", content)
		for deadline := time.Now().Add(time.Minute); strings.Count(s.Logs(), "the last good version stays in force") == known; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: nothing in the log", what)
			}
			<-time.After(50 * time.Millisecond) // between two questions, not for an answer
		}
		if a := b.Visit("/"); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	if err := os.Rename(s.Write("next.txt", clamart+"\n"), list); err != nil {
		t.Fatal(err)
	}
	until("taken out", http.StatusForbidden)

	s.Reload(b, caddytest.Sandbox, caddytest.GatedBy("allow siren 130025265"))
	if a := b.Visit("/"); a.StatusCode != http.StatusOK {
		t.Errorf("another rule: %d", a.StatusCode)
	}
	bad := s.Write("bad.txt", dinum[:13]+"\n"+clamart+"\n")
	s.Reload(b, caddytest.Sandbox, caddytest.GatedBy("allow sub *; deny siret from "+bad))
	if a := b.Visit("/"); a.StatusCode != http.StatusForbidden {
		t.Errorf("deny with a bad line: %d", a.StatusCode)
	}
	s.Reload(b, caddytest.Sandbox, caddytest.GatedBy("allow siret from "+bad))
	if a := b.Visit("/"); a.StatusCode != http.StatusForbidden {
		t.Errorf("allow with a bad line: %d", a.StatusCode)
	}
}

const mfaSite = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow {
			roles agent_public
			mfa
		}
	}
	respond "inside {http.auth.user.acr}"
}`

// "a plain login after an MFA login of the same person": the MFA level is kept for
// its time; of another person it is not.
func TestLevelKept(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, mfaSite)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	a := b.Authorize(b.Visit("/admin/x"), url.Values{"person": {"ministry"}, "acr": {"eidas1-mfa"}})
	if a.Text != "inside eidas1 eidas1-mfa" {
		t.Fatalf("step up: %d %s", a.StatusCode, a.Text)
	}
	// ProConnect answers eidas1 to any plain login, minutes after one with two factors.
	b.Login("/", url.Values{"person": {"ministry"}})
	if a := b.Visit("/admin/x"); !strings.HasPrefix(a.Text, "inside") {
		t.Errorf("after a plain login: %d, page %q", a.StatusCode, a.Page())
	}
	for name, other := range map[string]url.Values{
		"another person": {"person": {"commune"}},
		"the same person at another identity provider": {"person": {"ministry"}, "idp_id": {"71144ab3-ee1a-4401-b7b3-79b44f7daeeb"}},
	} {
		t.Run(name, func(t *testing.T) {
			again := s.Browser("http://localhost:{$PORT}")
			again.Login("/", url.Values{"person": {"mfa"}, "uid": {"camille.exemple"}})
			a := again.GoOn(authorizeAnew(again, again.Login("/", other), other))
			if a.Text != "inside eidas1" {
				t.Fatalf("got %d %s", a.StatusCode, a.Text)
			}
			if a := again.Visit("/admin/x"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("the level of another: %d %s", a.StatusCode, a.Text)
			}
		})
	}
}

// authorizeAnew posts the sandbox's form if it asks again.
func authorizeAnew(b *caddytest.Browser, a caddytest.Answer, form url.Values) caddytest.Answer {
	b.T.Helper()
	if !strings.Contains(a.Text, `data-page="sandbox-login"`) {
		return a
	}
	return b.Follow(b.Request(http.MethodPost, a.Request.URL.String(), form))
}

// A step-up that ProConnect does not satisfy is asked for once: then a page
// explains, and nothing loops; a program learns which level is wanted.
func TestStepUpOnce(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, mfaSite)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	a := b.Visit("/admin/x", fetchHeaders...)
	if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Text, "#step_up_required") || !strings.Contains(a.Text, "eidas0-mfa") {
		t.Errorf("a script: %d %s", a.StatusCode, a.Text)
	}
	a = b.Visit("/admin/x")
	if location, _ := url.Parse(a.RedirectURL()); !strings.Contains(location.Query().Get("claims"), `"essential":true`) || location.Query().Get("prompt") != "" {
		t.Fatalf("got %d to %s", a.StatusCode, a.RedirectURL())
	}
	a = b.Authorize(a, url.Values{"person": {"ministry"}})
	if a.StatusCode != http.StatusForbidden || a.Page() != "refused" {
		t.Errorf("unmet: %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Visit("/"); a.Text != "inside eidas1" {
		t.Errorf("the session after an unmet step-up: %d %s", a.StatusCode, a.Text)
	}
}

// custom.<path> that is there and cannot be read (an object, a list of objects,
// a text that is too long) is not absent.
func TestUnreadableIsNotAbsent(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://deny.localhost:{$PORT} {
	proconnect {
		allow siren 130025265
		deny {
			not custom.suspended absent
		}
	}
	respond inside
}
http://allow.localhost:{$PORT} {
	proconnect {
		allow {
			siren 130025265
			custom.suspended absent
		}
	}
	respond inside
}`)
	for custom, status := range map[string]int{
		`{}`:                                               200,
		`{"suspended":null}`:                               200,
		`{"suspended":"2026-11-01"}`:                       403,
		`{"suspended":{"since":"2026-11-01"}}`:             403,
		`{"suspended":[{"since":"2026-11-01"}]}`:           403,
		`{"suspended":"` + strings.Repeat("x", 300) + `"}`: 403,
	} {
		for _, site := range []string{"deny", "allow"} {
			b := s.Browser("http://" + site + ".localhost:{$PORT}")
			if a := b.Login("/", url.Values{"person": {"ministry"}, "custom": {custom}}); a.StatusCode != status {
				t.Errorf("%s, %.50s: got %d, want %d", site, custom, a.StatusCode, status)
			}
		}
	}
}
