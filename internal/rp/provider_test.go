package rp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

func TestFinish(t *testing.T) {
	for _, alg := range []string{RS256, ES256, HS256} {
		for _, userinfoAlg := range []string{RS256, ES256, HS256, None} {
			t.Run(alg+"+"+userinfoAlg, func(t *testing.T) {
				f := newFake(t, alg, userinfoAlg)
				got, err := f.finish(t)
				if err != nil {
					t.Fatal(err)
				}
				if got.Subject != testSubject || got.ACR != "eidas1" || !slices.Equal(got.AMR, []string{"pwd"}) {
					t.Errorf("got %+v", got)
				}
				if got.Claims["email"] != "Jeanne@example.gouv.fr" || got.Claims["number"] != json.Number("12345678901234567890") {
					t.Errorf("claims: got %v", got.Claims)
				}
				f.wantCalls(t, 1, 1)
				wantJWKS := 1
				if alg == HS256 && (userinfoAlg == HS256 || userinfoAlg == None) {
					wantJWKS = 0
				}
				if n := f.count("/jwks"); n != wantJWKS {
					t.Errorf("key fetches: got %d, want %d", n, wantJWKS)
				}
			})
		}
	}
}

// A provider that is up and trusted answers over TLS; one whose authority is
// unknown does not.
func TestNewTransport(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that is meant to fail
	s.StartTLS()
	defer s.Close()
	cfg := Config{Issuer: s.URL, ClientID: "c", ClientSecret: testSecret, SigningAlg: RS256, UserinfoSigningAlg: None}

	outcome{StageDiscovery, Unavailable, ReasonTLS}.check(t, New(cfg).Check(t.Context()))

	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	cfg.Transport = NewTransport(roots)
	outcome{StageDiscovery, Misconfigured, ReasonNotFound}.check(t, New(cfg).Check(t.Context()))
}

// How calls are carried. A compressed answer could unfold into anything; on a
// connection that is kept, or in an HTTP/2 stream, net/http repeats requests,
// codes among them; and sites behind a firewall reach ProConnect by a proxy.
func TestTransportSettings(t *testing.T) {
	roots := x509.NewCertPool()
	tr := NewTransport(roots).(*http.Transport)
	for name, ok := range map[string]bool{
		"no compression":                 tr.DisableCompression,
		"a connection of its own":        tr.DisableKeepAlives,
		"TLS 1.2 at least":               tr.TLSClientConfig.MinVersion >= tls.VersionTLS12,
		"certificates are verified":      !tr.TLSClientConfig.InsecureSkipVerify && tr.TLSClientConfig.RootCAs == roots,
		"HTTP/1 alone":                   tr.Protocols.HTTP1() && !tr.Protocols.HTTP2() && !tr.Protocols.UnencryptedHTTP2() && !tr.ForceAttemptHTTP2,
		"the proxy of the environment":   reflect.ValueOf(tr.Proxy).Pointer() == reflect.ValueOf(http.ProxyFromEnvironment).Pointer(),
		"slow headers are given up":      tr.ResponseHeaderTimeout > 0 && tr.TLSHandshakeTimeout > 0,
		"oversized headers are given up": tr.MaxResponseHeaderBytes > 0 && tr.MaxResponseHeaderBytes <= 64<<10,
	} {
		if !ok {
			t.Errorf("not so: %s", name)
		}
	}
}

func TestConfig(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*Config)
		want   Reason
	}{
		"issuer empty":           {func(c *Config) { c.Issuer = "" }, ReasonIssuerURL},
		"issuer http":            {func(c *Config) { c.Issuer = "http://example.gouv.fr/api/v2" }, ReasonIssuerURL},
		"issuer with a query":    {func(c *Config) { c.Issuer += "?" }, ReasonIssuerURL},
		"issuer with a fragment": {func(c *Config) { c.Issuer += "#x" }, ReasonIssuerURL},
		"no client id":           {func(c *Config) { c.ClientID = "" }, ReasonClient},
		"no client secret":       {func(c *Config) { c.ClientSecret = "" }, ReasonClient},
		"id token alg none":      {func(c *Config) { c.SigningAlg = None }, ReasonUnsupportedAlg},
		"id token alg empty":     {func(c *Config) { c.SigningAlg = "" }, ReasonUnsupportedAlg},
		"userinfo alg empty":     {func(c *Config) { c.UserinfoSigningAlg = "" }, ReasonUnsupportedAlg},
		"userinfo alg RS512":     {func(c *Config) { c.UserinfoSigningAlg = "RS512" }, ReasonUnsupportedAlg},
		"HS256, short secret":    {func(c *Config) { c.SigningAlg, c.ClientSecret = HS256, "short" }, ReasonSecretLength},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			row.change(&f.cfg)
			f.fresh()
			_, err := f.finish(t)
			outcome{StageDiscovery, Misconfigured, row.want}.check(t, err)
			f.wantCalls(t, 0, 0)
		})
	}
}

func TestCheck(t *testing.T) {
	f := newFake(t, RS256, ES256)
	if err := f.rp.Check(t.Context()); err != nil {
		t.Error(err)
	}
	f.keys = []any{forge.RSAKey("r1", rsaOnce())}
	f.fresh()
	outcome{StageKeys, Misconfigured, ReasonNoUsableKey}.check(t, f.rp.Check(t.Context()))
}

func TestCanceled(t *testing.T) {
	f := newFake(t, RS256, RS256)
	if err := f.rp.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.rp.Finish(ctx, f.response(), f.attempt())
	outcome{StageToken, Unavailable, ReasonCanceled}.check(t, err)
}

// An attempt that lost a secret on the way must not be compared with nothing.
func TestIncompleteAttempt(t *testing.T) {
	f := newFake(t, RS256, RS256)
	for name, a := range map[string]Attempt{
		"no nonce":    {Verifier: testVerifier, RedirectURI: testRedirect},
		"no verifier": {Nonce: testNonce, RedirectURI: testRedirect},
		"no redirect": {Nonce: testNonce, Verifier: testVerifier},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.finishWith(t, f.response(), a)
			outcome{StageCallback, Invalid, ReasonIncomplete}.check(t, err)
		})
	}
	f.wantCalls(t, 0, 0)
}
