package layout

import (
	"encoding/json"
)

// StandIn is the name of the handler that takes another one's place where a
// configuration is read and not run. The routes read as if that one were there.
const StandIn = "proconnect_stand_in"

// Replaced is a stand-in's configuration.
type Replaced struct {
	Handler string          `json:"handler"`
	For     json.RawMessage `json:"stands_for"` // the configuration of the other one
}

// original is the step that a stand-in stands for.
func (s step) original() step {
	var r Replaced
	if s.name != StandIn || !s.read(&r) {
		return s
	}
	return stepOf(r.For)
}

// stepOf is a handler that is not provisioned.
func stepOf(raw json.RawMessage) step {
	var head struct {
		Handler string `json:"handler"`
	}
	_ = json.Unmarshal(raw, &head) // what is no handler has no name, and Caddy says so
	return step{name: head.Handler, raw: raw}
}

// Answers says whether a handler answers what it gets, and the name of its directive.
// An authorization server that forward_auth asks does not serve the site.
func Answers(handler json.RawMessage) (directive string, certainly bool) {
	s := stepOf(handler)
	course, directive := s.course()
	return directive, course == answers || s.forwards()
}
