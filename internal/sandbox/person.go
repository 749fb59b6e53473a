package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// person is what an identity provider says of somebody.
type person struct {
	text       map[string]string // claims that are one string; an empty one is not sent
	roles      []string          // never nil
	population []string
	idpACR     string // as the identity provider says it; empty: it says nothing
	amr        []string
	custom     json.RawMessage // a JSON object
}

// defaultACR is what ProConnect puts in the place of a level that the identity
// provider does not give.
const defaultACR = "eidas1"

// acr is the level that ProConnect tells of the person.
func (p person) acr() string {
	if slices.Contains(acrValues, p.idpACR) {
		return p.idpACR
	}
	return defaultACR
}

// subject is stable per identity provider and user at it, in the shape of a UUID.
func (p person) subject() string {
	user := cmp.Or(p.text["uid"], p.text["email"])
	sum := sha256.Sum256([]byte(p.text["idp_id"] + "\x00" + user))
	sum[6] = sum[6]&0x0f | 0x80 // RFC 9562 §5.8: version 8, made of what we like
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// textFields are the claims of the form that are one string each.
var textFields = []string{
	"given_name", "usual_name", "email", "uid", "siret", "organization_label", "organizational_unit",
	"phone_number", "idp_id", "siren", "chorusdt:matricule", "chorusdt:societe",
}

// formFields are all that the login form may send besides the OAuth parameters.
var formFields = append([]string{"person", "roles", "belonging_population", "acr", "amr", "custom", "error"}, textFields...)

// readPerson makes a person of the form: the one it names (the first, if none),
// changed by the claims it sends. A claim sent empty is one that the identity
// provider does not send; roles sent empty are an empty list.
func readPerson(form url.Values) (person, error) {
	p, err := namedPerson(form.Get("person"))
	if err != nil {
		return p, err
	}
	for _, name := range textFields {
		if form.Has(name) {
			p.text[name] = form.Get(name)
		}
	}
	if form.Has("roles") {
		p.roles = words(form["roles"])
	}
	if form.Has("belonging_population") {
		p.population = slices.DeleteFunc(slices.Clone(form["belonging_population"]), func(s string) bool { return s == "" })
	}
	if form.Has("acr") {
		p.idpACR = form.Get("acr")
	}
	if form.Has("amr") {
		p.amr = words(form["amr"])
	}
	for _, name := range []string{"siret", "siren"} {
		p.text[name] = siret.Strip(p.text[name])
	}
	if err := checkForm(form); err != nil { // once what was typed is in its place again
		return p, err
	}
	return p, p.setCustom(form.Get("custom"))
}

func namedPerson(id string) (person, error) {
	for _, pr := range presets {
		if id == pr.ID || id == "" {
			p := pr.person
			p.text = maps.Clone(p.text)
			return p, nil
		}
	}
	p, _ := namedPerson("")
	return p, errors.New("person: unknown")
}

// words splits what is typed into one field or several.
func words(values []string) []string {
	words := []string{} // a list in JSON even when empty
	for _, v := range values {
		for _, w := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\r' }) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// setCustom takes the text of a JSON object; nothing leaves what there is.
func (p *person) setCustom(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil || object == nil {
		return errors.New("custom: want a JSON object")
	}
	p.custom = json.RawMessage(text)
	return nil
}
