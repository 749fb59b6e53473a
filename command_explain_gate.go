package proconnect

import (
	"slices"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// gateExplanation is what one gate decides.
type gateExplanation struct {
	Client   string            `json:"client"`
	Where    string            `json:"where,omitempty"`
	Optional bool              `json:"optional,omitempty"`
	Decision string            `json:"decision"`
	Reason   string            `json:"reason"`
	ACR      *acrExplanation   `json:"acr,omitempty"` // required of everybody
	Rules    []ruleExplanation `json:"rules"`
	ToEnter  []change          `json:"to_enter,omitempty"` // what would have to change: each deny, one of the allows, the level of everybody
	Report   *reportExplained  `json:"report,omitempty"`   // what rules would do that decide nothing yet
}

// reportExplained is what the rules of a report block would do with whom the gate admits.
type reportExplained struct {
	Decision string            `json:"decision"`
	Rules    []ruleExplanation `json:"rules"`
}

type acrExplanation struct {
	AnyOf []string `json:"any_of"`
	Had   []string `json:"had"`
	Met   bool     `json:"met"`
}

// ruleExplanation is what one rule says of the person.
type ruleExplanation struct {
	Position   int                    `json:"position"`
	Rule       string                 `json:"rule"` // as it is written
	Value      string                 `json:"value"`
	Conditions []conditionExplanation `json:"conditions"`
}

type conditionExplanation struct {
	Condition  string   `json:"condition"`
	Value      string   `json:"value"`
	Field      string   `json:"field"`
	Had        []string `json:"had"`
	Unreadable bool     `json:"unreadable,omitempty"` // what ProConnect tells is no value of the field
	FaultyList bool     `json:"faulty_list,omitempty"`
}

func explainGate(g rehearsed) gateExplanation {
	h := g.gate
	e := gateExplanation{
		Client: h.client.name, Where: h.around.where, Optional: h.Optional,
		Decision: g.decision.Outcome.String(), Reason: g.decision.Reason(), Rules: []ruleExplanation{},
	}
	if g.person == nil {
		return e
	}
	if len(h.ACR) > 0 {
		had := valuesOf(g.person, claims.RefOf(claims.ACR))
		met := slices.ContainsFunc(had, func(v string) bool { return slices.Contains(h.ACR, v) })
		e.ACR = &acrExplanation{h.ACR, had, met}
	}
	e.Rules = explainRules(h.Rules, h.rules, g.person)
	if h.tried != nil && g.decision.Outcome == rules.Allow {
		e.Report = &reportExplained{h.tried.Decide(g.person).Outcome.String(), explainRules(h.Report, h.tried, g.person)}
	}
	if g.decision.Outcome != rules.Allow {
		e.ToEnter = e.toEnter(h.rules)
	}
	return e
}

func explainRules(written []rules.Rule, set *rules.Set, person *claims.Set) (all []ruleExplanation) {
	for i, a := range set.Account(person) {
		all = append(all, explainRule(written[i], a, person))
	}
	return all
}

func explainRule(r rules.Rule, a rules.Account, person *claims.Set) ruleExplanation {
	e := ruleExplanation{Position: a.Rule.Position, Rule: r.String(), Value: a.Value.String(), Conditions: []conditionExplanation{}}
	for i, g := range a.Conditions {
		e.Conditions = append(e.Conditions, conditionExplanation{
			Condition: r.Conditions[i].String(), Value: g.Value.String(), Field: g.Field.Name,
			Had: valuesOf(person, g.Field), Unreadable: isUnreadable(person, g.Field), FaultyList: g.FaultyList,
		})
	}
	return e
}

func valuesOf(person *claims.Set, ref claims.Ref) []string {
	return slices.DeleteFunc(person.Values(ref), func(v string) bool { return v == "" })
}

func isUnreadable(person *claims.Set, ref claims.Ref) bool {
	return len(person.Values(ref)) > 0 && len(valuesOf(person, ref)) == 0
}
