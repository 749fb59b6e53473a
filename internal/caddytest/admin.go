package caddytest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Admin is the admin endpoint of a Caddy that a test runs.
type Admin struct {
	Addr   string
	Option string // the global option that opens it
}

// NewAdmin chooses where it listens.
func NewAdmin(t testing.TB) Admin {
	t.Helper()
	addr := Loopback + ":" + FreePort(t)
	return Admin{addr, "\nadmin " + addr + "\n"}
}

// Ask sends a request to it, with JSON if there is a body, and returns the answer.
func (a Admin) Ask(t testing.TB, method, path, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.Addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Close = true // a reload closes the endpoint
	resp, err := patient{http.DefaultTransport}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// Series are the values that /metrics tells, by name and labels.
func (a Admin) Series(t testing.TB) map[string]string {
	t.Helper()
	status, text := a.Ask(t, http.MethodGet, "/metrics", "")
	if status != http.StatusOK {
		t.Fatalf("/metrics: %d: %s", status, text)
	}
	series := make(map[string]string)
	for line := range strings.Lines(text) {
		if i := strings.LastIndexByte(line, ' '); i > 0 && strings.HasPrefix(line, "caddy_proconnect_") {
			series[line[:i]] = strings.TrimSpace(line[i+1:])
		}
	}
	return series
}
