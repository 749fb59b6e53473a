package recipes_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// authority signs programs' certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "programs"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	certificate, key := sign(t, template, nil)
	return &authority{certificate, key}
}

func (a *authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

func (a *authority) program(t *testing.T, name string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	certificate, key := sign(t, template, a)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}
}

// sign makes a certificate of a new key, signed by an authority or by itself.
func sign(t *testing.T, template *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if by == nil {
		by = &authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

// askTLS connects to one name and asks for another, with or without a certificate.
func askTLS(t *testing.T, s *caddytest.Server, connect, host string, certificates ...tls.Certificate) (caddytest.Answer, error) {
	t.Helper()
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: connect, Certificates: certificates},
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+caddytest.Loopback+":"+s.TLSPort+"/x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host + ":" + s.TLSPort
	r.Header.Set("X-Program", "CN=forged")
	r.Header.Set("X-User", "forged")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return caddytest.Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return caddytest.Answer{Response: resp, Text: string(text)}, err
}

func TestProgramsWithCertificates(t *testing.T) {
	const tools, api = "tools.example.gouv.localhost", "api.example.gouv.localhost"
	programs := newAuthority(t)
	up := caddytest.Echo(t)
	c := client{option: sandbox.option, https: true}
	s := caddytest.New(t)
	s.Write("programs-ca.pem", programs.pem())
	global, sites := c.localize(s, doccode.Recipe(t, "Programs with certificates", "caddyfile"), up.Addr())
	s.Run(global+"\n local_certs", sites)

	a, err := askTLS(t, s, api, api, programs.program(t, "payroll"))
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Received(t); got.Header.Get("X-Program") != "CN=payroll" || got.Header["X-User"] != nil {
		t.Errorf("of a program, the site hears %v", got.Header)
	}
	calls := up.Calls.Load()
	if a, err := askTLS(t, s, api, api); err == nil {
		t.Errorf("without a certificate: got %d", a.StatusCode)
	}
	if a, err := askTLS(t, s, api, api, newAuthority(t).program(t, "payroll")); err == nil {
		t.Errorf("with a certificate of another authority: got %d", a.StatusCode)
	}
	if a, err := askTLS(t, s, tools, api); err != nil || a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("on a connection to tools, api: got %d, %v", a.StatusCode, err)
	}
	if a, err := askTLS(t, s, tools, tools); err != nil || a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger at tools: got %d, %v", a.StatusCode, err)
	}
	if up.Calls.Load() != calls {
		t.Error("the site was asked by somebody without a certificate")
	}
	b := s.Browser("https://" + tools + ":{$TLS_PORT}")
	if got := b.Login("/x", form("ministry")).Received(t); got.Header.Get("X-User") == "" || got.Header["X-Program"] != nil {
		t.Errorf("of a person, the site hears %v", got.Header)
	}
}
