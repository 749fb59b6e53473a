package proconnect

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

func init() {
	caddy.RegisterModule(Matcher{})
}

// Matcher matches requests of people for whom a rule holds. It belongs after a gate
// of the same client.
//
// It does not match requests of people who are not logged in or whom a gate refused;
// its negation does.
// If a needed claim is missing, neither the matcher nor its negation matches. Used in
// a gate's own matcher, a missing claim counts as a match, so the gate applies. Where
// no gate has run it is an error, so that a `not` around it never lets anybody through
// who is not logged in.
type Matcher struct {
	// The name of the gate's client. Default: `default`.
	Client string `json:"client,omitempty"`

	// The conditions, all of which must hold. Required unless `any` is true.
	Conditions []rules.Condition `json:"conditions,omitempty"`

	// If true, everybody whom a gate admitted matches. It excludes conditions.
	// Default: false.
	Any bool `json:"any,omitempty"`

	client  *Client
	rules   *rules.Set
	negated bool // by an odd number of `not` around it
	log     *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (Matcher) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.matchers.proconnect",
		New: func() caddy.Module { return new(Matcher) },
	}
}

// Provision compiles the rule and has the claims it reads asked for.
func (m *Matcher) Provision(ctx caddy.Context) error {
	m.log, m.negated = ctx.Logger(), insideNot(ctx)
	iface, err := ctx.App("proconnect")
	if err != nil {
		return err
	}
	app := iface.(*App)
	m.log = app.findings.gather(m.log)
	if _, err := app.readLayout(ctx); err != nil {
		return err
	}
	if m.client, err = app.client(m.Client); err != nil {
		return err
	}
	if m.rules, err = rules.CompileMatcher(rules.Rule{Any: m.Any, Conditions: m.Conditions}, app.lists); err != nil {
		return err
	}
	for _, w := range append(m.rules.Warnings, m.client.warnings(m.rules)...) {
		m.log.Warn(w)
	}
	m.client.needEverywhere(m.rules.Needs()...)
	return nil
}

// UnmarshalCaddyfile reads the matcher: a rule, as after `allow`.
//
//	proconnect <field> <value...>
//	proconnect {
//		client <name>
//		<field> <value...>
//		not <field> <value...>
//	}
func (m *Matcher) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	for d.Next() {
		if m.Any || len(m.Conditions) > 0 {
			return d.Err("proconnect: duplicate in one matcher: put the conditions in one block, or make two named matchers")
		}
		rule, err := unmarshalRule(d, "", &m.Client)
		if err != nil {
			return err
		}
		m.Any, m.Conditions = rule.Any, rule.Conditions
	}
	return nil
}

var (
	errNoGate      = errors.New("the proconnect matcher is tried where no proconnect gate has run")
	errOtherClient = errors.New("the proconnect matcher asks for another client than the gate's")
	errStale       = errors.New("the session never asked for a claim that the proconnect matcher reads")
)

// MatchWithError says whether the rule holds for the person whom the gates admitted.
func (m *Matcher) MatchWithError(r *http.Request) (bool, error) {
	q := requestOf(r)
	if q == nil {
		m.log.Error("the matcher is tried where no gate has run, so the request is refused: put it behind `proconnect`, in a `handle`, `route`, `respond`, `reverse_proxy` or `file_server`",
			zap.String("path", originalPath(r)))
		return false, caddyhttp.Error(http.StatusInternalServerError, errNoGate)
	}
	// For a stranger the rule is false. A gate whose own matcher reads it would let
	// every stranger in, unless a gate before it has rejected them.
	if q.matching && !q.gated {
		m.log.Error("the matcher is part of a gate's own matcher, and no gate before it has decided, so the request is refused: put a gate that has no such matcher in front, or write the condition as a rule",
			zap.String("path", originalPath(r)))
		return false, caddyhttp.Error(http.StatusInternalServerError, errNoGate)
	}
	id := q.user()
	if id == nil {
		return false, nil
	}
	if q.gate.client != m.client {
		m.log.Error("the matcher's `client` is not that of the gate before it, so the request is refused",
			zap.String("client", m.client.name), zap.String("gate", q.gate.client.name))
		return false, caddyhttp.Error(http.StatusInternalServerError, errOtherClient)
	}
	if _, stale := m.rules.Unrequested(id); stale { // the gate has such a session renewed first
		return false, caddyhttp.Error(http.StatusInternalServerError, errStale)
	}
	// A missing claim opens nothing: neither the matcher nor its negation matches,
	// except in a gate's own matcher, so that the gate applies.
	return m.rules.Holds(id, m.negated != q.matching), nil
}

// readsSession says whether a matcher is ours, which reads nothing of what is asked for.
func readsSession(matcher any) bool {
	_, ours := matcher.(*Matcher)
	return ours
}

// insideNot says whether an odd number of Caddy's `not` is around the module that is
// being provisioned.
func insideNot(ctx caddy.Context) (negated bool) {
	above := ctx.Modules()
	for i := len(above) - 2; i >= 0; i-- { // the last one is the module itself
		if _, not := above[i].(*caddyhttp.MatchNot); !not {
			break
		}
		negated = !negated
	}
	return negated
}

// Interface guards
var (
	_ caddy.Provisioner                 = (*Matcher)(nil)
	_ caddyfile.Unmarshaler             = (*Matcher)(nil)
	_ caddyhttp.RequestMatcherWithError = (*Matcher)(nil)
)
