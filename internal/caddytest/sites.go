package caddytest

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// Sandbox is the global option of a client of the simulated ProConnect.
const Sandbox = "proconnect {\n environment sandbox\n }"

// GatedBy is a site of one gate with these rules, which semicolons part.
func GatedBy(rules string) string {
	return "\nhttp://localhost:{$PORT} {\n proconnect {\n " + strings.ReplaceAll(rules, "; ", "\n ") + "\n }\n respond \"inside {http.auth.user.email}\"\n}"
}

// NewSessionKey is a key for sessions, in hex.
func NewSessionKey() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails, by its documentation
	return hex.EncodeToString(key)
}
