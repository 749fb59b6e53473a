package upstream

import (
	"net/http"
	"testing"
)

// An upgrade to HTTP/2 comes with settings that only belong to it (RFC 7540 §3.2.1):
// what travels on is a plain request, with nothing of the upgrade left.
func TestDropUpgrade(t *testing.T) {
	for name, c := range map[string]struct {
		upgrade []string
		kept    bool
	}{
		"HTTP/2":              {[]string{"h2c"}, false},
		"WebSocket":           {[]string{"websocket"}, true},
		"WebSocket, capitals": {[]string{" WebSocket"}, true},
		"two protocols":       {[]string{"websocket, h2c"}, false},
		"two lines":           {[]string{"websocket", "h2c"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Upgrade": c.upgrade, "Http2-Settings": {"AAMAAABk"}}
			DropUpgrade(h)
			if _, kept := h["Upgrade"]; kept != c.kept {
				t.Errorf("Upgrade is kept: %t", kept)
			}
			if _, kept := h["Http2-Settings"]; kept != c.kept {
				t.Errorf("HTTP2-Settings is kept: %t", kept)
			}
		})
	}
}
