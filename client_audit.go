package proconnect

import (
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// Audit says what the audit log tells of people, besides `sub`, `idp_id`, `siret`, the
// levels that they proved and their address.
type Audit struct {
	// Further claims to log, such as `email`, under `claims`. They are asked of
	// ProConnect like those that rules read. Default: none.
	Claims []string `json:"claims,omitempty"`

	// `off` leaves out the address that a request came from. Default: it is logged.
	IP string `json:"ip,omitempty"`
}

// auditor writes the events of one client. They go to a logger of their own,
// http.handlers.proconnect.audit, which operators send to a file; each has the fields that
// docs/operations.md lists, and no others.
type auditor struct {
	log    *zap.Logger
	client string
	claims []claims.Ref // besides those that are always told
	ip     bool
}
