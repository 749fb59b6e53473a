package proconnect_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// update writes what the adapter makes into testdata/adapt, to be read before it
// is committed: the JSON is an interface.
var update = flag.Bool("update", false, "write the golden files anew")

const dashes = "----------\n"

// TestAdapt pins the JSON that Caddyfiles become: testdata/adapt holds the one,
// a line of dashes, and the other. Every configuration there is also valid.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text, want, _ := strings.Cut(string(golden), dashes)
			dir := surroundings(t)
			config, err := adapt(strings.ReplaceAll(text, "DIR", dir))
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, config); err != nil {
				t.Errorf("it does not load: %v", err)
			}
			got := strings.ReplaceAll(indent(t, config), dir, "DIR")
			if *update {
				if err := os.WriteFile(path, []byte(text+dashes+got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got != want && !*update {
				t.Errorf("it becomes\n%s", got)
			}
		})
	}
}

// surroundings sets up what the Caddyfiles of testdata refer to: variables of the
// environment, and files in a directory, which they call DIR.
func surroundings(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string]string{
		"communes.txt":  "# communes\n21920023500014\n130025265\n",
		"key.txt":       sessionKeys[1] + "\n",
		"empty-key.txt": "\n",
		"ca.pem":        authority(t),
		"no-pem.txt":    "not a certificate\n",
		"previews.txt":  "# previews\npr-1.preview.example.gouv.fr\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"PROCONNECT_CLIENT_ID":      "an-id",
		"PROCONNECT_CLIENT_SECRET":  clientSecret,
		"PROCONNECT_SESSION_SECRET": sessionKeys[0],
		"SPACES":                    "  ",
	} {
		t.Setenv(name, value)
	}
	return dir
}

// authority returns a certificate authority that is nobody's.
func authority(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Keys as `openssl rand` makes them, one in base64 and one in hex. The client
// secret looks like one, as some are.
var sessionKeys = [...]string{
	"3q2HfFNkL0dGf1lYj9m4sC8uWvT6xQz0KpRnB5aEoIg=",
	"8f1d4b7a2c9e6035d8a1f4c7b2e5096d3a8c1f7e4b9d2065ca3f8e1b7d4a9c62",
}

const clientSecret = "Wm9kQ3hTcVJ2TnBLYkxoRmdEYUpzVXl0RXdJb01jWGU="

// adapt turns a Caddyfile into Caddy's JSON.
func adapt(text string) ([]byte, error) {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	return config, err
}

// validate provisions a configuration as `caddy validate` does. What it would
// keep, it keeps in a directory of the test's own.
func validate(t *testing.T, config []byte) error {
	t.Helper()
	return validateIn(t, config, t.TempDir())
}

func validateIn(t *testing.T, config []byte, storage string) error {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(config, &fields); err != nil {
		t.Fatal(err)
	}
	fields["admin"] = map[string]any{"disabled": true}
	fields["storage"] = map[string]any{"module": "file_system", "root": storage}
	fields["logging"] = map[string]any{"logs": map[string]any{"default": map[string]any{"writer": map[string]any{"output": "discard"}}}}
	patched, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	c := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(patched, c); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(c)
}

func indent(t *testing.T, config []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, config, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

// What `caddy list-modules` shows, and documentation links to.
func TestModules(t *testing.T) {
	for _, id := range []string{"proconnect", "http.handlers.proconnect", "http.matchers.proconnect"} {
		if _, err := caddy.GetModule(id); err != nil {
			t.Error(err)
		}
	}
}
