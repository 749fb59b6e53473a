package rp

import (
	"net/http"
	"testing"
	"time"
)

// wantAnswering compares what is known of the provider.
func (f *fake) wantAnswering(t *testing.T, when string, want Answering) {
	t.Helper()
	if got := f.rp.Answering(); got != want {
		t.Errorf("%s: %d, want %d", when, got, want)
	}
}

// Nobody is sent to a provider for a moment and without a question unless it answered
// within the last minute. No request waits for that: it is asked in the background.
func TestProviderIsAskedInTheBackground(t *testing.T) {
	f := newFake(t, RS256, RS256)
	due := f.timers()
	answer := make(chan struct{})
	f.change(func() {
		f.onDiscovery = func(w http.ResponseWriter, _ *http.Request) {
			<-answer
			content("application/json", string(f.document.Bytes()))(w, nil)
		}
	})
	f.wantAnswering(t, "at first", Asking)
	f.wantAnswering(t, "while it is asked", Asking)
	close(answer)
	f.settle()
	f.change(func() { f.onDiscovery = nil })
	f.wantAnswering(t, "when it has answered", Answers)
	asked := f.count(discoveryPath)

	f.advance(answerFresh - time.Second)
	f.wantAnswering(t, "within the minute", Answers)
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	f.advance(answerFresh - time.Second)
	f.wantAnswering(t, "a minute after a login", Answers)
	if n := f.count(discoveryPath); n != asked {
		t.Errorf("asked %d times more, though a login was answered", n-asked)
	}
	f.advance(time.Second)
	f.wantAnswering(t, "after the minute", Asking)
	f.settle()
	f.wantAnswering(t, "asked anew", Answers)

	f.change(func() { f.onDiscovery = reset })
	f.advance(answerFresh)
	f.rp.Answering()
	f.settle()
	f.wantAnswering(t, "when it is down", Silent)
	f.change(func() { f.onDiscovery = nil })
	f.advance(backoffFloor)
	(<-due)()
	f.settle()
	f.wantAnswering(t, "when it is back", Answers)
}

// A token call that finds the provider gone says so at once, whatever it answered a
// moment before.
func TestProviderThatWentAwayDoesNotAnswer(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.timers()
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	f.wantAnswering(t, "after a login", Answers)
	f.change(func() { f.onToken, f.onDiscovery = reset, reset })
	if _, err := f.finish(t); err == nil {
		t.Fatal("a login succeeds")
	}
	f.settle()
	f.wantAnswering(t, "after a login that failed", Silent)
}

// Nobody comes back from a provider that went down while nobody logged in: whoever is
// sent there first has it asked in the background, and the next person is told.
func TestProviderThatWentDownInTheQuiet(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.timers()
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	f.change(func() { f.onDiscovery = reset })
	for i, minutes := range []time.Duration{answerFresh - time.Second, time.Second} {
		f.advance(minutes)
		if _, err := f.authorizationURL(t.Context()); err != nil {
			t.Fatalf("login %d: %v", i, err)
		}
		f.settle()
	}
	if _, err := f.authorizationURL(t.Context()); err == nil {
		t.Error("the next person is sent there, too")
	}
}
