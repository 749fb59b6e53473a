package rules

import "github.com/caddy-proconnect/caddy-proconnect/internal/listfile"

// Open returns a list that is not of a rule's values. It is looked after like the others.
func (p *Lists) Open(use Use, path string, f listfile.Format) (*listfile.List, error) {
	return p.openFor(use, path, f)
}
