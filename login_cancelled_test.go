package proconnect_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Whoever closes the connection while ProConnect is asked says nothing of ProConnect:
// no stranger makes the log tell that nobody can log in.
func TestBrowserThatWentAwayIsNoOutage(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`)
	b := s.Browser("http://localhost:{$PORT}")
	back := b.Visit(b.Visit("/.proconnect/login?return_to=/").RedirectURL()).RedirectURL()
	p.Exchanging = make(chan chan struct{})
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
	goOn := <-p.Exchanging
	cancel()
	<-ended
	var line string
	for deadline := time.Now().Add(5 * time.Second); line == "" && time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		line = s.Line("the browser went away")
	}
	close(goOn)
	if !strings.Contains(line, `"level":"info"`) || strings.Contains(s.Logs(), "nobody can log in") {
		t.Errorf("the log says %s", line)
	}
}
