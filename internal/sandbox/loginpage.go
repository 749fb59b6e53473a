package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// loginView is what the page shows on which people choose who to be.
type loginView struct {
	Site   string // who asks for a login
	Scopes []string
	ACR    []string // one of these is required
	Params []param  // what the form sends again
	People []choice

	// The free form.
	Fields []field
	Roles  []option
	Levels []option
	AMR    string
	Custom string
	Errors []string
}

type param struct{ Name, Value string }

// choice is a preset person, as a button.
type choice struct {
	preset
	Name, Email, Organization, SIRET, ACR string
	Roles, Population                     []string
	Unmet                                 bool // the level does not satisfy the request
}

type field struct{ Name, FR, EN, Value string }

type option struct {
	Value string
	On    bool
}

// mistake is a form that has to be filled in again.
type mistake struct {
	person person
	custom string // as typed
	err    error
}

// ask shows the page.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, a *authorization, status int, m *mistake) {
	v := &view{loginView: &loginView{Site: a.redirectURI.Host, Scopes: a.scopes, ACR: a.essentialACR}}
	for _, name := range authorizationParams {
		if a.params.Has(name) {
			v.Params = append(v.Params, param{name, a.params.Get(name)})
		}
	}
	for _, p := range presets {
		v.People = append(v.People, a.choice(p))
	}
	for _, e := range loginErrors {
		v.Errors = append(v.Errors, e.Code)
	}
	if m == nil {
		p, _ := namedPerson("")
		a.prefill(&p)
		m = &mistake{person: p, custom: string(p.custom)}
	}
	v.Err, v.Custom = m.err, m.custom
	v.fill(m.person)
	s.show(w, r, status, "login", v)
}

func (a *authorization) choice(p preset) choice {
	t := p.person.text
	return choice{
		preset: p, Name: t["given_name"] + " " + t["usual_name"], Email: t["email"], Organization: t["organization_label"],
		SIRET: t["siret"], ACR: p.person.acr(), Roles: p.person.roles, Population: p.person.population,
		Unmet: !a.accepts(p.person.acr()),
	}
}

// prefill puts what the request hints at into the free form.
func (a *authorization) prefill(p *person) {
	for hint, claim := range map[string]string{"login_hint": "email", "siret_hint": "siret", "idp_hint": "idp_id"} {
		if h := a.params.Get(hint); h != "" {
			p.text[claim] = h
		}
	}
	if !a.accepts(p.acr()) {
		p.idpACR = a.essentialACR[0]
	}
}

// fieldLabels are the words for people beside the claims' own names.
var fieldLabels = map[string][2]string{
	"given_name":           {"Prénom", "Given name"},
	"usual_name":           {"Nom d’usage", "Usual name"},
	"email":                {"Adresse électronique", "Email address"},
	"uid":                  {"Identifiant chez le fournisseur", "Identifier at the provider"},
	"siret":                {"SIRET de l’organisation", "Organisation’s SIRET"},
	"organization_label":   {"Nom de l’organisation", "Organisation’s name"},
	"organizational_unit":  {"Service", "Organisational unit"},
	"phone_number":         {"Téléphone", "Telephone"},
	"idp_id":               {"Fournisseur d’identité", "Identity provider"},
	"siren":                {"SIREN (souvent absent)", "SIREN (often absent)"},
	"chorusdt:matricule":   {"Matricule Chorus DT", "Chorus DT number"},
	"chorusdt:societe":     {"Société Chorus DT", "Chorus DT company"},
	"belonging_population": {"Population", "Population"},
}

// fill puts a person into the free form.
func (v *loginView) fill(p person) {
	for _, name := range textFields {
		v.Fields = append(v.Fields, field{name, fieldLabels[name][0], fieldLabels[name][1], p.text[name]})
	}
	label := fieldLabels["belonging_population"]
	v.Fields = append(v.Fields, field{"belonging_population", label[0], label[1], strings.Join(p.population, " ")})
	for _, role := range roleValues {
		v.Roles = append(v.Roles, option{role, slices.Contains(p.roles, role)})
	}
	for _, acr := range acrValues {
		v.Levels = append(v.Levels, option{acr, acr == p.acr()})
	}
	v.AMR = strings.Join(p.amr, " ")
}
