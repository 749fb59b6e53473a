package proconnect

import (
	"cmp"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// span is an option of session that is a time span.
type span struct {
	name string
	of   caddy.Duration
}

// spans are those that are there, zero if not.
func (s *Session) spans() []span {
	return []span{{"lifetime", s.Lifetime}, {"idle", s.Idle}, {"renew", s.Renew}}
}

// lifetime is how long a session lasts.
func (s *Session) lifetime() time.Duration {
	return cmp.Or(time.Duration(s.Lifetime), defaultLifetime)
}

// checkSpans refuses spans that never come to an end within the lifetime.
func (s *Session) checkSpans() error {
	lifetime := s.lifetime()
	for _, span := range s.spans()[1:] {
		if d := time.Duration(span.of); d >= lifetime {
			return fmt.Errorf("session: %s %s: a session lasts %s, so it would never come to that: give a shorter %s or a longer lifetime", span.name, d, lifetime, span.name)
		}
	}
	return nil
}

// warnPersistent says what a second factor is worth on a machine that keeps its proof for
// days.
func warnPersistent(h *Handler) {
	s := h.client.Session
	if !s.Persistent || s.lifetime() <= 24*time.Hour || !h.requiresLevel() {
		return
	}
	h.log.Warn(fmt.Sprintf("session { persistent } with a lifetime of %s: whoever gets hold of a browser, closed or not, has proven the levels that this gate requires for as long; give a lifetime of 24h or less, or remove persistent", s.lifetime()))
}

// requiresLevel says whether a level of assurance is required anywhere at the gate.
func (h *Handler) requiresLevel() bool {
	if len(h.ACR) > 0 {
		return true
	}
	for i := range h.rules.Rules {
		if len(h.rules.Rules[i].Levels()) > 0 {
			return true
		}
	}
	return false
}
