package proconnect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxFrames is what the gate may have on the stack while the site runs, in bytes.
// Caddy's own chain for a file leaves some 900 of 16 kB.
const maxFrames = 400

// A gate whose frames stay below the site's has the stacks of all connections copied
// into larger ones, again and again: what decides has to have returned.
func TestSiteHasTheStack(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection may move the stack between the two looks
	h, cookie := benchGate(t, benchRules...)
	r := httptest.NewRequest(http.MethodGet, "https://docs.example.gouv.fr/page", nil)
	r.Header.Set("Cookie", cookie)
	r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{}))
	var site uintptr
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		site = stackDepth()
		return nil
	})
	growStack(64)
	gate := stackDepth()
	if err := h.ServeHTTP(httptest.NewRecorder(), r, next); err != nil {
		t.Fatal(err)
	}
	if site == 0 {
		t.Fatal("the gate did not let the person pass")
	}
	if used := gate - site; used > maxFrames {
		t.Errorf("the gate keeps %d bytes of the stack while the site runs, want at most %d", used, maxFrames)
	}
}

// stackDepth is where the stack ends.
//
//go:noinline
func stackDepth() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here))
}

// growStack has the stack hold so many kilobytes more, so that it need not move.
func growStack(kilobytes int) byte {
	var room [1 << 10]byte
	if kilobytes == 0 {
		return room[0]
	}
	return room[0] + growStack(kilobytes-1)
}
