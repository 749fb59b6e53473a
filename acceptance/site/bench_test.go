package site_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// BenchmarkServer asks a real Caddy for a file of 2 kB, in turns from a site
// behind a gate, with a session, and from one without. An absolute time means
// nothing on a shared machine; the ratio of two halves of one run does.
func BenchmarkServer(b *testing.B) {
	s := caddytest.Start(b, caddytest.Sandbox, `
http://localhost:{$PORT} {
	root * {$DIR}/site
	proconnect {
		allow {
			roles agent_public
			siren 130025265
		}
	}
	file_server
}
http://plain.localhost:{$PORT} {
	root * {$DIR}/site
	file_server
}`)
	s.Write("site/page.txt", strings.Repeat("x", 2048))
	gated, plain := s.Browser("http://localhost:{$PORT}"), s.Browser("http://plain.localhost:{$PORT}")
	if a := gated.Login("/page.txt", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
		b.Fatalf("the login ended at %d, page %q", a.StatusCode, a.Page())
	}
	// A client of its own for both: what the browser's helpers cost is not Caddy's.
	home, err := url.Parse(gated.Base)
	if err != nil {
		b.Fatal(err)
	}
	var cookie []string
	for _, c := range gated.Jar.Cookies(home) {
		cookie = append(cookie, c.Name+"="+c.Value)
	}
	ask := func(base, cookie string) time.Duration {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, base+"/page.txt", nil)
		if err != nil {
			b.Fatal(err)
		}
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		begin := time.Now()
		resp, err := plain.Transport.RoundTrip(r)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || n != 2048 || resp.StatusCode != http.StatusOK {
			b.Fatalf("%s: %d, %d bytes, %v", base, resp.StatusCode, n, err)
		}
		return time.Since(begin)
	}
	const turn = 50 // requests of one kind in a row
	var inFront, without time.Duration
	requests := 0
	for b.Loop() {
		for range turn {
			inFront += ask(gated.Base, strings.Join(cookie, "; "))
		}
		for range turn {
			without += ask(plain.Base, "")
		}
		requests += turn
	}
	b.ReportMetric(float64(inFront.Nanoseconds())/float64(requests), "ns/gated")
	b.ReportMetric(float64(without.Nanoseconds())/float64(requests), "ns/plain")
	b.ReportMetric(without.Seconds()/inFront.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

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
