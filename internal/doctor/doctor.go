// Package doctor proves a client at ProConnect without a person: whether it can be
// reached, whether the clocks agree, whether the client's ID, secret, addresses and
// scopes are those that are registered. What fails has a remedy that names the option of
// the configuration or the field of the registration.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// Case is a client to examine, as it is configured.
type Case struct {
	Provider               *rp.Provider
	Issuer                 string
	SigningAlg             string
	UserinfoAlg            string
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	Notes                  map[string]string // by address: what it rests on, where the configuration alone does not tell it
	Scopes                 []string
	Proxy                  bool // HTTPS_PROXY is set
}

// Status is how a check ended.
type Status string

// The three ends.
const (
	OK      Status = "ok"
	Failed  Status = "failed"
	Unknown Status = "unknown" // it could not be asked
)

// Check is one thing that was asked.
type Check struct {
	Name   string `json:"check"`
	Value  string `json:"value,omitempty"` // what it was asked of: an address, a scope
	Status Status `json:"status"`
	Detail string `json:"detail,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// Names of checks.
const (
	Discovery  = "discovery"
	Clock      = "clock"
	Algorithms = "algorithms"
	ClientID   = "client_id and client_secret"
	Scope      = "scope"
	Redirect   = "redirect_uri"
	PostLogout = "post_logout_redirect_uri"
)

// timeout bounds one answer, budget all of them together: whoever calls the doctor waits.
const (
	timeout = 5 * time.Second
	budget  = 12 * time.Second
)

// parallel is how many questions are under way at once: a fleet of sites has thousands.
const parallel = 8

// Examine asks all there is to ask.
func Examine(ctx context.Context, c Case) []Check {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	c.Provider = c.Provider.Unhurried(timeout)
	defer c.Provider.Close()
	checks, reached := c.discovery(ctx)
	if !reached {
		return append(checks, c.notAsked()...)
	}
	return append(checks, c.registration(ctx)...)
}

// discovery asks for what is public.
func (c *Case) discovery(ctx context.Context) (checks []Check, reached bool) {
	facts, err := c.Provider.Examine(ctx)
	check := Check{Name: Discovery, Value: c.Issuer, Status: OK, Detail: "answers"}
	if err != nil {
		check.Status, check.Detail, check.Remedy = Failed, describe(err), c.reachRemedy(err, facts.Issuer)
	}
	checks = []Check{check}
	if facts.Dated {
		checks = append(checks, clockCheck(facts.Ahead))
	}
	if err == nil {
		checks = append(checks, c.algorithms(facts))
	}
	return checks, err == nil
}

// skew is how far apart clocks may be before tokens are refused.
const skew = 60 * time.Second

func clockCheck(ahead time.Duration) Check {
	off := ahead.Abs().Round(time.Second)
	check := Check{Name: Clock, Status: OK, Detail: fmt.Sprintf("within %s of ProConnect's", max(off, 2*time.Second))}
	if off > skew {
		word := "behind"
		if ahead > 0 {
			word = "ahead of"
		}
		check.Status = Failed
		check.Detail = fmt.Sprintf("this machine's clock is %s %s ProConnect's: every login would be refused", off, word)
		check.Remedy = "set this machine's clock, as by timedatectl set-ntp true"
	}
	return check
}

// algorithms compares what is configured with what the provider can do. For which of
// those the client is registered, nothing but a login tells.
func (c *Case) algorithms(facts *rp.Facts) Check {
	check := Check{
		Name: Algorithms, Value: c.SigningAlg + ", userinfo " + c.UserinfoAlg, Status: Unknown,
		Detail: "ProConnect has both; that the client is registered for them, only a login proves",
	}
	switch {
	case !slices.Contains(facts.SigningAlgs, c.SigningAlg):
		check.fail("ProConnect signs no ID token with "+c.SigningAlg+": it has "+strings.Join(facts.SigningAlgs, " "), "signing_alg: say the one that the client is registered for")
	case c.UserinfoAlg != rp.None && len(facts.UserinfoAlgs) > 0 && !slices.Contains(facts.UserinfoAlgs, c.UserinfoAlg):
		check.fail("ProConnect signs no userinfo with "+c.UserinfoAlg+": it has "+strings.Join(facts.UserinfoAlgs, " "), "userinfo_signing_alg: say the one that the client is registered for")
	case !facts.KeysFor:
		check.fail("ProConnect publishes no key for one of them", "signing_alg, userinfo_signing_alg: say those that the client is registered for")
	}
	return check
}

func (c *Check) fail(detail, remedy string) {
	c.Status, c.Detail, c.Remedy = Failed, detail, remedy
}

// notAsked lists what could not be asked, because nothing answers.
func (c *Case) notAsked() (checks []Check) {
	for _, name := range []string{ClientID, Scope, Redirect, PostLogout} {
		checks = append(checks, Check{Name: name, Status: Unknown, Detail: "not asked: discovery failed"})
	}
	return checks
}

func reasonOf(err error) rp.Reason {
	if e, ok := errors.AsType[*rp.Error](err); ok {
		return e.Reason
	}
	return ""
}

// describe tells an error in the relying party's fixed words.
func describe(err error) string {
	e, ok := errors.AsType[*rp.Error](err)
	if !ok {
		return err.Error()
	}
	text := string(e.Reason)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// reachRemedy says what to do where discovery fails. named is the issuer that the
// document names.
func (c *Case) reachRemedy(err error, named string) string {
	switch reasonOf(err) {
	case rp.ReasonDNS, rp.ReasonConnect, rp.ReasonTimeout, rp.ReasonNetwork:
		return c.networkRemedy()
	case rp.ReasonProxy:
		return "HTTPS_PROXY: the proxy that it names does not answer, or refuses; give the process the right one"
	case rp.ReasonTLS:
		return "ca: name the certificate of the authority that signed; a proxy in between may sign by itself"
	case rp.ReasonDiscoveryIss:
		if named != "" {
			return "issuer: write it as discovery has it, " + named
		}
		return "issuer: write it as discovery has it"
	case rp.ReasonNotFound:
		return "issuer: its path is missing or wrong (ProConnect's is /api/v2), or say environment instead"
	}
	return "issuer or environment: does ProConnect answer there? try again, then ask ProConnect's support"
}

func (c *Case) networkRemedy() string {
	host := c.Issuer
	if u, err := url.Parse(c.Issuer); err == nil {
		host = u.Host
	}
	if c.Proxy {
		return "let this machine reach " + host + ", through the proxy that HTTPS_PROXY names or past it (NO_PROXY)"
	}
	return "open the firewall from this machine to " + host + "; if the way out is a proxy, set HTTPS_PROXY for Caddy"
}
