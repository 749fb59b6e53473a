package proconnect

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// provision resolves and checks the client.
func (c *Client) provision(ctx caddy.Context, a *App, name string) (err error) {
	c.app, c.name, c.log = a, name, a.log.With(zap.String("client", name))
	c.counts = a.metrics.client(name)
	for _, step := range []func(caddy.Context) error{
		c.provisionIssuer, c.provisionCredentials, c.provisionAlgs, c.provisionClaims, c.provisionAudit,
		c.provisionSession, c.provisionProvider, c.provisionCallback,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err = c.Texts.check(); err == nil {
		c.logo, err = a.readLogo(c.Logo)
	}
	return err
}

// provisionCredentials resolves the client ID and secret, once: a file that is written
// meanwhile would else have one secret checked and another one used. The resolved
// secret stays out of the exported field, which the admin API shows.
func (c *Client) provisionCredentials(caddy.Context) error {
	if c.Environment == sandboxEnvironment {
		c.secret, _ = resolve("client_secret", c.ClientSecret) // not used, but no session key either
		return nil
	}
	id, err := resolve("client_id", c.ClientID)
	if err != nil {
		return err
	}
	if err := checkSecret(c.ClientSecret); err != nil {
		return err
	}
	if c.secret, err = resolve("client_secret", c.ClientSecret); err != nil {
		return err
	}
	if literal(c.ClientSecret) {
		c.log.Warn("client_secret is written out in the configuration, which Caddy's admin API shows: use {env.NAME} or {file./path}")
	}
	if strings.ContainsAny(id, "{}$ ") {
		return fmt.Errorf("client_id %q: a variable that nothing replaced? want {env.NAME}, {file./path} or the ID itself", id)
	}
	c.ClientID = id
	return nil
}

// resolve replaces the placeholders that are known when a configuration loads.
func resolve(option, value string) (string, error) {
	if value == "" {
		return "", fmt.Errorf("%s is missing: ProConnect's partner portal gave it with the client", option)
	}
	resolved, err := caddy.NewReplacer().ReplaceOrErr(value, true, true)
	if resolved = strings.TrimSpace(resolved); err != nil || resolved == "" {
		return "", fmt.Errorf("%s: %s", option, unresolved(value))
	}
	return resolved, nil
}

// unresolved says why there is no value. It repeats a placeholder that is
// alone; anything else could be a piece of a secret.
func unresolved(value string) string {
	name, whole := strings.CutSuffix(value, "}")
	whole = whole && !strings.Contains(name, "}")
	switch {
	case whole && strings.HasPrefix(name, "{env."):
		return value + " is not set, or empty: give the process that runs Caddy this variable, or the file that sets it by --envfile"
	case whole && strings.HasPrefix(name, "{file."):
		return value + unreadable(strings.TrimPrefix(name, "{file."))
	}
	return `a placeholder in it is not known: want {env.NAME} or {file./path}; a brace that is meant is written \{`
}

func literal(value string) bool { return !rules.HoldsPlaceholder(value) }

// provisionAlgs pins the algorithms (RFC 8725 §3.1).
func (c *Client) provisionAlgs(caddy.Context) error {
	c.SigningAlg = cmp.Or(c.SigningAlg, rp.RS256)
	c.UserinfoSigningAlg = cmp.Or(c.UserinfoSigningAlg, c.SigningAlg)
	if err := c.checkSigningAlg(); err != nil {
		return err
	}
	return c.checkUserinfoAlg()
}

func (c *Client) checkSigningAlg() error {
	return checkAlg("signing_alg", c.SigningAlg, rp.RS256, rp.ES256, rp.HS256)
}

func (c *Client) checkUserinfoAlg() error {
	return checkAlg("userinfo_signing_alg", c.UserinfoSigningAlg, rp.RS256, rp.ES256, rp.HS256, rp.None)
}

func checkAlg(option, alg string, known ...string) error {
	if slices.Contains(known, alg) {
		return nil
	}
	return fmt.Errorf("%s %q: want one of %s, as the client was registered", option, alg, strings.Join(known, ", "))
}

// hideCookies takes the cookies of every client out of a request.
func (c *Client) hideCookies(h http.Header) {
	if _, ok := h["Cookie"]; !ok {
		return
	}
	for _, base := range c.app.cookieBases {
		upstream.HideCookies(h, base)
	}
}
