package provider_test

import (
	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// What the tables of this package name on every other line.
type (
	misbehaving      = caddytest.Provider
	registeredClient = caddytest.Client
	providerLogin    = caddytest.ProviderLogin
	misconduct       = caddytest.Misconduct
	tokenChanges     = caddytest.TokenChanges
	pendingReply     = caddytest.Reply
	jsonObject       = caddytest.JSON
)

const (
	clientID     = caddytest.ClientID
	clientSecret = caddytest.ClientSecret
	subject      = caddytest.Subject
)

var (
	signingKeys = caddytest.SigningKeys
	octKey      = caddytest.OctKey
	b64         = forge.Base64URL
	rsaKey      = forge.RSAKey
	ecKey       = forge.ECKey
	keySet      = caddytest.KeySet
	resigned    = caddytest.Resigned
)
