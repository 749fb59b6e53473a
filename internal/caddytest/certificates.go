package caddytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// LoadJSON replaces the running configuration. The sites over TLS get certificates with it
// instead of waiting for Caddy's own authority, whose news race with the start of Caddy's
// TLS app (seen with Caddy 2.11.9).
func (s *Server) LoadJSON(config []byte) error {
	s.T.Helper()
	config, err := certified(config)
	if err != nil {
		return err
	}
	if err := caddy.Load(config, true); err != nil {
		return err
	}
	s.settle()
	return nil
}

// certified adds a certificate for all names of sites to a configuration.
func certified(config []byte) ([]byte, error) {
	var whole map[string]any
	if json.Unmarshal(config, &whole) != nil {
		return config, nil // Caddy has the better words
	}
	apps := object(whole, "apps")
	var names []string
	gatherHosts(apps["http"], &names)
	if len(names) == 0 {
		return config, nil
	}
	chain, key, err := certificate(names)
	if err != nil {
		return nil, err
	}
	object(object(apps, "tls"), "certificates")["load_pem"] = []any{map[string]any{"certificate": chain, "key": key}}
	return json.Marshal(whole)
}

// object returns the object at a key of another one, which has it from then on.
func object(in map[string]any, key string) map[string]any {
	o, ok := in[key].(map[string]any)
	if !ok {
		o = make(map[string]any)
		in[key] = o
	}
	return o
}

// gatherHosts adds the names that host matchers have, but for what no certificate can name.
func gatherHosts(v any, names *[]string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			gatherHosts(e, names)
		}
	case map[string]any:
		hosts, _ := v["host"].([]any)
		for _, h := range hosts {
			if name, ok := h.(string); ok && !strings.ContainsAny(name, "{:[ ") && !slices.Contains(*names, name) {
				*names = append(*names, name)
			}
		}
		for _, e := range v {
			gatherHosts(e, names)
		}
	}
}

// certificateKey is one for all: nobody checks whose it is.
var certificateKey = sync.OnceValue(func() *ecdsa.PrivateKey { return forge.EC(elliptic.P256()) })

// certificate is a certificate that signs itself, and its key, in PEM.
func certificate(names []string) (chain, key string, err error) {
	k := certificateKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		return "", "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return "", "", err
	}
	block := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return block("CERTIFICATE", signed), block("PRIVATE KEY", private), nil
}
