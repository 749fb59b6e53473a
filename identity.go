package proconnect

import (
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// placeholderOf returns the value of {http.auth.user.<name>}; empty without a person.
func placeholderOf(id *claims.Set, name string) string {
	if id == nil {
		return ""
	}
	switch name {
	case "id":
		return id.First(claims.Sub)
	case "name":
		return id.Name()
	}
	return id.Text(name)
}

// placeholder resolves the documented placeholders. One that has no value is
// empty: an unknown one would travel on literally.
func (q *request) placeholder(key string) (any, bool) {
	if name, ok := strings.CutPrefix(key, "http.auth.user."); ok {
		return placeholderOf(q.user(), name), true
	}
	if name, ok := strings.CutPrefix(key, "http.auth.candidate."); ok {
		return placeholderOf(q.candidate(), name), true
	}
	name, ok := strings.CutPrefix(key, "http.proconnect.")
	if !ok {
		return nil, false
	}
	switch name {
	case "decision":
		return q.outcome(), true
	case "reason":
		return q.reason(), true
	case "reference":
		return q.reference, true
	case "login_url":
		return q.loginURL(), true
	case "logout_url":
		return q.logoutURL(), true
	}
	return "", true
}
