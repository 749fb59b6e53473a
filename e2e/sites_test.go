package e2e

import "testing"

// TestTwoSites: one Caddy serves many sites, each with sessions of its own; the
// second login is silent, ProConnect's session being one.
func TestTwoSites(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated, "tools": gated})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "dinum")
	b.see("site")
	cookie := b.cookieHeader(s.origin("docs") + "/")
	if got := s.send(t, "GET", s.origin("tools")+"/", "Cookie", cookie); got.StatusCode != 401 {
		t.Errorf("the other site with this one's cookie: got %d, want 401", got.StatusCode)
	}
	if got := s.send(t, "GET", s.origin("docs")+"/", "Cookie", cookie); got.StatusCode != 200 {
		t.Errorf("this site with its own cookie: got %d", got.StatusCode)
	}
	b.visit(s.origin("tools") + "/stats")
	b.see("login")
	b.click(".proconnect-button")
	b.see("site")
	if got := b.text("#uri"); got != "/stats" {
		t.Errorf("got %s", got)
	}
}

// TestLoginAuto: straight to ProConnect, and in without a page of ours.
func TestLoginAuto(t *testing.T) {
	s := newStack(t, rs256, sites{"auto": `	proconnect {
		allow any
		login auto
	}
	reverse_proxy {$UPSTREAM}`})
	b := newPerson(t)
	b.visit(s.origin("auto") + "/b")
	b.loginAs("dinum")
	b.see("site")
	if got := b.text("#uri"); got != "/b" {
		t.Errorf("got %s", got)
	}
}

// TestGateInsideHandle: a gate sees only what its handle block lets through, so
// its endpoints must lie in there. Otherwise nobody is sent away to ProConnect,
// never to come back, and the log says what to do.
func TestGateInsideHandle(t *testing.T) {
	inside := func(lines string) string {
		return `	handle /admin/* {
		proconnect {
			allow any
			` + lines + `
		}
		reverse_proxy {$UPSTREAM}
	}
	handle {
		respond "elsewhere"
	}`
	}
	s := newStack(t, rs256, sites{
		"page":  inside(""),
		"auto":  inside("login auto"),
		"right": inside("path /admin/.proconnect"),
	})
	for _, wrong := range []string{"page", "auto"} {
		t.Run(wrong, func(t *testing.T) {
			b := newPerson(t)
			b.visit(s.origin(wrong) + "/admin/")
			b.see("problem")
			if got := b.status(); got != 500 {
				t.Errorf("got status %d", got)
			}
			b.inspect("problem-unreachable")
			if s.caddy.lines.find(`"level":"error"`, "path") == "" {
				t.Error("the log does not say what to do")
			}
			if got := len(s.provider.journal(t, "/authorize")); got != 0 {
				t.Errorf("got %d authorization requests, want none", got)
			}
		})
	}
	t.Run("right", func(t *testing.T) {
		b := newPerson(t)
		b.enter(s.origin("right")+"/admin/page", "dinum")
		b.see("site")
		if got := b.text("#uri"); got != "/admin/page" {
			t.Errorf("got %s", got)
		}
	})
}

// TestOptional: strangers pass, and whoever has logged in is known.
func TestOptional(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": `	proconnect {
		allow siren 130025265
		optional
		headers
	}
	reverse_proxy {$UPSTREAM}`})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/")
	b.see("site")
	if got := b.text("#email"); got != "" {
		t.Errorf("a stranger: got %q", got)
	}
	for _, tt := range []struct{ person, want string }{{"clamart", ""}, {"dinum", "angela.durand@numerique.gouv.fr"}} {
		b := newPerson(t)
		b.visit(s.origin("docs") + "/.proconnect/login?return_to=%2F")
		b.loginAgain(tt.person)
		b.see("site")
		if got := b.text("#email"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.person, got, tt.want)
		}
	}
}
