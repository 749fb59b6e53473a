package faults_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Who asks over a unix socket has no address: the audit log says how they came, and not
// the "@" that Go has for it.
func TestAuditSaysThatAUnixSocketWasAsked(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox+"\nadmin unix/{$DIR}/a.sock\n"+caddytest.AuditFile, caddytest.GatedBy("allow any"))
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.Dir, "a.sock"))
	}}
	t.Cleanup(transport.CloseIdleConnections)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://caddy/proconnect/revoke", strings.NewReader(`{"field":"siren","value":"130025265"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("revoke: got %d", resp.StatusCode)
	}
	if lines := auditLines(t, s, "revoked"); len(lines) != 1 || lines[0].Text("by") != "unix socket" {
		t.Errorf("got %v", lines)
	} else {
		caddytest.WantDocumented(t, lines[0])
	}
}
