package proconnect

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// serveCallback takes what ProConnect answers and establishes who the person is.
// It runs no rules: the gate of the page that they go to decides.
//
// The order matters: nothing of the answer counts before it is known that this browser
// began the attempt, not even an error. See internal/session/attempts.go.
func (x *exchange) serveCallback() error {
	x.login = loginPending
	if done, err := x.relayCallback(); done {
		return err
	}
	// What was logged out is asked again when the login is whole: nothing is used up
	// before that can be told, and loading the page again goes on.
	if x.open(x.r); x.unread() || !x.keeper().Ready() {
		return x.sessionsUnread()
	}
	response, err := rp.ParseResponse(x.url.RawQuery)
	if err != nil {
		return x.notOurs("the query is malformed")
	}
	now := x.keeper().Now()
	a, why := x.openAttempt(response, now)
	if a == nil {
		return x.notOurs(why)
	}
	a.Target = x.returnTo(a.Target) // a node may have been configured otherwise
	x.uri, x.options = a.Target, &loginOptions{a.ACR, a.Gate}
	browser, known := x.browser()
	mine := known && x.keeper().Began(x.origin, browser, a)
	switch {
	case a.Late(now):
		return x.lateAttempt(a, mine)
	case !known:
		return x.attemptElsewhere("the browser has no secret")
	case !mine:
		return x.foreignAttempt(a)
	}
	if !x.renews(a) {
		x.keeper().EndFlight(x.w, x.origin, browser)
		return redirect(x.w, a.Target)
	}
	return x.finish(response, a, browser, now)
}

// finish redeems the answer to this browser's attempt, once.
func (x *exchange) finish(response rp.Response, a *session.Attempt, browser session.Browser, now time.Time) error {
	ctx, cancel := context.WithTimeout(x.r.Context(), callbackTime)
	defer cancel()
	var turn *turn
	if response.Code != "" {
		var err error
		if turn, err = x.gate.client.tokenCalls.begin(ctx, addressOf(x.r)); err != nil {
			return x.turnRefused(a, browser, err)
		}
	}
	result, err := x.redeem(ctx, turn, response, a, browser, now)
	if errors.Is(err, errAttemptUsed) {
		return x.stopAttempt(faultAttemptUnknown, errAttemptUsed.Error())
	}
	x.keeper().EndFlight(x.w, x.origin, browser)
	if err != nil {
		return x.attemptFailed(a, err)
	}
	return x.establish(a, browser, result)
}

// establish makes a session of who ProConnect says the person is.
func (x *exchange) establish(a *session.Attempt, browser session.Browser, result *rp.Result) error {
	s := x.gate.client.newSession(&x.session, a, result, x.keeper().Now())
	// A logout that ran meanwhile ended the family: nothing resurrects it, nor
	// does a login that began with it bring another session.
	if x.keeper().Revoked(s.Family) || x.keeper().Revoked(a.Family) {
		return x.notOurs("the session was logged out meanwhile")
	}
	if x.overtaken(a) {
		return redirect(x.w, a.Target)
	}
	err := x.keeper().Save(x.r.Context(), x.w, x.origin, s)
	if err != nil && a.Kind == session.Renew {
		x.keeper().PutOffRenewal(x.w, x.origin)
	}
	if tooLarge, ok := errors.AsType[*session.TooLargeError](err); ok {
		x.reportTooLarge(tooLarge)
		return x.problem(faultSessionTooLarge, pages.Problem{SwitchURL: x.switchURL()})
	}
	if err != nil {
		return x.storageFailed(err)
	}
	x.keeper().Spend(browser)
	x.keeper().SetBrowser(x.w, x.origin, session.NewBrowser()) // what the old secret began is over, here and on every node
	if a.Automatic {
		x.keeper().CountAutoLogin(x.w, x.origin, x.cookies)
	}
	if x.session.IsZero() || x.session.Family != s.Family {
		x.keeper().MarkEntry(x.w, x.origin, s)
	}
	x.keeper().SaveIDToken(x.r.Context(), x.w, x.origin, s, result.IDToken, x.gate.logoutPath(), a.Target)
	x.revokeReplaced(s.Family)
	x.reportLogin(a, s, result.ACR)
	if x.session.IsSomebodyElse(s) {
		return x.personChanged(s)
	}
	return redirect(x.w, a.Target)
}

// overtaken says whether the session that came with an answer is not the browser's any
// more: nothing is made of it, and nothing that is done to it reaches the newer one.
func (x *exchange) overtaken(a *session.Attempt) bool {
	browser, known := x.browser()
	return known && x.keeper().Overtaken(browser, a, &x.session)
}

// revokeReplaced ends the session that this login takes the place of, another person's or
// one that is over here: its cookie is gone from this browser, and no logout would end its
// copies.
func (x *exchange) revokeReplaced(family session.Family) {
	x.keeper().RevokeOver(&x.session)
	if !x.session.IsZero() && x.session.Family != family {
		x.keeper().Revoke(&x.session)
	}
}

// newSession continues the family of the same person's session, or begins one.
// Of the same person, the levels proven before stay proven: ProConnect answers
// eidas1 to any plain login, also minutes after one with two factors. Nothing is kept of a
// session that an operator ended while ProConnect answered.
func (c *Client) newSession(old *session.Session, a *session.Attempt, result *rp.Result, now time.Time) *session.Session {
	raw := make(map[string]any, len(result.Claims)+3)
	for name, value := range result.Claims {
		raw[name] = value
	}
	raw["sub"], raw["acr"], raw["amr"] = result.Subject, result.ACR, anyList(result.AMR)
	provider := claims.Read(claims.KindID, raw["idp_id"])
	same := !old.IsZero() && !c.keeper.Ended(old) && old.First(claims.Sub) == result.Subject && result.Subject != "" &&
		slices.Equal(old.Of(claims.IDPID), provider) && !slices.Contains(provider, "")
	// Where idp_id is not asked for, the same sub may be another account of another
	// provider: it is the same family, and has to prove its level by itself.
	if same && len(provider) > 0 {
		proven := anyList(old.Of(claims.ACR))
		if result.ACR != "" && !slices.Contains(proven, any(result.ACR)) {
			proven = append(proven, result.ACR)
		}
		raw["acr"] = proven
	}
	if !same {
		old = nil
	}
	requested := a.ACR
	if same && a.Kind == session.Renew { // which asks for none, and forgets no answer
		requested = old.RequestedACR
	}
	return c.keeper.New(claims.New(c.asking().Granted(a.Scopes), raw), requested, old, now)
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// redeem turns an answer at the callback into a person, once.
func (x *exchange) redeem(ctx context.Context, t *turn, response rp.Response, a *session.Attempt, browser session.Browser, now time.Time) (result *rp.Result, err error) {
	defer func() { t.end(codeRefused(err)) }()
	keeper := x.keeper()
	if !keeper.ConsumeAttempt(a, now) {
		return nil, errAttemptUsed
	}
	secrets := keeper.Secrets(x.origin, browser, a)
	return x.gate.client.provider.Finish(ctx, response, rp.Attempt{
		Nonce: secrets.Nonce, Verifier: secrets.Verifier, RedirectURI: x.redirectURI(), ACRValues: a.ACR,
	})
}

var errAttemptUsed = errors.New("the attempt was used")

// codeRefused says whether a login failed by what its browser brought or did: a code
// that ProConnect does not know, or a connection that was closed before the answer.
// What fails at ProConnect, or by the configuration, is held against nobody.
func codeRefused(err error) bool {
	e, ok := errors.AsType[*rp.Error](err)
	if !ok || e.Stage != rp.StageToken {
		return false
	}
	if e.Kind == rp.Unavailable || e.Kind == rp.Misconfigured || e.Reason == rp.ReasonSessionGone {
		return e.Reason == rp.ReasonCanceled
	}
	return e.Code != ""
}

// tooManyLogins answers a callback whose turn did not come. Nothing is used up: the
// same address works when the page is loaded again, and so does a new login.
func (x *exchange) tooManyLogins(err error) error {
	f, p := crowdFault(err), pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"}
	client := zap.String("client", x.gate.client.name)
	if f.status != http.StatusTooManyRequests {
		return x.problem(f, p, client)
	}
	x.w.Header().Set("Retry-After", "5")
	return x.problem(f, p, client, zap.Stringer("address", addressOf(x.r)))
}

// crowdFault is why a callback had no turn.
func crowdFault(err error) fault {
	if errors.Is(err, errCodesRefused) {
		return faultCodesRefused
	}
	return faultLoginsCrowd
}
