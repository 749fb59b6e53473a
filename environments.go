package proconnect

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// sandboxIssuer is the one issuer of every simulated ProConnect. Nothing answers
// at this name, and no cookie sealed for it opens for a real environment.
const sandboxIssuer = "https://sandbox.invalid"

const sandboxEnvironment = "sandbox"

// environments are the issuers of ProConnect by name.
var environments = map[string]string{
	"production":       "https://auth.agentconnect.gouv.fr/api/v2",
	"integration":      "https://fca.integ01.dev-agentconnect.fr/api/v2",
	"production-rie":   "https://auth.agentconnect.rie.gouv.fr/api/v2",
	"integration-rie":  "https://fca.integ02.agentconnect.rie.gouv.fr/api/v2",
	sandboxEnvironment: sandboxIssuer,
}

const environmentNames = "production, integration, production-rie, integration-rie, sandbox"

// provisionIssuer finds the one issuer that the client trusts.
func (c *Client) provisionIssuer(caddy.Context) error {
	if err := c.checkIssuer(); err != nil {
		return err
	}
	if c.Environment == "" {
		// Integration by its URL lets anybody be anybody too.
		c.Environment = environmentOf(c.Issuer)
	}
	if c.Environment != "" {
		c.Issuer = environments[c.Environment]
	}
	return nil
}

// environmentOf returns the name of an issuer; empty if it has none.
func environmentOf(issuer string) string {
	for name, known := range environments {
		if known == issuer {
			return name
		}
	}
	return ""
}

// checkIssuer wants one way, and no more, of saying which ProConnect it is.
func (c *Client) checkIssuer() error {
	switch {
	case c.Environment != "" && c.Issuer != "":
		return errors.New("environment and issuer exclude each other: keep one")
	case c.Environment != "":
		return checkEnvironment(c.Environment)
	case c.Issuer != "":
		return checkIssuer(c.Issuer)
	}
	return errors.New("say which ProConnect: environment <name> (" + environmentNames + ") or issuer <url>")
}

func checkEnvironment(name string) error {
	if _, ok := environments[name]; !ok {
		return fmt.Errorf("environment %q is unknown: %swant one of %s", name, near.DidYouMean(name, strings.Split(environmentNames, ", ")), environmentNames)
	}
	return nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" || strings.ContainsAny(issuer, "?#"):
		return fmt.Errorf("issuer %q: want an https URL such as https://auth.agentconnect.gouv.fr/api/v2", issuer)
	case u.Scheme != "https" && (u.Scheme != "http" || !origin.StaysHere(u.Hostname())):
		return fmt.Errorf("issuer %q: want https, or http on loopback (localhost or 127.0.0.1)", issuer)
	}
	for name, known := range environments {
		k, _ := url.Parse(known)
		switch same := strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), k.Hostname()); {
		case same && name == sandboxEnvironment:
			return fmt.Errorf("issuer %q: nothing answers there: say `environment sandbox`", issuer)
		case same && issuer != known:
			return fmt.Errorf("issuer %q: %s spells it %s; say `environment %s`", issuer, k.Host, known, name)
		}
	}
	return nil
}
