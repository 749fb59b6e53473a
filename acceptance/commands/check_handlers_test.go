package commands

import (
	"strings"
	"testing"
)

// A handler that check does not run is one that Caddy has, with options that it has: a
// configuration that Caddy refuses is not called one that loads.
func TestCheckRefusesWhatOtherHandlersCannotBe(t *testing.T) {
	for handler, want := range map[string]string{
		`{"handler":"file_server"}`:                 "",
		`{"handler":"no_such_handler"}`:             "is this Caddy built with the plugin that has it?",
		`{"handler":"file_server","pass_trough":1}`: "pass_trough",
		`{"handler":"file_server","root":1}`:        "handler file_server",
	} {
		s := newShell(t)
		s.write("config.json", `{"apps":{"http":{"servers":{"srv0":{"listen":[":80"],"routes":[{"handle":[{"handler":"subroute","routes":[{"handle":[`+handler+`]}]}]}]}}}}}`)
		a := s.proconnect("check", "--config", "config.json").want(t, map[bool]int{true: 0, false: 1}[want == ""])
		if !strings.Contains(strings.Join(strings.Fields(a.out), " "), want) {
			t.Errorf("%s: no %q in\n%s", handler, want, a.out)
		}
	}
}
