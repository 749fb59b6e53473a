package faults_test

import (
	"net/http"
	"runtime"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What outlives a configuration does not keep it: a hundred reloads under somebody who is
// logged in leave as much memory in use as ten.
func TestReloadsKeepNoConfiguration(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.New(t)
	client := p.Option()
	const site = "http://localhost:{$PORT} {\n\tproconnect {\n\t\tallow any\n\t}\n\trespond inside\n}"
	s.Run(client, site)
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()
	if a := b.LoginAt("/x"); a.StatusCode != http.StatusOK {
		t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
	}
	used := func(reloads int) uint64 {
		for range reloads {
			s.Load(client, site)
			if a := b.Visit("/x"); a.StatusCode != http.StatusOK {
				t.Fatalf("the session is lost: %d", a.StatusCode)
			}
		}
		b.CloseIdleConnections()
		quiet()
		var m runtime.MemStats
		for range 3 { // what has a finalizer goes with the second
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return m.HeapAlloc - uint64(len(s.Logs()))
	}
	before := used(10)
	after := used(100)
	t.Logf("%d kB after 10 reloads, %d kB after 110", before>>10, after>>10)
	if after > before+100*2<<10 {
		t.Errorf("each reload leaves %d bytes", (after-before)/100)
	}
}
