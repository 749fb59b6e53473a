package pages

import (
	"slices"
	"strings"
)

// Refused is the page for a person whom ProConnect identified and the rules of
// the site do not admit. It says which identity was used, why it was refused and
// what can be done; never what the rules hold.
type Refused struct {
	Name, Email  string
	Organization string // as ProConnect names it
	Siret        string
	Reasons      []Reason
	Together     []string // the claims that only together exclude the person
	Levels       []string // acr values of which one is required, for whoever helps
	ACRUnmet     bool     // a stronger login was asked for and not obtained: explains second factors
	RolesUnknown bool     // roles came back empty, which an outage at ProConnect looks like
	SwitchURL    string
	LogoutURL    string
	RetryURL     string
	HomeURL      string // the site's first page, if the person may see it
}

// Reason is why somebody was refused: a code, and the claim it speaks of.
type Reason struct {
	Code  string // one of the reason codes
	Field string // the claim by ProConnect's name, such as siret or custom.grade
}

// Codes of a [Reason].
const (
	ReasonNotListed = "not_listed" // the value is not among the authorised ones
	ReasonExcluded  = "excluded"   // a deny rule names the value
	ReasonUnknown   = "unknown"    // ProConnect did not say
	ReasonList      = "list"       // a list of the site's could not be read completely
	ReasonACR       = "acr"        // two factors are wanting
	ReasonLevel     = "level"      // a level of assurance that two factors alone do not reach
	ReasonOther     = "other"      // anything else
)

// maxReasons keeps the list short enough to be read.
const maxReasons = 5

type refusedData struct {
	Refused
	SiretText string
	Sentences []string
	NextACR   string // what to do about ACRUnmet
	Actions   []action
}

func (Refused) pageName() string { return "refused" }

func (v Refused) prepare(c *catalog) (string, any, error) {
	v.Name, v.Email = plain(v.Name, maxShort), plain(v.Email, maxShort)
	v.Organization, v.Siret = plain(v.Organization, maxShort), plain(v.Siret, maxShort)
	v.SwitchURL, v.LogoutURL, v.RetryURL = safeURL(v.SwitchURL), safeURL(v.LogoutURL), safeURL(v.RetryURL)
	v.HomeURL = safeURL(v.HomeURL)
	heading := "refused.heading"
	switch {
	case v.ACRUnmet && v.wantsLevel():
		heading = "refused.heading_level"
	case v.ACRUnmet:
		heading = "refused.heading_acr"
	case v.HomeURL != "":
		heading = "refused.heading_page"
	}
	d := refusedData{Refused: v, SiretText: siretText(v.Siret), Sentences: v.sentences(c), NextACR: c.text("refused.next_acr")}
	switch {
	case v.wantsLevel():
		d.NextACR = c.text("refused.next_level")
	case v.SwitchURL != "":
		d.NextACR += " " + c.text("refused.next_acr_switch")
	}
	if d.Levels = nil; v.ACRUnmet {
		d.Levels = plainList(v.Levels)
	}
	d.Actions = v.actions(c)
	return c.text(heading), d, nil
}

// actions puts what helps most first.
func (v Refused) actions(c *catalog) []action {
	retry, home := action{v.RetryURL, c.text("action.retry")}, action{v.HomeURL, c.text("action.home")}
	other, logout := action{v.SwitchURL, c.text("action.switch")}, action{v.LogoutURL, c.text("action.logout")}
	if v.ACRUnmet || v.RolesUnknown { // the directory of organisations may be down for a minute
		return offered(retry, home, other, logout)
	}
	return offered(home, other, logout)
}

// wantsLevel says whether two factors alone would not do.
func (v Refused) wantsLevel() bool {
	return slices.ContainsFunc(v.Reasons, func(r Reason) bool { return r.Code == ReasonLevel })
}

// sentences says the reasons in words, each once.
func (v Refused) sentences(c *catalog) []string {
	var list []string
	for _, r := range v.Reasons {
		s := v.sentence(c, r)
		if slices.Contains(list, s) {
			continue
		}
		if list = append(list, s); len(list) == maxReasons {
			return list
		}
	}
	if len(v.Together) > 0 {
		list = append(list, v.together(c))
	}
	if len(list) == 0 && v.ACRUnmet {
		return []string{c.text("reason.acr")}
	}
	if len(list) == 0 {
		return []string{c.text("reason.other")}
	}
	return list
}

// together says what only together excludes the person. Where all of it is about one
// thing, that excludes them.
func (v Refused) together(c *catalog) string {
	subject := fieldSubject(v.Together[0])
	if !slices.ContainsFunc(v.Together, func(claim string) bool { return fieldSubject(claim) != subject }) {
		return v.sentence(c, Reason{ReasonExcluded, v.Together[0]})
	}
	return c.text("reason.together", "claims", c.list(v.Together))
}

// sentence says one reason in words.
func (v Refused) sentence(c *catalog, r Reason) string {
	subject := fieldSubject(r.Field)
	switch {
	case r.Code == ReasonACR || subject == "acr" && r.Code == ReasonNotListed:
		return c.text("reason.acr")
	case r.Code == ReasonLevel:
		return c.text("reason.level")
	case r.Code == ReasonList:
		return c.text("reason.list")
	case r.Code == ReasonUnknown && subject == "roles":
		return c.text("reason.unknown.roles", "organization", aside(v.Organization, siretLabelled(v.Siret)))
	case r.Code == ReasonUnknown:
		return c.text("reason.unknown", "claim", c.text("claim."+subject))
	case r.Code == ReasonNotListed, r.Code == ReasonExcluded:
		return c.text("reason."+r.Code+"."+subject,
			"organization", aside(v.Organization, siretLabelled(v.Siret)), "email", aside(v.Email))
	}
	return c.text("reason.other")
}

// list names what claims are about, each once.
func (c *catalog) list(claims []string) string {
	var names []string
	for _, claim := range claims {
		if name := c.text("claim." + fieldSubject(claim)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + c.text("list.and") + " " + names[last]
}

// fieldSubject is what a claim is about. People do not know claims: several
// speak of the same thing to them.
func fieldSubject(claim string) string {
	switch claim {
	case "siret", "siren", "organization_label":
		return "organization"
	case "roles", "email", "acr":
		return claim
	case "belonging_population":
		return "population"
	case "organizational_unit":
		return "unit"
	case "idp_id":
		return "provider"
	case "uid", "sub":
		return "account"
	case "amr":
		return "acr"
	}
	return "other"
}

// aside puts the parts that there are between brackets, after a space.
func aside(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func siretLabelled(siret string) string {
	if siret == "" {
		return ""
	}
	return "SIRET\u00a0" + siretText(siret)
}

// siretText groups the digits of a SIRET as people read it: the SIREN by three,
// then the establishment, held together by no-break spaces.
func siretText(siret string) string {
	if len(siret) != 14 || strings.Trim(siret, "0123456789") != "" {
		return siret
	}
	return strings.Join([]string{siret[:3], siret[3:6], siret[6:9], siret[9:]}, "\u00a0")
}
