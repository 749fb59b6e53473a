package faults_test

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "config reload under load": no failed request, no lost session, no growing
// goroutine count after 100 reloads; logins under way end well.
func TestReloads(t *testing.T) {
	reloads := 100
	if testing.Short() {
		reloads = 10
	}
	p, up := caddytest.NewProvider(t), caddytest.Echo(t)
	s := caddytest.New(t)
	list := s.Write("list.txt", "13002526500013\n")
	// The keys are in the storage: every configuration finds them anew.
	client, _, _ := strings.Cut(p.Option(), "session {")
	client += "}"
	site := strings.NewReplacer("UPSTREAM", up.Addr(), "LIST", list).Replace(`
http://localhost:{$PORT} {
	proconnect {
		allow siret from LIST
	}
	@state proconnect roles agent_public
	handle @state {
		reverse_proxy UPSTREAM {
			transport http {
				keepalive off # Caddy's own connections outlive a reload by two minutes
			}
		}
	}
}`)
	s.Run(client, site)

	var browsers []*caddytest.Browser
	for range 4 {
		b := s.Browser("http://localhost:{$PORT}")
		b.RetryResets()
		if a := b.LoginAt("/x"); a.StatusCode != http.StatusOK {
			t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
		}
		browsers = append(browsers, b)
	}
	stranger := s.Browser("http://localhost:{$PORT}")
	stranger.RetryResets()
	s.Load(client, site)
	before := runtime.NumGoroutine()

	requests := traffic(browsers[:3], stranger, "/x", func() {
		for i := range reloads {
			a := browsers[3].Visit("/.proconnect/login?return_to=/x")
			s.Load(client, site)
			if i%10 == 0 { // the login that began before the reload ends behind it
				for range 3 {
					a = browsers[3].Visit(a.RedirectURL())
				}
				if a.StatusCode != http.StatusOK {
					t.Errorf("a login under way ended at %d, page %q", a.StatusCode, a.Page())
				}
			}
		}
	})
	for _, b := range browsers {
		if a := b.Visit("/x"); a.StatusCode != http.StatusOK {
			t.Errorf("a session was lost: %d", a.StatusCode)
		}
		b.CloseIdleConnections()
	}
	stranger.CloseIdleConnections()
	after := goroutines(before + 5)
	t.Logf("%d requests under %d reloads; %d goroutines before, %d after", requests, reloads, before, after)
	if after > before+5 {
		buf := make([]byte, 1<<20)
		t.Errorf("goroutines grew from %d to %d\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
}

// traffic has people with a session and a stranger ask for a page, over and over
// while something happens, and returns how often they asked.
func traffic(people []*caddytest.Browser, stranger *caddytest.Browser, page string, during func()) int64 {
	var requests atomic.Int64
	done := make(chan struct{})
	var running sync.WaitGroup
	ask := func(b *caddytest.Browser, want int) {
		for {
			select {
			case <-done:
				return
			default:
			}
			resp, err := b.Get(b.Base + page)
			if err != nil {
				b.T.Error(err)
				return
			}
			resp.Body.Close()
			if requests.Add(1); resp.StatusCode != want {
				b.T.Errorf("got %d, want %d", resp.StatusCode, want)
			}
		}
	}
	for _, b := range people {
		running.Go(func() { ask(b, http.StatusOK) })
	}
	running.Go(func() { ask(stranger, http.StatusUnauthorized) })
	defer running.Wait()
	defer close(done)
	during()
	return requests.Load()
}

// goroutines counts those that run, once they are no more than enough or a minute
// has passed.
func goroutines(enough int) int {
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > enough && time.Now().Before(deadline); {
		<-time.After(20 * time.Millisecond) // between two looks, not for a result
	}
	return runtime.NumGoroutine()
}

// quiet waits until no goroutine ends any more, and counts those that run:
// connections take a while to close, and what was reloaded to stop.
func quiet() int {
	least, since := runtime.NumGoroutine(), time.Now()
	for deadline := since.Add(20 * time.Second); time.Since(since) < time.Second && time.Now().Before(deadline); {
		<-time.After(20 * time.Millisecond) // between two looks, not for a result
		if n := runtime.NumGoroutine(); n < least {
			least, since = n, time.Now()
		}
	}
	return runtime.NumGoroutine()
}
