package session

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// sentBack are the cookies of an answer, as the browser sends them with the next request.
func sentBack(w *httptest.ResponseRecorder) []string {
	var pairs []string
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	return []string{strings.Join(pairs, "; ")}
}

func testKeeper() *Keeper {
	return New(Config{Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef")), Issuer: "issuer", ClientID: "client"})
}

// departing is an attempt on its way.
func departing() *Attempt {
	a := testAttempt()
	a.id = [16]byte{1}
	return a
}

// Of one browser one tab at most is on its way to ProConnect without a click: by the
// cookie on every node, by the node's memory where no cookie has come yet.
func TestOneFlightAtATime(t *testing.T) {
	here, there := testKeeper(), testKeeper()
	o, now := origin.Of("docs.example", true), time.Unix(1_800_000_000, 0)
	b, other := Browser{1}, Browser{2}
	w := httptest.NewRecorder()
	if !here.BeginFlight(w, o, nil, b, departing(), now) {
		t.Fatal("the first tab does not go")
	}
	cookies := sentBack(w)
	begin := func(k *Keeper, cookies []string, b Browser, after time.Duration) bool {
		return k.BeginFlight(httptest.NewRecorder(), o, cookies, b, departing(), now.Add(after))
	}
	switch {
	case begin(here, nil, b, 0):
		t.Error("a tab that was restored at the same moment goes too")
	case begin(there, cookies, b, 19*time.Second):
		t.Error("on another node a second tab goes")
	case !begin(here, nil, other, 0):
		t.Error("another browser has to wait")
	case !begin(here, cookies, b, 21*time.Second):
		t.Error("a tab that never came back keeps others waiting for ever")
	case !begin(there, []string{"__Host-proconnect_busy=99999999999"}, b, 0), !begin(there, []string{"__Host-proconnect_busy=x"}, other, 0):
		t.Error("a cookie that was planted keeps a browser waiting")
	}
}

// A click always goes, and keeps other tabs from going without one; who comes back lets
// the next one go.
func TestFlightsAfterClicksAndReturns(t *testing.T) {
	k, o, b, now := testKeeper(), origin.Of("docs.example", true), Browser{1}, time.Unix(1_800_000_000, 0)
	ends := map[string]func(http.ResponseWriter){
		"a click":  func(w http.ResponseWriter) { k.NoteFlight(w, o, b, departing(), now.Add(10*time.Second)) },
		"a return": func(w http.ResponseWriter) { k.EndFlight(w, o, b) },
	}
	for name, goes := range map[string]bool{"a click": false, "a return": true} {
		w := httptest.NewRecorder()
		k.NoteFlight(w, o, b, departing(), now)
		w = httptest.NewRecorder()
		ends[name](w)
		if got := k.BeginFlight(httptest.NewRecorder(), o, sentBack(w), b, departing(), now.Add(25*time.Second)); got != goes {
			t.Errorf("after %s the next tab goes: %v", name, got)
		}
		k.EndFlight(httptest.NewRecorder(), o, b)
	}
}

// What a node remembers of passes is bounded.
func TestFlightsAreBounded(t *testing.T) {
	k, o, now := testKeeper(), origin.Of("docs.example", true), time.Unix(1_800_000_000, 0)
	for i := range maxFlights + 10 {
		k.BeginFlight(httptest.NewRecorder(), o, nil, Browser{byte(i), byte(i >> 8), byte(i >> 16)}, departing(), now)
	}
	if n := len(k.marks.flights.until); n != maxFlights {
		t.Errorf("%d are remembered, want %d at most", n, maxFlights)
	}
	k.BeginFlight(httptest.NewRecorder(), o, nil, Browser{9}, departing(), now.Add(2*time.Minute))
	if n := len(k.marks.flights.until); n != 1 {
		t.Errorf("%d are remembered after their time, want the last one", n)
	}
}

// A tab leaves, and another answer replaces the secret that it left with. When it is back
// it is nobody's any more, and under way no longer: it may begin anew. An attempt of
// somebody else's, which they have the browser open, ends nothing.
func TestFlightThatComesBackAsNobodys(t *testing.T) {
	k, left, o := testKeeper(), testAttempt(), testOrigin
	begun(t, k, Browser{1}, left)
	w := httptest.NewRecorder()
	if !k.BeginFlight(w, o, nil, Browser{1}, left, testNow) {
		t.Fatal("the first tab does not go")
	}
	forged := testAttempt()
	begun(t, k, Browser{3}, forged)
	for name, tt := range map[string]struct {
		after *Attempt
		goes  bool
	}{"its own": {left, true}, "somebody else's": {forged, false}} {
		again := tt.after.Again()
		if got := k.BeginFlight(httptest.NewRecorder(), o, sentBack(w), Browser{2}, again, testNow); got != tt.goes {
			t.Errorf("after %s: it goes: %v", name, got)
		}
		if again.Round != 2 || again.Target != left.Target || again.Kind != Login || again.Family != (Family{}) || len(again.ACR) != 2 || !again.Automatic {
			t.Errorf("after %s: %+v", name, again)
		}
	}
}
