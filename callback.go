package proconnect

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// serveCallback takes what ProConnect answers and establishes who the person is.
// It runs no rules: the gate of the page that they go to decides.
func (x *exchange) serveCallback() error {
	// What was logged out is asked again when the login is whole: nothing is used up
	// before that can be told, and loading the page again goes on.
	if x.open(x.r); x.unread || !x.gate.client.keeper.Ready() {
		return x.sessionsUnread()
	}
	response, err := rp.ParseResponse(x.url.RawQuery)
	if err != nil {
		return x.attemptUnknown("the query is malformed")
	}
	a := x.gate.client.keeper.FindAttempt(x.r.Context(), x.origin, x.cookies, response.State)
	if a == nil {
		return x.attemptUnknown("no attempt of this browser has this state")
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), callbackTime)
	defer cancel()
	var turn *turn
	if response.Code != "" {
		if turn, err = x.gate.client.tokenCalls.begin(ctx, addressOf(x.r)); err != nil {
			return x.tooManyLogins(a, err)
		}
	}
	x.gate.client.keeper.ForgetAttempt(x.w, x.origin, a)
	result, err := x.gate.redeem(ctx, turn, response, a)
	if errors.Is(err, errAttemptUsed) {
		return x.attemptUnknown(errAttemptUsed.Error())
	}
	if err != nil {
		return x.loginFailed(a, err)
	}
	return x.establish(a, result)
}

// attemptUnknown answers a callback that belongs to no login of this browser: an
// old bookmark, a second click, or an attack. Whoever is logged in goes on.
func (x *exchange) attemptUnknown(why string) error {
	if !x.session.IsZero() {
		return redirect(x.w, "/")
	}
	f := faultAttemptUnknown
	if len(x.cookies) == 0 && x.url.Query().Has("state") { // without, it is a bookmark
		f = faultCookiesRefused
	}
	x.uri = "/"
	x.reportCallbackRefused(why)
	return x.problem(f, pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"})
}

// establish makes a session of who ProConnect says the person is.
func (x *exchange) establish(a *session.Attempt, result *rp.Result) error {
	s := x.gate.client.newSession(&x.session, a, result, time.Now())
	// A logout that ran meanwhile ended the family: nothing resurrects it, nor
	// does a login that began with it bring another session.
	if x.gate.client.keeper.Revoked(x.r.Context(), s.Family) || x.gate.client.keeper.Revoked(x.r.Context(), a.FamilyID()) {
		return x.attemptUnknown("the session was logged out meanwhile")
	}
	err := x.gate.client.keeper.Save(x.r.Context(), x.w, x.origin, s)
	if tooLarge, ok := errors.AsType[*session.TooLargeError](err); ok {
		x.reportTooLarge(tooLarge)
		return x.problem(faultSessionTooLarge, pages.Problem{HomeURL: "/"})
	}
	if err != nil {
		return x.storageFailed(err)
	}
	if a.Automatic {
		x.gate.client.keeper.CountAutoLogin(x.w, x.origin, x.cookies)
	}
	if x.session.IsZero() || x.session.Family != s.Family {
		x.gate.client.keeper.MarkEntry(x.w, x.origin, s)
	}
	x.gate.client.keeper.SaveIDToken(x.r.Context(), x.w, x.origin, s.Family, result.IDToken, x.gate.logoutPath(), a.Target)
	x.revokeReplaced(s.Family)
	x.reportLogin(a, s)
	return redirect(x.w, a.Target)
}

// revokeReplaced ends the session of another person whom this login takes the place of:
// their cookie is gone from this browser, and no logout would end its copies.
func (x *exchange) revokeReplaced(family session.Family) {
	if !x.session.IsZero() && x.session.Family != family {
		x.gate.client.keeper.Revoke(x.r.Context(), &x.session)
	}
}

// newSession continues the family of the same person's session, or begins one.
// Of the same person, the levels proven before stay proven: ProConnect answers
// eidas1 to any plain login, also minutes after one with two factors.
func (c *Client) newSession(old *session.Session, a *session.Attempt, result *rp.Result, now time.Time) *session.Session {
	raw := make(map[string]any, len(result.Claims)+3)
	for name, value := range result.Claims {
		raw[name] = value
	}
	raw["sub"], raw["acr"], raw["amr"] = result.Subject, result.ACR, anyList(result.AMR)
	provider := claims.Read(claims.KindID, raw["idp_id"])
	same := !old.IsZero() && old.First(claims.Sub) == result.Subject && result.Subject != "" &&
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
	return c.keeper.New(claims.New(c.asking().Granted(a.Scopes), raw), a.ACR, old, now)
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// redeem turns an answer at the callback into a person, once.
func (h *Handler) redeem(ctx context.Context, x *turn, response rp.Response, a *session.Attempt) (result *rp.Result, err error) {
	defer func() { x.end(codeRefused(err)) }()
	if !h.client.keeper.ConsumeAttempt(a, time.Now()) {
		return nil, errAttemptUsed
	}
	return h.client.provider.Finish(ctx, response, rp.Attempt{
		Nonce: a.Nonce, Verifier: a.Verifier, RedirectURI: a.RedirectURI, ACRValues: a.ACR,
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
func (x *exchange) tooManyLogins(a *session.Attempt, err error) error {
	x.uri = a.Target
	p := pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"}
	client := zap.String("client", x.gate.client.name)
	if !errors.Is(err, errCodesRefused) {
		return x.problem(faultLoginsCrowd, p, client)
	}
	x.w.Header().Set("Retry-After", "5")
	return x.problem(faultCodesRefused, p, client, zap.Stringer("address", addressOf(x.r)))
}
