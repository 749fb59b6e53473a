package proconnect_test

import (
	"strings"
	"testing"

	proconnect "github.com/caddy-proconnect/caddy-proconnect"
	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// The firewall is opened for the hosts that the pages tell: they are those of the
// environments.
func TestDocsEnvironments(t *testing.T) {
	for _, name := range bothLanguages("docs/deploy") {
		text := readFile(t, name)
		for environment, issuer := range proconnect.Environments {
			host, _, _ := strings.Cut(strings.TrimPrefix(issuer, "https://"), "/")
			row := strings.Contains(text, "| `"+environment+"`") && strings.Contains(text, "| `"+host+"` |")
			if environment != "sandbox" && !row {
				t.Errorf("%s does not say that %s is at %s", name, environment, host)
			}
		}
	}
}

// The scopes that everybody is asked for, and those that must be granted, are told as they
// are.
func TestDocsScopes(t *testing.T) {
	for _, name := range bothLanguages("docs/options") {
		text := readFile(t, name)
		after := text[strings.LastIndex(text, "\n## "):]
		asked := strings.Fields(shownBlock(t, after, "text"))
		wantSame(t, name+", scopes", asked, claims.NewRequest(nil, nil).Scopes)
		for _, scope := range proconnect.HandGranted {
			if !strings.Contains(after, "`"+scope+"`") {
				t.Errorf("%s does not say that %s must be granted", name, scope)
			}
		}
	}
}

// The levels are told, all of them.
func TestDocsLevels(t *testing.T) {
	for _, name := range bothLanguages("docs/rules") {
		text := readFile(t, name)
		for _, level := range rules.KnownACR {
			if !strings.Contains(text, "`"+level+"`") {
				t.Errorf("%s does not name the level %s", name, level)
			}
		}
		if want := "`acr " + strings.Join(rules.MFA, " ") + "`"; !strings.Contains(text, want) {
			t.Errorf("%s does not say that mfa is %s", name, want)
		}
	}
}
