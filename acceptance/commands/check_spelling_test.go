package commands

import (
	"strings"
	"testing"
)

// Caddy takes the names of JSON's fields in any case, and of two the last. Whoever reads
// them otherwise would say of another configuration what is open, or provision what it
// does not see.
func TestCheckRefusesFieldsInAnotherCase(t *testing.T) {
	const gated = `[{"handle":[{"handler":"proconnect","rules":[{"effect":"allow","any":true}]}]}]`
	const client = `"proconnect":{"clients":{"default":{"environment":"sandbox"}}}`
	for name, config := range map[string]string{
		"Apps":   `{"Apps":{"http":{"servers":{}}}}`,
		"HTTP":   `{"apps":{"HTTP":{}}}`,
		"Routes": `{"apps":{` + client + `,"http":{"servers":{"a":{"listen":[":80"],"routes":` + gated + `,"Routes":[]}}}}}`,
		"Handle": `{"apps":{` + client + `,"http":{"servers":{"a":{"listen":[":80"],"routes":[{"Handle":[{"handler":"acme_server"}]}]}}}}}`,
		"Errors": `{"apps":{` + client + `,"http":{"servers":{"a":{"listen":[":80"],"routes":[{"handle":[{"handler":"subroute","Errors":{"routes":` + gated + `}}]}]}}}}}`,
	} {
		s := newShell(t)
		s.write("config.json", config)
		a := s.proconnect("check", "--config", "config.json").want(t, 1)
		if want := name + ": this field is spelled " + strings.ToLower(name); !strings.Contains(strings.Join(strings.Fields(a.out), " "), want) {
			t.Errorf("no %q in\n%s", want, a.out)
		}
	}
}
