package proconnect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

const auditIPOff = "off"

// check refuses values that cannot work.
func (a *Audit) check() error {
	for i, name := range a.Claims {
		if _, ok := claims.Lookup(name); !ok {
			return fmt.Errorf("audit: claim %q is unknown: %swant one of %s, or custom.<path>", name, near.DidYouMean(name, claims.Names()), strings.Join(claims.Names(), ", "))
		}
		if slices.Contains(a.Claims[:i], name) {
			return fmt.Errorf("audit: duplicate claim %q: remove one", name)
		}
		if auditedAlways(name) {
			return fmt.Errorf("audit: claim %q is always logged: leave it out", name)
		}
	}
	if a.IP != "" && a.IP != auditIPOff {
		return fmt.Errorf("audit: ip %q: want off, or leave it out", a.IP)
	}
	return nil
}

// auditedClaims are what every event tells of a person: who they are to an administration
// that asks ProConnect, and to nobody else.
var auditedClaims = []int{claims.Sub, claims.IDPID, claims.SIRET}

func auditedAlways(name string) bool {
	return name == claims.RefOf(claims.ACR).Name ||
		slices.ContainsFunc(auditedClaims, func(index int) bool { return claims.RefOf(index).Name == name })
}

// auditLog is the logger of all events. The app's own would be called proconnect.audit,
// and a log that includes that of the gates would miss it.
func auditLog(ctx caddy.Context) *zap.Logger { return ctx.Logger(Handler{}).Named("audit") }

// provisionAudit checks what is to be told, and has it asked for.
func (c *Client) provisionAudit(caddy.Context) error {
	c.audit = &auditor{log: c.app.auditLog, client: c.name, ip: true}
	if c.Audit == nil {
		return nil
	}
	if err := c.Audit.check(); err != nil {
		return err
	}
	c.audit.ip = c.Audit.IP != auditIPOff
	for _, name := range c.Audit.Claims {
		ref, _ := claims.Lookup(name)
		c.audit.claims = append(c.audit.claims, ref)
		c.need(ref)
	}
	return nil
}

// write writes an event: what happened, where, and why.
func (a *auditor) write(event string, fields ...zap.Field) {
	a.log.Info(event, append([]zap.Field{zap.String("event", event), zap.String("client", a.client)}, fields...)...)
}

// of are the fields that tell of a person; none of nobody.
func (a *auditor) of(id *claims.Set) []zap.Field {
	if id == nil || id.First(claims.Sub) == "" {
		return nil
	}
	fields := []zap.Field{zap.Inline(auditedPerson{id}), zap.String("acr", id.Text("acr"))}
	if len(a.claims) > 0 {
		fields = append(fields, zap.Object("claims", auditedSet{id, a.claims}))
	}
	return fields
}

// auditedPerson is who a person is, to the audit log.
type auditedPerson struct{ id *claims.Set }

// MarshalLogObject writes the claims by their names.
func (p auditedPerson) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, index := range auditedClaims {
		enc.AddString(claims.RefOf(index).Name, p.id.First(index))
	}
	return nil
}

// auditedSet are the claims that the operator wants to be logged.
type auditedSet struct {
	id   *claims.Set
	refs []claims.Ref
}

// MarshalLogObject writes them by their names.
func (s auditedSet) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, ref := range s.refs {
		enc.AddString(ref.Name, s.id.Text(ref.Name))
	}
	return nil
}

// audit writes an event of a request at the gate that spoke last.
func (x *exchange) audit(event string, id *claims.Set, fields ...zap.Field) {
	x.auditAt(event, originalPath(x.r), id, fields...)
}

// auditAt writes one that is about another path of the site: where a login leads.
func (x *exchange) auditAt(event, path string, id *claims.Set, fields ...zap.Field) {
	a := x.gate.client.audit
	all := []zap.Field{zap.String("site", x.gate.site), zap.String("path", path)}
	all = append(append(all, fields...), a.of(id)...)
	if a.ip {
		all = append(all, zap.String("client_ip", clientIP(x.r)))
	}
	a.write(event, all...)
}
