package sandbox

import "encoding/json"

// Organisations and identity providers that the persons belong to.
const (
	siretDINUM   = "13002526500013"
	siretClamart = "21920023500014"
	siretPrivate = "10000001700010"

	labelDINUM = "DIRECTION INTERMINISTERIELLE DU NUMERIQUE (DINUM)"

	idpProConnect = "71144ab3-ee1a-4401-b7b3-79b44f7daeeb" // ProConnect Identité, the default one
	idpMinistry   = "2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f"
)

// preset is a person that one click logs in. Emails lie in a domain that
// ProConnect keeps for tests, or in one that RFC 2606 gives to nobody.
type preset struct {
	ID     string
	FR, EN string // what is telling about the person
	person person
}

var presets = []preset{
	{
		"ministry", "Agente d’un ministère", "Agent of a ministry",
		person{
			text: texts("Camille", "Exemple", "camille.exemple@test.proconnect.gouv.fr", "camille.exemple", siretDINUM, labelDINUM, idpMinistry,
				"organizational_unit", "Produits numériques", "phone_number", "+33 1 99 00 00 01"),
			roles: stateRoles, population: []string{"agent"}, idpACR: "eidas1", amr: []string{"pwd"}, custom: noCustom,
		},
	},
	{
		"commune", "Agent d’une commune", "Agent of a commune",
		person{
			text:  texts("Sacha", "Modèle", "sacha.modele@clamart.example", "sacha.modele", siretClamart, "COMMUNE DE CLAMART", idpProConnect),
			roles: []string{"agent_public", "agent_public_territorial"}, population: []string{"agent"}, idpACR: "eidas1", amr: []string{"pwd"}, custom: noCustom,
		},
	},
	{
		"contractor", "Prestataire rattaché à un ministère", "Contractor attached to a ministry",
		person{
			text: texts("Dominique", "Fictif", "dominique.fictif@prestataire.example", "dominique.fictif", siretDINUM, labelDINUM, idpMinistry,
				"organizational_unit", "Produits numériques"),
			roles: stateRoles, population: []string{"prestataire"}, idpACR: "eidas1", amr: []string{"pwd"}, custom: noCustom,
		},
	},
	{
		"private", "Salariée d’une entreprise", "Employee of a company",
		person{
			text:  texts("Alix", "Imaginaire", "alix.imaginaire@entreprise.example", "alix.imaginaire", siretPrivate, "ENTREPRISE EXEMPLE", idpProConnect),
			roles: []string{}, idpACR: "eidas1", amr: []string{"pwd"}, custom: noCustom,
		},
	},
	{
		"mfa", "Agent d’un ministère, double authentification", "Agent of a ministry, two factors",
		person{
			text: texts("Maxime", "Témoin", "maxime.temoin@test.proconnect.gouv.fr", "maxime.temoin", siretDINUM, labelDINUM, idpMinistry,
				"organizational_unit", "Sécurité"),
			roles: stateRoles, population: []string{"agent"}, idpACR: "eidas1-mfa", amr: []string{"pwd", "otp"}, custom: noCustom,
		},
	},
	{
		// The lookup of organisations fails: a public agent looks like a private person.
		"lookup-down", "Agente publique, annuaire des organisations en panne", "Public agent, organisation lookup down",
		person{
			text:  texts("Charlie", "Pannes", "charlie.pannes@test.proconnect.gouv.fr", "charlie.pannes", siretDINUM, "", idpMinistry),
			roles: []string{}, population: []string{"agent"}, idpACR: "eidas1", amr: []string{"pwd"}, custom: noCustom,
		},
	},
	{
		// ProConnect hands such values on as they are: sites have to escape them.
		"hostile", "Identité hostile : le site échappe-t-il ses textes ?", "Hostile identity: does the site escape its texts?",
		person{
			text: texts(`<img src=x onerror=alert(1)>`, `{{env "HOME"}}`, "hostile@test.proconnect.gouv.fr", "hostile", siretDINUM,
				"<script>alert(2)</script>{env.HOME}", idpProConnect, "organizational_unit", "DRH\r\nX-Injected: yes"),
			roles: []string{"agent_public"}, population: []string{"agent"}, idpACR: "eidas1", amr: []string{"pwd"},
			custom: json.RawMessage(`{"note":"</script><script>alert(3)</script>"}`),
		},
	},
}

var (
	stateRoles = []string{"agent_public", "agent_public_etat"}
	noCustom   = json.RawMessage(`{}`)
)

// texts are the claims that most persons have, and further ones as name and value.
func texts(given, usual, email, uid, siret, label, idp string, more ...string) map[string]string {
	t := map[string]string{
		"given_name": given, "usual_name": usual, "email": email, "uid": uid,
		"siret": siret, "organization_label": label, "idp_id": idp,
	}
	for i := 0; i+1 < len(more); i += 2 {
		t[more[i]] = more[i+1]
	}
	return t
}
