package proconnect

import (
	"context"
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// rehearsal is a request that nobody sent: `caddy proconnect explain` asks what would
// become of it. It is carried by the context under a key that no request of a client can
// have. The gates take the person from it, decide, and answer nothing.
type rehearsal struct {
	stated claims.Stated // of the person; nil: nobody is logged in

	endpoint bool   // the request came to an address of ours
	fault    *fault // with which a gate answers, whoever it is
	gates    []rehearsed
}

// rehearsed is what a gate decided. A second gate on one request may not be asked.
type rehearsed struct {
	gate     *Handler
	person   *claims.Set // nil: nobody
	decision rules.Decision
}

// begin returns a request that carries the rehearsal.
func (p *rehearsal) begin(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), probeKey{}, &probe{rehearsal: p}))
}

// sessionAt is the person's session at a client, as if the login had just ended there.
func (p *rehearsal) sessionAt(c *Client) (s session.Session) {
	if p.stated != nil {
		s.Set, s.Family = *p.stated.Set(c.asking().Claims), session.Family{1}
	}
	return s
}

// noteRehearsed keeps the fault with which a gate answers a request that nobody sent.
func noteRehearsed(r *http.Request, f fault) {
	if p := probeOf(r); p != nil && p.rehearsal != nil {
		p.rehearsal.fault = &f
	}
}

// note keeps what a gate decided.
func (p *rehearsal) note(h *Handler, q *request, d rules.Decision) {
	known := rehearsed{gate: h, decision: d}
	if !q.session.IsZero() {
		known.person = &q.session.Set
	}
	p.gates = append(p.gates, known)
}
