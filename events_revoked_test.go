package proconnect

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// Whom an operator ends by their email is not in the audit log, unless it is told of emails.
func TestRevokedTellsNoEmailUnasked(t *testing.T) {
	for _, told := range []bool{false, true} {
		var log bytes.Buffer
		a := &auditor{log: zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(&log), zap.InfoLevel))}
		if told {
			a.claims = []claims.Ref{claims.RefOf(claims.Email)}
		}
		for _, by := range []string{byStorage, "127.0.0.1:1"} {
			log.Reset()
			(&Client{audit: a}).reportRevoked(by, "email", "jean@example.fr", nil)
			if got := strings.Contains(log.String(), "jean@example.fr"); got != told || !strings.Contains(log.String(), `"field":"email"`) {
				t.Errorf("asked for emails %v: %s", told, &log)
			}
		}
	}
}
