package rp

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// settle waits until nobody asks for the discovery document any more.
func (f *fake) settle() {
	f.rp.discovery.mu.Lock()
	pending := f.rp.discovery.pending
	f.rp.discovery.mu.Unlock()
	if pending != nil {
		<-pending.done
	}
}

// timers takes what the provider would do by itself after a while.
func (f *fake) timers() chan func() {
	due := make(chan func(), 10)
	f.rp.after = func(_ time.Duration, work func()) *time.Timer {
		due <- work
		return time.NewTimer(time.Hour)
	}
	return due
}

// leave asks where to send a browser, for a login and for a logout.
func (f *fake) leave(t *testing.T) (login, logout error) {
	t.Helper()
	_, login = f.authorizationURL(t.Context())
	_, logout = f.rp.EndSessionURL(t.Context(), "", testRedirect, testState)
	return login, logout
}

// A server that does not answer a call is asked in the background whether it is
// there at all. While it is not, nobody is sent to it, and no request waits for it;
// once it is, people are, without a request that would have to find out.
func TestNobodyIsSentToAServerThatIsDown(t *testing.T) {
	for name, row := range map[string]struct {
		token, discovery http.HandlerFunc
		want             Reason
	}{
		"reset":             {reset, reset, ReasonNetwork},
		"no server behind":  {status(502), status(503), ReasonStatus},
		"gateway timeout":   {status(504), status(504), ReasonStatus},
		"hang, after reset": {reset, hang, ReasonTimeout},
		"truncated answers": {truncated, truncated, ReasonNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			answeredBy(t, name, RS256, RS256, func(t *testing.T, f *fake) {
				f.outage(t, row.token, row.discovery, row.want)
			})
		})
	}
}

// outage has a provider go down, between two logins that end well.
func (f *fake) outage(t *testing.T, token, discovery http.HandlerFunc, want Reason) {
	t.Helper()
	due := f.timers()
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	f.change(func() { f.onToken, f.onDiscovery = token, discovery })
	if _, err := f.finish(t); err == nil {
		t.Fatal("a login succeeds")
	}
	f.settle()
	login, logout := f.leave(t)
	for _, err := range []error{login, logout} {
		outcome{StageDiscovery, Unavailable, want}.check(t, err)
	}
	if n := f.count(discoveryPath); n != 2 {
		t.Errorf("asked %d times, want 2: no request asks", n)
	}
	again := <-due
	f.advance(backoffFloor)
	f.change(func() { f.onToken, f.onDiscovery = nil, nil })
	again()
	f.settle()
	if login, logout := f.leave(t); login != nil || logout != nil {
		t.Errorf("after the outage: %v, %v", login, logout)
	}
	if _, err := f.finish(t); err != nil {
		t.Error(err)
	}
	if n := f.count(discoveryPath); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
}

// What is no outage sends nobody away: a document that cannot be read, a browser that
// left, a login that failed, an answer that makes no sense.
func TestServerThatIsNotDown(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	for name, row := range map[string]struct {
		ctx              context.Context
		token, discovery http.HandlerFunc
		asked            int
	}{
		"call failed, the server is there":       {t.Context(), reset, nil, 2},
		"call failed, the document has an error": {t.Context(), reset, status(500), 2},
		"call failed, the document is HTML":      {t.Context(), reset, content("text/html", "<html>"), 2},
		"call failed, no document":               {t.Context(), reset, http.NotFound, 2},
		"the browser left":                       {left, nil, reset, 1},
		"refused":                                {t.Context(), status(400), reset, 1},
		"failed there":                           {t.Context(), status(500), reset, 1},
		"HTML":                                   {t.Context(), content("text/html", "<html>"), reset, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.timers()
			if _, err := f.finish(t); err != nil {
				t.Fatal(err)
			}
			f.change(func() { f.onToken, f.onDiscovery = row.token, row.discovery })
			if _, err := f.rp.Finish(row.ctx, f.response(), f.attempt()); err == nil {
				t.Fatal("a login succeeds")
			}
			f.settle()
			if login, logout := f.leave(t); login != nil || logout != nil {
				t.Errorf("got %v, %v", login, logout)
			}
			if n := f.count(discoveryPath); n != row.asked {
				t.Errorf("asked %d times, want %d", n, row.asked)
			}
		})
	}
}

// An old document is asked for again beside the requests: one that never comes keeps
// nobody waiting.
func TestDiscoveryIsAskedAgainInTheBackground(t *testing.T) {
	f := newFake(t, RS256, RS256)
	if _, err := f.authorizationURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	arrived, release := make(chan struct{}), make(chan struct{})
	f.change(func() {
		f.onDiscovery = func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-release
			send(w, "application/json", string(f.document.Bytes()))
		}
	})
	f.advance(discoveryFresh)
	for range 3 {
		if _, err := f.authorizationURL(t.Context()); err != nil {
			t.Error(err)
		}
	}
	<-arrived
	close(release)
	f.settle()
	if n := f.count(discoveryPath); n != 2 {
		t.Errorf("asked %d times, want 2", n)
	}
}

// A provider that is closed, because a configuration was replaced, asks no more.
func TestClosedProviderAsksNoMore(t *testing.T) {
	f := newFake(t, RS256, RS256)
	due := f.timers()
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	f.change(func() { f.onToken, f.onDiscovery = reset, reset })
	_, _ = f.finish(t)
	f.settle()
	again := <-due
	f.rp.Close()
	if f.rp.discovery.again.Stop() {
		t.Error("the timer runs on")
	}
	f.advance(time.Minute)
	again()
	f.settle()
	if n := f.count(discoveryPath); n != 2 {
		t.Errorf("asked %d times, want 2", n)
	}
}
