package proconnect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// A secret that a file holds is read once. Were it read anew for each use, a file that
// is written meanwhile would have one secret checked against the session's key and
// another one, or none, sent to ProConnect.
func TestClientSecretIsResolvedOnce(t *testing.T) {
	const first = "a-client-secret-of-which-the-file-was-changed"
	file := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first + "\n")
	c := &Client{
		Issuer: "https://issuer.example", ClientID: "id", ClientSecret: "{file." + file + "}",
		Session: &Session{Secrets: []string{first}}, log: zap.NewNop(), name: defaultClient,
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	if err := c.provisionCredentials(ctx); err != nil {
		t.Fatal(err)
	}
	write("")
	if _, err := c.keyring(nil, time.Hour); err == nil || !strings.Contains(err.Error(), "secret is the client_secret") {
		t.Errorf("the session's key is compared with another secret: %v", err)
	}
	c.SigningAlg, c.UserinfoSigningAlg = "RS256", "RS256"
	if err := c.provisionProvider(ctx); err != nil {
		t.Errorf("the provider is given another secret: %v", err)
	}
	c.Session = nil // whose literal key is shown
	shown, err := json.Marshal(c)
	if err != nil || strings.Contains(string(shown), first) {
		t.Errorf("the configuration shows the secret: %v", err)
	}
}
