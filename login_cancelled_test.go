package proconnect_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whoever closes the connection while ProConnect is asked says nothing of ProConnect:
// no stranger makes the log tell that nobody can log in.
func TestBrowserThatWentAwayIsNoOutage(t *testing.T) {
	p := newProvider(t)
	s := start(t, p.link(), `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`)
	b := s.browser("http://localhost:{$PORT}")
	back := b.get(b.get("/.proconnect/login?return_to=/").location()).location()
	p.exchanging = make(chan chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, back, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if resp, err := b.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	serveNext := <-p.exchanging
	cancel()
	<-ended
	var line string
	for deadline := time.Now().Add(5 * time.Second); line == "" && time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		line = s.line("the browser went away")
	}
	close(serveNext)
	if !strings.Contains(line, `"level":"info"`) || strings.Contains(s.logs(), "nobody can log in") {
		t.Errorf("the log says %s", line)
	}
}
