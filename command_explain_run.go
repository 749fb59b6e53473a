package proconnect

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/dryrun"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// explanation is what becomes of a person at an address, and why.
type explanation struct {
	URL      string            `json:"url"`
	Verdict  verdict           `json:"verdict"`
	Gates    []gateExplanation `json:"gates"`
	Handlers []string          `json:"handlers"` // what the request met behind the gates
	Status   int               `json:"status,omitempty"`
	Location string            `json:"location,omitempty"`
	Fault    string            `json:"fault,omitempty"` // the type of the gate's error
	Problems []finding         `json:"problems,omitempty"`
	Unasked  []string          `json:"claims_not_asked_for,omitempty"`
}

// verdict is the explanation in one word.
type verdict string

const (
	verdictAdmitted verdict = "admitted" // every gate on the way admits the person
	verdictOpen     verdict = "open"     // no gate is on the way
	verdictRefused  verdict = "refused"
	verdictStepUp   verdict = "step_up" // after a login at another level, perhaps
	verdictLogin    verdict = "login"   // nobody is logged in
	verdictEndpoint verdict = "endpoint"
	verdictError    verdict = "error" // the gate answers with an error, whoever it is
)

// getsIn says whether the person sees what is asked for.
func (e *explanation) getsIn() bool { return e.Verdict == verdictAdmitted || e.Verdict == verdictOpen }

// gateExplanation is what one gate decides.
type gateExplanation struct {
	Client   string            `json:"client"`
	Where    string            `json:"where,omitempty"`
	Optional bool              `json:"optional,omitempty"`
	Decision string            `json:"decision"`
	Reason   string            `json:"reason"`
	ACR      *acrExplanation   `json:"acr,omitempty"` // required of everybody
	Rules    []ruleExplanation `json:"rules"`
	ToEnter  []string          `json:"to_enter,omitempty"` // what would have to change, any of it
}

type acrExplanation struct {
	AnyOf []string `json:"any_of"`
	Had   []string `json:"had"`
	Met   bool     `json:"met"`
}

// ruleExplanation is what one rule says of the person.
type ruleExplanation struct {
	Position   int                    `json:"position"`
	Rule       string                 `json:"rule"` // as it is written
	Value      string                 `json:"value"`
	Conditions []conditionExplanation `json:"conditions"`
}

type conditionExplanation struct {
	Condition  string   `json:"condition"`
	Value      string   `json:"value"`
	Field      string   `json:"field"`
	Had        []string `json:"had"`
	FaultyList bool     `json:"faulty_list,omitempty"`
}

// explain sends a request through the configuration.
func (d *dryRun) explain(r *http.Request, stated claims.Stated) (*explanation, error) {
	address := addressOfRequest(r)
	server, err := d.serverOf(r)
	if err != nil {
		return nil, err
	}
	e := &explanation{URL: address, Gates: []gateExplanation{}, Handlers: []string{}}
	before := len(d.app.findings.list())
	p, met, w := &rehearsal{stated: stated}, new(dryrun.Met), &rehearsalWriter{discardWriter: discardWriter{header: make(http.Header)}}
	if len(server.TLSConnPolicies) == 0 {
		r.TLS = nil // a proxy in front ended it
	}
	r = p.begin(r.WithContext(dryrun.Watch(r.Context(), met)))
	aborted := serveRehearsal(server, w, r)
	e.Problems = d.app.findings.list()[before:]
	e.Status, e.Location = w.status, w.header.Get("Location")
	e.Handlers = append(e.Handlers, met.Handlers...)
	if aborted {
		e.Handlers = append(e.Handlers, "abort")
	}
	for _, g := range p.gates {
		e.Gates = append(e.Gates, explainGate(g))
	}
	e.Unasked = d.unasked(stated)
	if p.fault != nil {
		e.Fault = p.fault.code
	}
	e.Verdict = e.decide(p)
	return e, nil
}

func addressOfRequest(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.RequestURI
}

// serveRehearsal outlives a route that hangs up, which is a panic to net/http.
func serveRehearsal(server *caddyhttp.Server, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		aborted = p != nil
	}()
	server.ServeHTTP(w, r)
	return false
}

// rehearsalWriter keeps the status of an answer.
type rehearsalWriter struct {
	discardWriter
	status int
}

func (w *rehearsalWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

// decide sums up.
func (e *explanation) decide(p *rehearsal) verdict {
	if p.endpoint != "" {
		return verdictEndpoint
	}
	for _, g := range p.gates {
		if g.gate.Optional {
			continue
		}
		switch g.decision.Outcome {
		case rules.Allow:
		case rules.StepUp:
			return verdictStepUp
		case rules.Login:
			return verdictLogin
		default:
			return verdictRefused
		}
	}
	switch {
	case p.fault != nil:
		return verdictError
	case len(p.gates) == 0:
		return verdictOpen
	}
	return verdictAdmitted
}

// unasked are the claims that no client's login asks for.
func (d *dryRun) unasked(stated claims.Stated) (names []string) {
	for i, c := range d.clients() {
		of := stated.Unasked(c.asking().Claims)
		if i == 0 {
			names = of
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(of, name) })
	}
	return names
}

func explainGate(g rehearsed) gateExplanation {
	h := g.gate
	e := gateExplanation{
		Client: h.client.name, Where: h.around.where, Optional: h.Optional,
		Decision: g.decision.Outcome.String(), Reason: g.decision.Reason(), Rules: []ruleExplanation{},
	}
	if g.person == nil {
		return e
	}
	if len(h.ACR) > 0 {
		had := valuesOf(g.person, claims.RefOf(claims.ACR))
		met := slices.ContainsFunc(had, func(v string) bool { return slices.Contains(h.ACR, v) })
		e.ACR = &acrExplanation{h.ACR, had, met}
	}
	for i, a := range h.rules.Account(g.person) {
		e.Rules = append(e.Rules, explainRule(h.Rules[i], a, g.person))
	}
	if g.decision.Outcome != rules.Allow {
		e.ToEnter = toEnter(h, g.decision, e)
	}
	return e
}

func explainRule(r rules.Rule, a rules.Account, person *claims.Set) ruleExplanation {
	e := ruleExplanation{Position: a.Rule.Position, Rule: r.String(), Value: a.Value.String(), Conditions: []conditionExplanation{}}
	for i, g := range a.Conditions {
		e.Conditions = append(e.Conditions, conditionExplanation{
			Condition: r.Conditions[i].String(), Value: g.Value.String(), Field: g.Field.Name,
			Had: valuesOf(person, g.Field), FaultyList: g.FaultyList,
		})
	}
	return e
}

func valuesOf(person *claims.Set, ref claims.Ref) []string {
	return slices.DeleteFunc(person.Values(ref), func(v string) bool { return v == "" })
}

// toEnter tells what would have to change for the gate to admit the person: of several
// allows, any.
func toEnter(h *Handler, d rules.Decision, e gateExplanation) (changes []string) {
	if d.By != nil { // a deny, before which nothing counts
		return []string{e.Rules[d.By.Position-1].toBeFalse()}
	}
	for i := range h.rules.Rules {
		if rule := &e.Rules[i]; !h.rules.Rules[i].Denies() && rule.Value != rules.True.String() {
			changes = append(changes, rule.toBeTrue())
		}
	}
	if e.ACR != nil && !e.ACR.Met {
		changes = append(changes, "everybody needs a login at one of "+strings.Join(e.ACR.AnyOf, " "))
	}
	return changes
}

// toBeTrue names the conditions of an allow that keep it from holding.
func (r *ruleExplanation) toBeTrue() string {
	var lacking []string
	for _, c := range r.Conditions {
		if c.Value != rules.True.String() {
			lacking = append(lacking, c.Condition)
		}
	}
	return fmt.Sprintf("rule %d would have to be true: %s", r.Position, strings.Join(lacking, " and "))
}

// toBeFalse names the conditions of a deny, one of which would have to be false.
func (r *ruleExplanation) toBeFalse() string {
	var ways []string
	for _, c := range r.Conditions {
		switch {
		case c.FaultyList:
			ways = append(ways, "the list of "+c.Field+" without lines that cannot be read")
		case c.Value == rules.Unknown.String():
			ways = append(ways, c.Field+" told by ProConnect, and not one of: "+c.Condition)
		default:
			ways = append(ways, "not: "+c.Condition)
		}
	}
	return fmt.Sprintf("rule %d, a deny, would have to be false: %s", r.Position, strings.Join(ways, " or "))
}
