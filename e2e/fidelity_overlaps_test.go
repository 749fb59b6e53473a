package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// as returns a client of the same browser with another state: another tab.
func (c *rawClient) as(t *testing.T, state string) *rawClient {
	tab := *c
	tab.t = t
	tab.params = url.Values{}
	for name, values := range c.params {
		tab.params[name] = slices.Clone(values)
	}
	tab.params.Set("state", strings.Repeat(state, 43))
	return &tab
}

// TestProviderKillsOverlappingPasses: as at ProConnect, of many passes of one browser
// at once a few come back and the others end on a 400 page; one after the other all do.
func TestProviderKillsOverlappingPasses(t *testing.T) {
	p := startProvider(t, []string{rawOrigin}, "KILL_OVERLAPS=1")
	for _, prompt := range []string{"", "none"} {
		t.Run("prompt "+prompt, func(t *testing.T) {
			c := newRawClient(t, p, "rs256")
			c.login(url.Values{"person": {"dinum"}})
			if prompt != "" {
				c.params.Set("prompt", prompt)
			}
			if back, dead := atOnce(t, c, 30); back < 1 || back > 6 || back+dead != 30 {
				t.Errorf("of 30 at once %d came back, %d ended on a 400 page", back, dead)
			}
			for i := range 3 {
				if got := c.authorize(); got.back == nil || got.back.Query().Get("code") == "" {
					t.Errorf("alone, number %d: got %d %s", i, got.status, got.body)
				}
			}
		})
	}
}

// atOnce sends a browser's authorization requests side by side, and counts those
// that came back with a code and those that ended on a 400 page.
func atOnce(t *testing.T, c *rawClient, n int) (back, dead int) {
	t.Helper()
	answers := make([]answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = c.as(t, "x").authorize() })
	}
	all.Wait()
	for _, a := range answers {
		switch {
		case a.back != nil && a.back.Query().Get("code") != "":
			back++
		case a.status == http.StatusBadRequest && strings.Contains(a.body, "session-not-found"):
			dead++
		}
	}
	return back, dead
}

// A pass that is half way ends where a newer one of the browser began, whatever it was
// at: on its hops, on its login page, or on its way back from there. Another browser's
// do nothing to it.
func TestProviderReplacesTheInteraction(t *testing.T) {
	p := startProvider(t, []string{rawOrigin}, "KILL_OVERLAPS=1")
	killed := func(t *testing.T, a answer) {
		t.Helper()
		if a.back != nil || a.status != http.StatusBadRequest || !strings.Contains(a.body, "session-not-found") {
			t.Errorf("got %d %v %s, want a 400 page", a.status, a.back, a.body)
		}
	}
	t.Run("on the way", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		c.login(url.Values{})
		hop := c.stopAt(p.issuer + "/pass/")
		hop.authorize()
		newer := c.as(t, "n").authorize()
		if newer.back == nil || newer.back.Query().Get("state")[0] != 'n' {
			t.Errorf("the newer: got %d %s", newer.status, newer.body)
		}
		killed(t, c.get(hop.stopped))
	})
	t.Run("at the login page, by prompt none", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		page := c.authorize()
		silent := c.as(t, "n")
		silent.params.Set("prompt", "none")
		if got := silent.authorize(); got.back == nil || got.back.Query().Get("error") != "login_required" {
			t.Errorf("prompt none: got %d %v", got.status, got.back)
		}
		killed(t, c.post(page.at.String(), url.Values{}))
	})
	t.Run("on the way back", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		resume := c.stopAt(p.issuer + "/authorize/")
		page := resume.authorize()
		resume.post(page.at.String(), url.Values{})
		c.as(t, "n").authorize()
		killed(t, c.get(resume.stopped))
	})
	t.Run("another browser", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		page := c.authorize()
		newRawClient(t, p, "rs256").authorize()
		if got := c.post(page.at.String(), url.Values{}); got.back == nil {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}
