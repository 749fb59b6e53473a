package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/oauth2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

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
	return c.addressCheck(Redirect, uri, err)
}

func (c *Case) logout(ctx context.Context, uri string) Check {
	err := c.Provider.TryLogout(ctx, uri, rand.Text()+rand.Text())
	return c.addressCheck(PostLogout, uri, err)
}

func (c *Case) addressCheck(name, uri string, err error) Check {
	check := Check{Name: name, Value: uri, Status: OK, Detail: "registered"}
	switch {
	case err == nil:
	case reasonOf(err) == rp.ReasonPage:
		check.fail("not registered for this client, or registered otherwise", name+": add it to the client's registration at ProConnect, letter by letter, without a slash more or less")
		if note := c.Notes[uri]; note != "" {
			check.Remedy += ". " + note
		}
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
