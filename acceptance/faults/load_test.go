package faults_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Strangers by the thousand and hundreds of complete logins, then reloads under traffic:
// everybody is answered as they should be, no session is lost, and the memory
// that all of it took is given back.
func TestLoad(t *testing.T) {
	strangers, logins, reloads := 1_000, 100, 10
	if caddytest.FullScale() {
		strangers, logins, reloads = 4_000, 400, 100
	}
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "in"
}`
	s := caddytest.Start(t, caddytest.Sandbox, site)
	l := newLoad(s)
	l.strangers(strangers / 10)
	l.people(logins / 10)
	s.Load(caddytest.Sandbox, site) // what is made once is made, what is kept for a while is gone
	l.hangUp()
	before, heapBefore := quiet(), caddytest.Heap()

	l.strangers(strangers)
	l.people(logins)
	l.hangUp()
	loaded, heapLoaded := goroutines(before+5), caddytest.Heap()
	// For an hour, a used attempt is remembered; the simulated ProConnect has its
	// thousand last sessions, codes and tokens.
	if grown := int64(heapLoaded) - int64(heapBefore); grown > int64(logins)*4<<10+512<<10 {
		t.Errorf("the heap grew by %d bytes over %d logins", grown, logins)
	}

	requests := traffic(l.known, l.stranger, "/", func() {
		for range reloads {
			s.Load(caddytest.Sandbox, site)
		}
	})
	for _, b := range l.known {
		if a := b.Visit("/"); a.StatusCode != http.StatusOK {
			t.Errorf("a session was lost: %d", a.StatusCode)
		}
	}
	l.hangUp()
	after, heapAfter := goroutines(before+5), caddytest.Heap()
	t.Logf("heap: %d bytes before, %d after %d strangers and %d logins, %d after %d reloads with %d requests; goroutines: %d, %d, %d",
		heapBefore, heapLoaded, strangers, logins, heapAfter, reloads, requests, before, loaded, after)
	if grown := int64(heapAfter) - int64(heapBefore); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if max(loaded, after) > before+5 {
		t.Errorf("goroutines grew from %d to %d and %d", before, loaded, after)
	}
}

// load is those who ask.
type load struct {
	s        *caddytest.Server
	stranger *caddytest.Browser
	known    []*caddytest.Browser // people who logged in at the beginning
}

const loadWorkers = 2

func newLoad(s *caddytest.Server) *load {
	l := &load{s: s, stranger: s.Browser("http://localhost:{$PORT}")}
	l.stranger.Jar = nil
	l.stranger.RetryResets()
	for range 3 {
		b := s.Browser("http://localhost:{$PORT}")
		b.RetryResets()
		b.Login("/", url.Values{"person": {"ministry"}})
		l.known = append(l.known, b)
	}
	return l
}

// strangers ask for a page as people and as programs, begin logins that nobody
// ends, and come with answers to logins that nobody began.
func (l *load) strangers(total int) {
	l.share(total, func(b *caddytest.Browser, i int) {
		b.Jar = nil
		n := strconv.Itoa(i)
		a, want := caddytest.Answer{}, http.StatusUnauthorized
		switch i % 4 {
		case 0:
			a = b.Visit("/wanted?" + n)
		case 1:
			a = b.Visit("/wanted?"+n, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
		case 2:
			secret := caddytest.BrowserSecret(b.Named("proconnect_browser"))
			a, want = b.Visit("/.proconnect/login?return_to=/"+n, "Cookie", secret), http.StatusSeeOther
		case 3:
			a, want = b.Visit("/.proconnect/callback?code=c&state=stranger-"+n), http.StatusBadRequest
		}
		if a.StatusCode != want {
			b.T.Errorf("stranger %d: got %d, page %q, want %d", i, a.StatusCode, a.Page(), want)
		}
	})
}

// people log in, each in a browser of their own.
func (l *load) people(total int) {
	l.share(total, func(b *caddytest.Browser, i int) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			b.T.Error(err)
			return
		}
		b.Jar = jar
		if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK || a.Text != "in" {
			b.T.Errorf("login %d: got %d, page %q", i, a.StatusCode, a.Page())
		}
	})
}

// share has a few workers do something so many times, with a connection each.
func (l *load) share(total int, job func(b *caddytest.Browser, i int)) {
	var running sync.WaitGroup
	for worker := range loadWorkers {
		b := l.s.Browser("http://localhost:{$PORT}")
		running.Go(func() {
			defer b.CloseIdleConnections()
			for i := worker; i < total; i += loadWorkers {
				job(b, i)
			}
		})
	}
	running.Wait()
}

// hangUp closes the connections of those who stay.
func (l *load) hangUp() {
	for _, b := range append(l.known, l.stranger) {
		b.CloseIdleConnections()
	}
}
