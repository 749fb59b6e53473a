// Package doctor proves a client at ProConnect without a person: whether it can be
// reached, whether the clocks agree, whether the client's ID, secret, addresses and
// scopes are those that are registered. What fails has a remedy that names the option of
// the configuration or the field of the registration.
package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

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

// registration asks for what was registered. All answers together tell a wrong secret
// from a client that ProConnect does not know, which it answers alike.
func (c *Case) registration(ctx context.Context) []Check {
	redirects, logouts := make([]Check, len(c.RedirectURIs)), make([]Check, len(c.PostLogoutRedirectURIs))
	var credentials error
	var scopes []Check
	jobs := []func(){func() { credentials = c.credentials(ctx) }}
	for i, uri := range c.RedirectURIs {
		jobs = append(jobs, func() { redirects[i] = c.redirect(ctx, uri) })
	}
	for i, uri := range c.PostLogoutRedirectURIs {
		jobs = append(jobs, func() { logouts[i] = c.logout(ctx, uri) })
	}
	together(jobs)
	known := slices.IndexFunc(redirects, func(k Check) bool { return k.Status == OK })
	if known >= 0 {
		scopes = c.scopes(ctx, c.RedirectURIs[known])
	} else {
		scopes = []Check{{Name: Scope, Status: Unknown, Detail: "not asked: ProConnect knows no redirect_uri of this client"}}
	}
	if reasonOf(credentials) == rp.ReasonInvalidClient && known < 0 {
		ofNobody(redirects)
		ofNobody(logouts)
	}
	return slices.Concat([]Check{credentialsCheck(credentials, known >= 0)}, scopes, redirects, logouts)
}

// ofNobody takes back what was found out about the addresses of a client that ProConnect
// does not know: it refuses all of them.
func ofNobody(checks []Check) {
	for i := range checks {
		checks[i] = Check{Name: checks[i].Name, Value: checks[i].Value, Status: Unknown, Detail: "ProConnect does not know the client"}
	}
}

func reasonOf(err error) rp.Reason {
	if e, ok := errors.AsType[*rp.Error](err); ok {
		return e.Reason
	}
	return ""
}

// together runs jobs, a few at a time.
func together(jobs []func()) {
	var wg sync.WaitGroup
	turn := make(chan struct{}, parallel)
	for _, job := range jobs {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			job()
		})
	}
	wg.Wait()
}

func (c *Case) credentials(ctx context.Context) error {
	if len(c.RedirectURIs) == 0 {
		return errNothing
	}
	return c.Provider.TryCredentials(ctx, rp.Attempt{RedirectURI: c.RedirectURIs[0], Verifier: oauth2.GenerateVerifier()})
}

var errNothing = errors.New("no gate uses this client")

func credentialsCheck(err error, clientKnown bool) Check {
	check := Check{Name: ClientID, Status: OK, Detail: "they belong together, in this environment"}
	switch {
	case err == nil:
	case errors.Is(err, errNothing):
		check.Status, check.Detail = Unknown, "not asked: "+err.Error()
	case reasonOf(err) == rp.ReasonInvalidClient && clientKnown:
		check.fail("ProConnect knows the client, and refuses its secret", "client_secret: copy it anew from the registration of this environment, whole and without spaces")
	case reasonOf(err) == rp.ReasonInvalidClient:
		check.fail("ProConnect refuses the client", "client_id and client_secret: copy both anew; are they of this environment? keys of integration do not work in production, nor the other way round")
	default:
		check.fail(describe(err), "try again; if it stays so, ask ProConnect's support")
	}
	return check
}

func (c *Case) request(uri string, scopes []string) rp.AuthorizationRequest {
	return rp.AuthorizationRequest{
		RedirectURI: uri, State: rand.Text() + rand.Text(), Nonce: rand.Text() + rand.Text(), Verifier: oauth2.GenerateVerifier(), Scopes: scopes,
	}
}

// redirect asks whether an address is registered, with no scope that may be refused.
func (c *Case) redirect(ctx context.Context, uri string) Check {
	err := c.Provider.TryAuthorization(ctx, c.request(uri, []string{"openid"}))
	return addressCheck(Redirect, uri, err)
}

func (c *Case) logout(ctx context.Context, uri string) Check {
	err := c.Provider.TryLogout(ctx, uri, rand.Text()+rand.Text())
	return addressCheck(PostLogout, uri, err)
}

func addressCheck(name, uri string, err error) Check {
	check := Check{Name: name, Value: uri, Status: OK, Detail: "registered"}
	switch {
	case err == nil:
	case reasonOf(err) == rp.ReasonPage:
		check.fail("not registered for this client, or registered otherwise", name+": add it to the client's registration at ProConnect, letter by letter, without a slash more or less")
	case reasonOf(err) == rp.ReasonNoEndSession:
		check.fail(describe(err), "nothing here: logouts end on this site alone")
	default:
		check.Status, check.Detail, check.Remedy = Unknown, describe(err), "try again; if it stays so, ask ProConnect's support"
	}
	return check
}

// scopes asks for all scopes, and again without each one that is refused: ProConnect
// names one at a time.
func (c *Case) scopes(ctx context.Context, uri string) (checks []Check) {
	left := slices.Clone(c.Scopes)
	for {
		err := c.Provider.TryAuthorization(ctx, c.request(uri, left))
		e, ok := errors.AsType[*rp.Error](err)
		if ok && e.Code == "invalid_scope" && slices.Contains(left, e.Scope) {
			left = slices.DeleteFunc(left, func(s string) bool { return s == e.Scope })
			check := Check{Name: Scope, Value: e.Scope}
			check.fail("not granted to this client: every login fails, at every site", "ask ProConnect's support to grant the scope, or remove the rule, claim or scope that needs it")
			checks = append(checks, check)
			continue
		}
		check := Check{Name: Scope, Value: strings.Join(left, " "), Status: OK, Detail: "granted"}
		if err != nil {
			check.Status, check.Detail = Unknown, describe(err)
		}
		return append(checks, check)
	}
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
