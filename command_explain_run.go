package proconnect

import (
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
	Server   string            `json:"server,omitempty"` // where it listens, if the address is that of several servers
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
	verdictNothing  verdict = "nothing"  // no gate either, nor anything that answers
	verdictRefused  verdict = "refused"
	verdictStepUp   verdict = "step_up" // after a login at another level, perhaps
	verdictLogin    verdict = "login"   // nobody is logged in
	verdictEndpoint verdict = "endpoint"
	verdictError    verdict = "error" // the gate answers with an error, whoever it is
)

// getsIn says whether the person sees what is asked for.
func (e *explanation) getsIn() bool { return e.Verdict == verdictAdmitted || e.Verdict == verdictOpen }

// explain sends a request through the configuration, once for each server that it may
// come to.
func (d *dryRun) explain(r *http.Request, stated claims.Stated) (all []*explanation, err error) {
	address := addressOfRequest(r)
	servers, err := d.serversOf(r)
	if err != nil {
		return nil, err
	}
	for _, server := range servers {
		e := d.explainAt(server, r.Clone(r.Context()), stated)
		if e.URL = address; len(servers) > 1 {
			e.Server = strings.Join(server.Listen, ", ")
		}
		all = append(all, e)
	}
	return all, nil
}

func (d *dryRun) explainAt(server *caddyhttp.Server, r *http.Request, stated claims.Stated) *explanation {
	e := &explanation{Gates: []gateExplanation{}, Handlers: []string{}}
	before := len(d.app.findings.list())
	p := &rehearsal{stated: stated}
	if len(server.TLSConnPolicies) == 0 {
		r.TLS = nil // a proxy in front ended it
	}
	r = p.begin(r.WithContext(dryrun.Watch(r.Context(), &e.Handlers)))
	w, aborted := serveUnread(server, r)
	e.Problems = d.app.findings.list()[before:]
	e.Status, e.Location = w.status, w.header.Get("Location")
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
	return e
}

func addressOfRequest(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.RequestURI
}

// decide sums up.
func (e *explanation) decide(p *rehearsal) verdict {
	if p.endpoint {
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
	case len(p.gates) > 0:
		return verdictAdmitted
	case len(e.Handlers) == 0 && e.Status == 0:
		return verdictNothing
	}
	return verdictOpen
}

// unasked are the claims that no client's login asks for.
func (d *dryRun) unasked(stated claims.Stated) (names []string) {
	for i, c := range d.app.inOrder() {
		of := stated.Unasked(c.asking().Claims)
		if i == 0 {
			names = of
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(of, name) })
	}
	return names
}
