package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// A provider that dies is not the death of the site.
func TestProviderOutages(t *testing.T) {
	h := newWorld(t, 8, func(p *misbehaving) { p.Register("auto", "RS256", "RS256").Options = "login auto" })
	t.Run("down when Caddy starts", h.downAtStart)
	t.Run("dies between redirect and callback", func(t *testing.T) { h.dies(t, "token: unavailable: connection refused") })
	for endpoint, log := range map[string]string{
		"token": "token: unavailable: connection broken", "jwks": "provider's keys unavailable", "userinfo": "userinfo: unavailable: connection broken",
	} {
		t.Run("dies at "+endpoint, func(t *testing.T) { h.diesAt(t, endpoint, log) })
	}
	t.Run("a thousand cries", h.tellsOnce)
	h.nothingSecret(t)
}

// downAtStart: Caddy starts, people with a session go on, others are told to come
// back, and it heals by itself.
//
// The case: "provider down when Caddy starts".
func (h *world) downAtStart(t *testing.T) {
	auto := h.p.Clients["auto"]
	l := h.unused(t)
	holder, waiting := h.goodLogin(t, l), h.goodLogin(t, auto)
	h.p.Down()
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	h.reload()
	if a := holder.Visit("/wanted"); a.StatusCode != http.StatusOK {
		t.Errorf("who has a session gets %d", a.StatusCode)
	}
	if a := waiting.Visit("/wanted"); a.StatusCode != http.StatusOK {
		t.Errorf("who has a session gets %d where logins are automatic", a.StatusCode)
	}
	if a := holder.Visit("/.proconnect/session"); a.StatusCode != http.StatusOK {
		t.Errorf("the session's endpoint answers %d", a.StatusCode)
	}
	stranger := h.visitor(t, l)
	if a := stranger.Visit("/wanted"); a.StatusCode != http.StatusUnauthorized || a.Page() != "login" {
		t.Errorf("a stranger gets %d, page %q", a.StatusCode, a.Page())
	}
	down := tableRow{status: http.StatusServiceUnavailable, page: "problem provider_unavailable", log: "connection refused"}
	h.refused(t, stranger, l, stranger.Visit("/.proconnect/login?return_to=/wanted"), down)
	if line := h.logged("ProConnect does not answer"); !strings.Contains(line, `"remedy":"let this machine reach http://127.`) {
		t.Errorf("the log names no remedy: %s", line)
	}
	another := h.visitor(t, auto)
	h.refused(t, another, auto, another.Visit("/wanted"), down)
	h.p.Up(t)
	h.heals(t, l, auto)
}

// heals waits until logins work again: the plugin asks the provider anew after a
// second or so.
func (h *world) heals(t *testing.T, clients ...*registeredClient) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, l := range clients {
		b := h.visitor(t, l)
		a := b.Visit("/.proconnect/login?return_to=/wanted")
		for a.StatusCode == http.StatusServiceUnavailable && time.Now().Before(deadline) {
			<-time.After(50 * time.Millisecond)
			a = b.Visit("/.proconnect/login?return_to=/wanted")
		}
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("it does not heal: %d, page %q", a.StatusCode, a.Page())
		}
		h.goodLogin(t, l)
	}
}

// dies: the provider refuses connections while somebody is on the way back.
func (h *world) dies(t *testing.T, log string) {
	l := h.unused(t)
	holder := h.goodLogin(t, l)
	b := h.visitor(t, l)
	callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
	h.p.Down()
	h.refused(t, b, l, h.comeBack(b, callback), tableRow{status: http.StatusServiceUnavailable, page: "problem provider_unavailable", log: log})
	h.keepsPeople(t, l)
	if a := holder.Visit("/wanted"); a.StatusCode != http.StatusOK {
		t.Errorf("who has a session gets %d", a.StatusCode)
	}
	h.p.Up(t)
	h.heals(t, l)
}

// keepsPeople waits until nobody is sent to the provider any more, though its
// discovery is known: the plugin asks for it beside the login that failed.
func (h *world) keepsPeople(t *testing.T, l *registeredClient) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		a := h.visitor(t, l).Visit("/.proconnect/login?return_to=/wanted")
		if a.StatusCode == http.StatusServiceUnavailable && a.Page() == "problem provider_unavailable" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("people are sent to a provider that is down: %d to %s", a.StatusCode, a.Header.Get("Location"))
		}
		<-time.After(10 * time.Millisecond)
	}
}

// diesAt: the provider breaks off in the middle of a login.
func (h *world) diesAt(t *testing.T, endpoint, log string) {
	l := h.unused(t)
	b := h.visitor(t, l)
	callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
	l.Behave(rawly(endpoint, resetting))
	h.refused(t, b, l, h.comeBack(b, callback), tableRow{status: http.StatusServiceUnavailable, page: "problem provider_unavailable", log: log})
	if n := l.Calls()["token"]; n != 1 {
		t.Errorf("%d token calls", n)
	}
	l.Behave(misconduct{})
	h.goodLogin(t, l)
}

// tellsOnce: the cause of an outage is told once, not a thousand times, and the
// provider is not asked a thousand times either.
func (h *world) tellsOnce(t *testing.T) {
	l := h.unused(t)
	l.Behave(withStatus("discovery", http.StatusServiceUnavailable))
	before := strings.Count(h.Logs(), "ProConnect does not answer")
	b := h.visitor(t, l)
	for range 200 {
		if a := b.Visit("/.proconnect/login"); a.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
		}
	}
	if told := strings.Count(h.Logs(), "ProConnect does not answer") - before; told != 1 {
		t.Errorf("the cause was told %d times", told)
	}
	if n := l.Calls()["discovery"]; n > 3 {
		t.Errorf("discovery was asked for %d times", n)
	}
	l.Behave(misconduct{})
	h.heals(t, l)
}
