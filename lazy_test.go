package proconnect_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// `caddy validate`, and a reload that fails further down, must not be noticed
// outside: no request to ProConnect, no key in the storage.
func TestValidateTouchesNothing(t *testing.T) {
	var asked atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer provider.Close()
	storage := t.TempDir()
	dir := surroundings(t)
	config, err := adapt(strings.NewReplacer("DIR", dir, "ISSUER", provider.URL).Replace(`{
	proconnect {
		issuer ISSUER/api/v2
		client_id {env.PROCONNECT_CLIENT_ID}
		client_secret {env.PROCONNECT_CLIENT_SECRET}
	}
	proconnect demo {
		environment sandbox
	}
}
http://localhost:8080 {
	proconnect {
		allow siret from DIR/communes.txt
	}
	@mfa proconnect mfa
	respond @mfa "two factors"
}
http://localhost:8081 {
	proconnect {
		client demo
		allow any
	}
}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := validateIn(t, config, storage); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadDir(storage); err != nil || len(kept) > 0 {
		t.Errorf("the storage holds %v, %v", kept, err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("ProConnect was asked %d times", n)
	}
}
