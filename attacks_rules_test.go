package proconnect_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// gatedBy is a site of one gate with these rules.
func gatedBy(rules string) string {
	return "\nhttp://localhost:{$PORT} {\n proconnect {\n " + strings.ReplaceAll(rules, "; ", "\n ") + "\n }\n respond \"inside {http.auth.user.email}\"\n}"
}

// "`deny` on a claim that is absent": refused, never let through. "`roles: []` with
// `not roles …`, `deny roles …`, `deny { not roles … }`": unknown: refused.
func TestAttackUnknownClaims(t *testing.T) {
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
		{"`roles: []` with `not roles …`", "allow {\n not roles agent_public_territorial\n }", noRoles, 403, "no rule matched: rule 1: roles unknown"},
		{"`roles: []` with `deny roles …`", "allow sub *; deny roles agent_public_hospitalier", noRoles, 403, "rule 2 denies: roles unknown"},
		{"`roles: []` with `deny { not roles … }`", "allow sub *; deny {\n not roles agent_public\n }", noRoles, 403, "rule 2 denies: roles unknown"},
		{"`roles: []` with `allow roles …`", "allow roles agent_public", noRoles, 403, "no rule matched: rule 1: roles unknown"},
		{"the lookup is down", "allow sub *; deny roles dirigeant", url.Values{"person": {"lookup-down"}}, 403, "rule 2 denies: roles unknown"},
		{"an unreadable email with deny", "allow sub *; deny email *@evil.example", url.Values{"email": {"a@evil.example@gouv.fr"}}, 403, "rule 2 denies: email unknown"},
	}
	s := start(t, sandboxLink, gatedBy("allow any"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			b := s.browser("http://localhost:{$PORT}")
			s.reload(b, sandboxLink, gatedBy(tt.rules))
			a := b.login("/", tt.person)
			if a.StatusCode != tt.status || strings.Contains(a.Text, "inside") != (tt.status == 200) {
				t.Errorf("got %d, page %q", a.StatusCode, a.page())
			}
			if tt.reason != "" && !strings.Contains(s.logs(), `"reason":"`+tt.reason+`"`) {
				t.Errorf("the log does not say %q", tt.reason)
			}
		})
	}
}

// "email rule": `evilgouv.fr` ≠ `gouv.fr`; `a@evil.fr@gouv.fr`, quotes, trailing
// dot, NUL, IDN look-alikes are refused.
func TestAttackEmailRule(t *testing.T) {
	s := start(t, sandboxLink, gatedBy("allow email *@gouv.fr *@*.gouv.fr"))
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
			b := s.browser("http://localhost:{$PORT}")
			b.t = t
			if a := b.login("/", url.Values{"person": {"ministry"}, "email": {email}}); a.StatusCode != status {
				t.Errorf("got %d, want %d: %s", a.StatusCode, status, a.page())
			}
		})
	}
}

// "a rule on a new claim, reloaded under a live session": the person passes by
// ProConnect once more; a program is told to; "`deny` on a claim … that the session
// never asked for": never let through.
func TestAttackClaimNeverAskedFor(t *testing.T) {
	for name, rules := range map[string]string{
		"allow":             "allow organizational_unit *",
		"deny":              "allow sub *; deny organizational_unit DRH",
		"deny, not":         "allow sub *; deny {\n not organizational_unit *\n }",
		"absent":            "allow organizational_unit absent; allow organizational_unit *",
		"beside a good one": "allow roles agent_public_etat; allow organizational_unit DRH",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, sandboxLink, gatedBy("allow any"))
			b := s.browser("http://localhost:{$PORT}")
			if a := b.login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
				t.Fatalf("before: %d", a.StatusCode)
			}
			s.reload(b, sandboxLink, gatedBy(rules))
			if a := b.get("/", fetchHeaders...); a.StatusCode != http.StatusUnauthorized || strings.Contains(a.Text, "inside") {
				t.Errorf("a script of the page got %d", a.StatusCode)
			}
			a := b.get("/")
			if location, _ := url.Parse(a.location()); a.StatusCode != http.StatusSeeOther || !strings.Contains(location.Query().Get("scope"), "organizational_unit") {
				t.Fatalf("got %d to %s", a.StatusCode, a.location())
			}
			if a = b.authorize(a, url.Values{"person": {"ministry"}}); !strings.Contains(a.Text, "inside") {
				t.Errorf("after: %d, page %q", a.StatusCode, a.page())
			}
		})
	}
}

// The same for a matcher behind the gate, which can send nobody anywhere.
func TestAttackMatcherOnClaimNeverAskedFor(t *testing.T) {
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	MATCHER
	respond "others"
}`
	s := start(t, sandboxLink, strings.Replace(site, "MATCHER", "", 1))
	b := s.browser("http://localhost:{$PORT}")
	b.login("/", url.Values{"person": {"ministry"}})
	s.reload(b, sandboxLink, strings.Replace(site, "MATCHER", "@x not proconnect organizational_unit DRH\n respond @x \"not DRH\"", 1))
	a := b.get("/")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %d: %s", a.StatusCode, a.Text)
	}
	if a = b.authorize(a, url.Values{"person": {"ministry"}}); a.Text != "not DRH" {
		t.Errorf("got %d: %s", a.StatusCode, a.Text)
	}
}

// "rule or list change": applies to live sessions at once; "a bad new version at
// run time": the last good list; "bad lines in a list": skipped in `allow`,
// refusing in `deny`.
func TestAttackListChanges(t *testing.T) {
	const (
		dinum   = "13002526500013"
		clamart = "21920023500014"
	)
	s := &server{t: t, Port: freePort(t), TLSPort: freePort(t), dir: t.TempDir()}
	list := s.write("list.txt", clamart+"\n")
	s.run(sandboxLink, gatedBy("allow siret from "+list))
	b := s.browser("http://localhost:{$PORT}")
	if a := b.login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusForbidden {
		t.Fatalf("before: %d", a.StatusCode)
	}
	until := func(what string, status int) {
		t.Helper()
		for deadline := time.Now().Add(15 * time.Second); ; {
			a := b.get("/")
			if a.StatusCode == status {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: still %d, want %d", what, a.StatusCode, status)
			}
			<-time.After(50 * time.Millisecond) // between two questions, not for an answer
		}
	}
	s.write("list.txt", "# of Tuesday\n"+clamart+"\n"+dinum+"\n")
	until("added", http.StatusOK)
	for what, content := range map[string]string{
		"half written": clamart + "\n" + dinum[:13] + "\n",
	} {
		known := strings.Count(s.logs(), "the last good version stays in force")
		s.write("list.txt", content)
		for deadline := time.Now().Add(15 * time.Second); strings.Count(s.logs(), "the last good version stays in force") == known; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: nothing in the log", what)
			}
			<-time.After(50 * time.Millisecond) // between two questions, not for an answer
		}
		if a := b.get("/"); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	if err := os.Rename(s.write("next.txt", clamart+"\n"), list); err != nil {
		t.Fatal(err)
	}
	until("taken out", http.StatusForbidden)

	s.reload(b, sandboxLink, gatedBy("allow siren 130025265"))
	if a := b.get("/"); a.StatusCode != http.StatusOK {
		t.Errorf("another rule: %d", a.StatusCode)
	}
	bad := s.write("bad.txt", dinum[:13]+"\n"+clamart+"\n")
	s.reload(b, sandboxLink, gatedBy("allow sub *; deny siret from "+bad))
	if a := b.get("/"); a.StatusCode != http.StatusForbidden {
		t.Errorf("deny with a bad line: %d", a.StatusCode)
	}
	s.reload(b, sandboxLink, gatedBy("allow siret from "+bad))
	if a := b.get("/"); a.StatusCode != http.StatusForbidden {
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
func TestAttackLevelKept(t *testing.T) {
	s := start(t, sandboxLink, mfaSite)
	b := s.browser("http://localhost:{$PORT}")
	b.login("/", url.Values{"person": {"ministry"}})
	a := b.authorize(b.get("/admin/x"), url.Values{"person": {"ministry"}, "acr": {"eidas1-mfa"}})
	if a.Text != "inside eidas1 eidas1-mfa" {
		t.Fatalf("step up: %d %s", a.StatusCode, a.Text)
	}
	// ProConnect answers eidas1 to any plain login, minutes after one with two factors.
	b.login("/", url.Values{"person": {"ministry"}})
	if a := b.get("/admin/x"); !strings.HasPrefix(a.Text, "inside") {
		t.Errorf("after a plain login: %d, page %q", a.StatusCode, a.page())
	}
	for name, other := range map[string]url.Values{
		"another person": {"person": {"commune"}},
		"the same person at another identity provider": {"person": {"ministry"}, "idp_id": {"71144ab3-ee1a-4401-b7b3-79b44f7daeeb"}},
	} {
		t.Run(name, func(t *testing.T) {
			again := s.browser("http://localhost:{$PORT}")
			again.login("/", url.Values{"person": {"mfa"}, "uid": {"camille.exemple"}})
			a := again.authorizeAnew(again.login("/", other), other)
			if a.Text != "inside eidas1" {
				t.Fatalf("got %d %s", a.StatusCode, a.Text)
			}
			if a := again.get("/admin/x"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("the level of another: %d %s", a.StatusCode, a.Text)
			}
		})
	}
}

// authorizeAnew posts the sandbox's form if it asks again.
func (b *browser) authorizeAnew(a answer, form url.Values) answer {
	b.t.Helper()
	if !strings.Contains(a.Text, `data-page="sandbox-login"`) {
		return a
	}
	return b.follow(b.do(http.MethodPost, a.Request.URL.String(), form))
}

// A step-up that ProConnect does not satisfy is asked for once: then a page
// explains, and nothing loops; a program learns which level is wanted.
func TestAttackStepUpOnce(t *testing.T) {
	s := start(t, sandboxLink, mfaSite)
	b := s.browser("http://localhost:{$PORT}")
	b.login("/", url.Values{"person": {"ministry"}})
	a := b.get("/admin/x", fetchHeaders...)
	if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Text, "#step_up_required") || !strings.Contains(a.Text, "eidas0-mfa") {
		t.Errorf("a script: %d %s", a.StatusCode, a.Text)
	}
	a = b.get("/admin/x")
	if location, _ := url.Parse(a.location()); !strings.Contains(location.Query().Get("claims"), `"essential":true`) || location.Query().Get("prompt") != "" {
		t.Fatalf("got %d to %s", a.StatusCode, a.location())
	}
	a = b.authorize(a, url.Values{"person": {"ministry"}})
	if a.StatusCode != http.StatusForbidden || a.page() != "refused" {
		t.Errorf("unmet: %d, page %q", a.StatusCode, a.page())
	}
	if a := b.get("/"); a.Text != "inside eidas1" {
		t.Errorf("the session after an unmet step-up: %d %s", a.StatusCode, a.Text)
	}
}
