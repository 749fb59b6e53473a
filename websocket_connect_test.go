package proconnect

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A WebSocket of HTTP/2 or 3 is a CONNECT (RFC 8441), without an Upgrade header: nobody
// would see a page, and a redirect is no answer to it. Neither does it begin a login.
func TestWebSocketByConnectIsProgrammatic(t *testing.T) {
	for name, header := range map[string]http.Header{
		"of a browser":                            {"Sec-Fetch-Mode": {"websocket"}, "Sec-Fetch-Dest": {"empty"}},
		"of a program":                            {},
		"that accepts HTML, as an old browser's":  {"Accept": {"text/html"}},
		"that looks like a navigation, otherwise": {"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Accept": {"text/html"}},
	} {
		r := httptest.NewRequest(http.MethodConnect, "/chat", nil)
		r.Header = header
		if got := audienceOf(r); got != programmatic {
			t.Errorf("%s: audience %d, want %d", name, got, programmatic)
		}
	}
}
