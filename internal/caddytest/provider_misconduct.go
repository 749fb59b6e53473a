package caddytest

import (
	"net/http"
	"net/url"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// Misconduct is what a provider does otherwise than it should. What is nil is
// done right.
type Misconduct struct {
	ID, Userinfo TokenChanges                // the ID token; userinfo, when it is signed
	Answer       func(url.Values)            // the query at the callback
	Reply        map[string]func(*Reply)     // an endpoint's answer
	Raw          map[string]http.HandlerFunc // an endpoint as a whole
}

// TokenChanges is what to change of a token before, or after, it is signed.
type TokenChanges struct {
	Header  func(JSON)
	Claims  func(JSON, *ProviderLogin)
	Payload func(string) string
	Whole   func(token string, g *ProviderLogin) string
}

// Reply is an answer that is about to be sent.
type Reply struct {
	Status int
	Media  string
	Head   http.Header
	Body   string
}

// JSON is a JSON object.
type JSON = forge.JSON
