package proconnect

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/sandbox"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// provisionProvider makes the relying party; it does not use the network.
func (c *Client) provisionProvider(caddy.Context) error {
	cfg := rp.Config{
		Issuer:             c.Issuer,
		ClientID:           c.ClientID,
		SigningAlg:         c.SigningAlg,
		UserinfoSigningAlg: c.UserinfoSigningAlg,
		Timeout:            waits.Provider,
		Fresh:              waits.Fresh,
		Observe:            c.counts.observe,
	}
	if c.Environment == sandboxEnvironment {
		return c.provisionSandbox(cfg)
	}
	cfg.ClientSecret = c.secret
	switch fault := cfg.Fault(); fault {
	case "":
	case rp.ReasonSecretLength:
		return errors.New("client_secret: HS256 needs 32 bytes at least, and it has fewer: is it whole, and is the client registered for HS256?")
	default:
		return fmt.Errorf("%s", fault)
	}
	roots, err := c.roots()
	if err != nil {
		return err
	}
	cfg.Transport = rp.NewTransport(roots)
	c.provider = rp.New(cfg)
	c.close = c.provider.Close
	return nil
}

// provisionSandbox sets up the simulated ProConnect, which nothing but this
// process can reach: its client secret is made here and forgotten with it.
func (c *Client) provisionSandbox(cfg rp.Config) error {
	c.log.Warn("SANDBOX: ProConnect is simulated, identities are not verified, and only this machine is answered")
	cfg.ClientID = cmp.Or(c.ClientID, "sandbox")
	cfg.ClientSecret = session.RandomText() + session.RandomText()
	server, err := sandbox.New(sandbox.Config{
		Issuer:             cfg.Issuer,
		ClientID:           cfg.ClientID,
		ClientSecret:       cfg.ClientSecret,
		SigningAlg:         cfg.SigningAlg,
		UserinfoSigningAlg: cfg.UserinfoSigningAlg,
	})
	if err != nil {
		return err
	}
	c.sandbox = server
	cfg.Transport = server.Transport()
	c.provider = rp.New(cfg)
	return nil
}

// roots returns the certificate authorities to trust; nil for the system's.
func (c *Client) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	if err := rules.CheckPath(c.CA); err != nil {
		return nil, fmt.Errorf("ca %q: %w", c.CA, err)
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("ca %s: %w", c.CA, listfile.Reason(err))
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: %s holds no certificate in PEM form", c.CA)
	}
	return pool, nil
}
