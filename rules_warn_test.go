package proconnect

import (
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// A rule that admits more people than it looks, or nobody, or keeps nobody out, is told
// of when it loads, with what to write instead. The values of a rule stay out of it.
func TestRuleWarningsSayWhatToWrite(t *testing.T) {
	const (
		pair  = ": add a line with idp_id, siret or siren"
		sub   = "ProConnect gives one sub to accounts of several identity providers, those that have the same email" + pair
		uid   = "each identity provider chooses its uids, and two may choose the same" + pair
		alone = ": alone it admits every professional who reaches this level, whatever rule 1 (allow siren) says: to require the level of everybody, write it outside of the rules; of some, in a block with their other conditions"
		glob  = " looks like a regular expression, and is none: * matches any run of characters, and everything else for itself"
	)
	for text, want := range map[string]string{
		"allow sub a1b2":                                            "rule 1 (allow sub): " + sub,
		"allow {\n sub a1b2\n idp_id absent\n}":                     "rule 1 (allow sub idp_id): " + sub,
		"allow {\n sub a1b2\n not siren 130025265\n}":               "rule 1 (allow sub not siren): " + sub,
		"allow {\n sub a1b2\n siren 130025265\n}":                   "",
		"allow roles agent_public\ndeny sub a1b2":                   "",
		"allow uid jdupont":                                         "rule 1 (allow uid): " + uid,
		"allow siren 130025265\nallow mfa":                          "rule 2 (allow acr)" + alone,
		"allow siren 130025265\nallow acr eidas2":                   "rule 2 (allow acr)" + alone,
		"allow siren 130025265\nallow {\n mfa\n siren 219200235\n}": "",
		"allow mfa": "",
		"allow {\n not idp_id 71144ab3-ee1a-4401-b7b3-79b44f7daeeb\n}\nallow mfa": "",
		"allow siren 130025265\ndeny mfa":                                         "",
		"allow roles agent_public_hospitalier":                                    "rule 1 (allow roles): ProConnect reserves the role agent_public_hospitalier and gives it to nobody: want one of agent_public, agent_public_etat, agent_public_territorial",
		"allow siren 130025265\ndeny roles dirigeant":                             "rule 2 (deny roles): ProConnect reserves the role dirigeant and gives it to nobody: want one of agent_public, agent_public_etat, agent_public_territorial",
		"allow organizational_unit DRH DAF.*":                                     "rule 1 (allow organizational_unit): value 2 of organizational_unit" + glob,
		"allow organizational_unit ^DRH$":                                         "rule 1 (allow organizational_unit): value 1 of organizational_unit" + glob,
		"allow organizational_unit sg/* DRH* \"S.G.\"":                            "",
		"allow siren 130025265\ndeny email .*@example.org":                        "rule 2 (deny email): value 1 of email" + glob,
		"allow siren 130025265\ndeny organizational_unit /etc/caddy/blocked.txt":  "rule 2 (deny organizational_unit): value 1 of organizational_unit looks like the name of a file: say organizational_unit from and its whole path",
	} {
		rs, err := rules.Compile(parseRules(t, text), noLists())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := strings.Join(rs.Warnings, "|"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestNear(t *testing.T) {
	for word, want := range map[string]string{
		"alow": "allow", "Allow": "allow", "autoriser": "allow", "refuser": "deny", "optionnal": "optional", "heders": "headers", "orgin": "origin", "chemin": "path",
		"": "", "file_server": "", "x": "", "frobnicate": "",
	} {
		if got := near.Word(word, gateBlock().names()); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
