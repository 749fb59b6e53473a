package provider_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// TestSlowProvider is the rows of sections 3 to 5 in which the provider keeps everybody
// waiting: all at once, because each takes as long as a call may.
func TestSlowProvider(t *testing.T) {
	caddytest.Shorten(t, &waits.Provider, 3*time.Second)
	h := newWorld(t, 8, func(*misbehaving) {})
	tries := make(map[string]rowTry)
	for endpoint, want := range map[string]string{"discovery": "D", "jwks": "T", "token": "T", "userinfo": "U"} {
		for how, f := range map[string]http.HandlerFunc{"hang, slow headers": hanging, "slow body": dripping} {
			row := tableRow{
				on: "fresh", wrong: rawly(endpoint, f), want: want, log: "no answer in time",
				status: http.StatusServiceUnavailable, page: "problem provider_unavailable",
			}
			if endpoint == "jwks" || endpoint == "userinfo" {
				row.jwks = 1
			}
			tries[endpoint+", "+how] = h.prepare(t, row)
		}
	}
	answers := h.together(tries)
	for name, try := range tries {
		t.Run(name, func(t *testing.T) {
			try.b.T = t
			h.check(t, try, answers[name])
		})
	}
	h.nothingSecret(t)
}

// together makes the requests that decide, all at once.
func (h *world) together(tries map[string]rowTry) map[string]caddytest.Answer {
	var mu sync.Mutex
	var waiting sync.WaitGroup
	answers := make(map[string]caddytest.Answer)
	for name, try := range tries {
		waiting.Go(func() {
			a := h.comeBack(try.b, try.next)
			mu.Lock()
			defer mu.Unlock()
			answers[name] = a
		})
	}
	waiting.Wait()
	return answers
}
