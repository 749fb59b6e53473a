package provider_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// 20 000 strangers: each is shown the way in, or sent on it, and none leaves
// anything behind in memory. A real login then works.
//
// The case: "20 000 anonymous requests".
func TestStrangersByTheThousand(t *testing.T) {
	h := newWorld(t, 0, func(p *misbehaving) {
		p.Register("rs", "RS256", "RS256")
		p.Register("auto", "RS256", "RS256").Options = "login auto"
	})
	total, bound := 4_000, int64(1<<20)
	if caddytest.FullScale() {
		total, bound = 20_000, 2<<20
	}
	h.goodLogin(t, h.p.Clients["auto"])
	h.flood(t, total/10) // what is made once is made
	before := caddytest.Heap()
	h.flood(t, total)
	if grown := int64(caddytest.Heap()) - int64(before); grown > bound {
		t.Errorf("the heap grew by %d bytes over %d strangers", grown, total)
	}
	for _, name := range []string{"rs", "auto"} {
		calls := h.p.Clients[name].Calls()
		if calls["discovery"] > 1 || calls["authorize"] > 1 {
			t.Errorf("%s: the strangers made %v calls", name, calls)
		}
		h.goodLogin(t, h.p.Clients[name])
	}
	h.nothingSecret(t)
}

// flood sends strangers to the site, to the login and to the callback.
func (h *world) flood(t *testing.T, total int) {
	t.Helper()
	var running sync.WaitGroup
	for worker := range 2 {
		running.Go(func() {
			page, auto := h.Browser(h.p.Clients["rs"].Site), h.Browser(h.p.Clients["auto"].Site)
			page.Jar, auto.Jar = nil, nil
			for i := worker; i < total; i += 2 {
				h.stray(t, page, auto, i)
			}
		})
	}
	running.Wait()
}

// secretOf is the secret of a browser that nobody else has.
func secretOf(client string, b *caddytest.Browser) string {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails, by its documentation
	return b.Named("proconnect-"+client+"_browser") + "=" + base64.RawURLEncoding.EncodeToString(secret)
}

func (h *world) stray(t *testing.T, page, auto *caddytest.Browser, i int) {
	n := strconv.Itoa(i)
	a, want := caddytest.Answer{}, http.StatusSeeOther
	switch i % 4 {
	case 0:
		a, want = page.Visit("/wanted?"+n), http.StatusUnauthorized
	case 1:
		a = auto.Visit("/wanted?"+n, "Cookie", secretOf("auto", auto))
	case 2:
		a = page.Visit("/.proconnect/login?return_to=/"+n, "Cookie", secretOf("rs", page))
	case 3:
		a, want = page.Visit("/.proconnect/callback?code=c&state=stranger-"+n), http.StatusBadRequest
	}
	if a.StatusCode != want || len(a.Cookies()) > 1 {
		t.Errorf("stranger %d got %d, page %q, cookies %v", i, a.StatusCode, a.Page(), a.Cookies())
	}
}
