package proconnect_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"runtime"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// BenchmarkLogin logs people in through the sandbox, each in a browser of their
// own, and tells what stays of them: the states of used attempts, for an hour,
// and what the simulated ProConnect remembers. -benchtime 2000x is a load.
func BenchmarkLogin(b *testing.B) {
	s := caddytest.Start(b, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "in"
}`)
	browser := s.Browser("http://localhost:{$PORT}")
	person := func() {
		jar, err := cookiejar.New(nil)
		if err != nil {
			b.Fatal(err)
		}
		browser.Jar = jar
		if a := browser.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK || a.Text != "in" {
			b.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
		}
	}
	for range 50 { // what is made once is made
		person()
	}
	heapBefore, before := caddytest.Heap(), runtime.NumGoroutine()
	for b.Loop() {
		person()
	}
	b.ReportMetric(float64(int64(caddytest.Heap())-int64(heapBefore))/float64(b.N), "heap-B/login")
	b.ReportMetric(float64(runtime.NumGoroutine()-before), "goroutines")
}
