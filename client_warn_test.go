package proconnect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What a client's environment and its scopes make of rules is told when they load.
func TestClientWarnings(t *testing.T) {
	const (
		credentials = " client_id an-id\n client_secret {env.PROCONNECT_CLIENT_SECRET}\n"
		hand        = ", which ProConnect's support must grant to the client by hand: until then every login fails, with invalid_scope, at every site of client \"default\""
		internal    = ": on the State's internal network "
		code        = "on the State's internal network ProConnect sends no code by email: only those reach two factors whose identity provider has them itself"
		roles       = internal + "everybody has exactly the role agent_public, private people too, and nobody another one: compare siret, siren or idp_id"
	)
	client := func(environment, options string) string {
		return "proconnect {\n environment " + environment + "\n" + credentials + options + "\n}"
	}
	for name, c := range map[string]struct {
		global, rules string
		after         string // the gate
		want          []string
	}{
		"a scope that a rule needs": {
			client("production", ""), "allow siren 130025265; deny belonging_population prestataire", "",
			[]string{"rule 2 (deny belonging_population): it needs the scope belonging_population" + hand},
		},
		"a scope that a matcher needs": {
			client("production", ""), "allow siren 130025265", "@hr proconnect organizational_unit DRH\n respond @hr \"hr\"",
			[]string{"rule 1 (proconnect organizational_unit): it needs the scope organizational_unit" + hand},
		},
		"scopes and claims": {
			client("production", " scopes +siren\n claims chorusdt:matricule phone_number\n"), "allow siren 130025265", "",
			[]string{"scopes siren: it needs the scope siren" + hand, "claims chorusdt:matricule: it needs the scope chorusdt" + hand},
		},
		"a scope that the sandbox grants": {
			caddytest.Sandbox, "allow siren 130025265; deny belonging_population prestataire", "",
			[]string{
				"SANDBOX: ProConnect is simulated, identities are not verified, and only this machine is answered",
				"rule 2 (deny belonging_population): it needs the scope belonging_population, which the sandbox grants: for production, ProConnect's support must grant it to the client by hand, and until then every login fails there",
			},
		},
		"a siren, which is the siret's": {client("production", ""), "allow siren 130025265", "", nil},
		"the internal network": {
			client("production-rie", ""), "allow roles agent_public; allow organization_label x; allow mfa; mfa", "",
			[]string{
				"rule 3 (allow acr): alone it admits every professional who reaches this level, whatever rule 1 (allow roles) says: to require the level of everybody, write it outside of the rules; of some, in a block with their other conditions",
				"rule 1 (allow roles)" + roles,
				"rule 2 (allow organization_label)" + internal + "nobody has an organization_label: an allow admits nobody by it, and a deny refuses everybody; compare siret or siren",
				"rule 3 (allow acr): " + code,
				"mfa or acr, of everybody: " + code,
			},
		},
		"the internal network by its URL": {
			"proconnect {\n issuer https://auth.agentconnect.rie.gouv.fr/api/v2\n" + credentials + "}", "allow {; siren 130025265; not roles agent_public_etat; }", "",
			[]string{"rule 1 (allow siren not roles)" + roles},
		},
		"nothing of it on the Internet": {client("production", ""), "allow roles agent_public; mfa", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PROCONNECT_CLIENT_SECRET", clientSecret)
			site := strings.Replace(caddytest.GatedBy(c.rules), "respond \"inside", c.after+"\n respond \"inside", 1)
			var got []string
			for _, line := range caddytest.Start(t, c.global, site).Logged() {
				got = append(got, line.Text("msg"))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
