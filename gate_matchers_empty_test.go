package proconnect_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A matcher of which an unset variable has left nothing matches nothing, or other requests
// than it was written for: the site would be open, and look as if it were not.
func TestGateMatchersOfWhichNothingIsLeft(t *testing.T) {
	for _, matcher := range []string{
		"path {$UNSET}", "host {$UNSET}", "method {$UNSET}", "query {$UNSET}", "remote_ip {$UNSET}", "client_ip {$UNSET}",
		"not path {$UNSET}", "not host {$UNSET}", "not query {$UNSET}", "not {\n not method {$UNSET}\n }",
		"path \"\"", "path_regexp {$UNSET}", "header {$UNSET}", "protocol {$UNSET}", "expression {$UNSET}", "vars {$UNSET}",
		"header_regexp {$UNSET}", "vars_regexp {$UNSET}", "not {\n }",
	} {
		s := caddytest.New(t)
		config, err := s.TryAdapt(caddytest.Sandbox, "http://localhost:{$PORT} {\n @a {\n  "+matcher+"\n }\n proconnect @a {\n  allow any\n }\n respond open\n}")
		if err != nil {
			continue // Caddy itself refuses it
		}
		if err = caddy.Load(config, true); err == nil {
			t.Errorf("%s: it loads, and / answers %d", matcher, s.Ask("localhost", "/?x=1").StatusCode)
		} else if text := err.Error(); !strings.Contains(text, "is a variable not set?") && !strings.Contains(text, "module value cannot be null") {
			t.Errorf("%s: %v", matcher, err)
		}
	}
	_ = caddy.Stop()
}
