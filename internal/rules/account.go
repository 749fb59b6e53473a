package rules

import "github.com/caddy-proconnect/caddy-proconnect/internal/claims"

// Account is what one rule says of a person, condition by condition: what a decision
// sums up.
type Account struct {
	Rule       *Compiled
	Value      Truth
	Conditions []Ground // all of them, in the order of the rule
}

// Denies says whether the rule is one that keeps people out.
func (r *Compiled) Denies() bool { return r.deny }

// Account tells what each rule says of a person, as Decide evaluates it.
func (rs *Set) Account(id *claims.Set) []Account {
	accounts := make([]Account, len(rs.Rules))
	for i := range rs.Rules {
		r := &rs.Rules[i]
		a := Account{Rule: r, Value: r.eval(id, r.deny)}
		for j := range r.Conditions {
			value, faulty := r.Conditions[j].judge(id, r.deny)
			a.Conditions = append(a.Conditions, Ground{r.Position, &r.Conditions[j], value, faulty})
		}
		accounts[i] = a
	}
	return accounts
}

// String is the value in one word.
func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case Unknown:
		return "unknown"
	}
	return "false"
}
