package rules

import "github.com/caddy-proconnect/caddy-proconnect/internal/listfile"

// Use is what the values of a list are for. An operator must know of an empty list that
// admits: nobody enters by it. One that keeps people out may be empty for years.
type Use string

// The uses.
const (
	UseAllow         Use = "allow"   // who is named gets in
	UseDeny          Use = "deny"    // who is named stays out
	UseMatcher       Use = "matcher" // another directive has the effect
	UseCallbackHosts Use = "callback_hosts"
)

// useOf is the use of the lists of a condition. A `not` turns the effect of its rule
// round: `allow { not email from blocked.txt }` keeps out whom the list names.
func useOf(effect string, not bool) Use {
	switch {
	case effect == "":
		return UseMatcher
	case (effect == EffectAllow) != not:
		return UseAllow
	}
	return UseDeny
}

// Uses returns what rules read a list for, each once.
func (p *Lists) Uses(l *listfile.List) []Use { return p.uses[l] }

// Open opens a list for a use.
func (p *Lists) Open(use Use, path string, f listfile.Format) (*listfile.List, error) {
	l, err := p.open(path, f)
	if err != nil {
		return nil, err
	}
	p.uses[l] = appendNew(p.uses[l], use)
	return l, nil
}
