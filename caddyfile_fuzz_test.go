package proconnect

import (
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// Whatever stands in a Caddyfile, a gate that is read without an error has a
// rule that somebody wrote, and passes the checks that a JSON one does.
func FuzzUnmarshalGate(f *testing.F) {
	for _, s := range []string{
		"proconnect {\n\tallow any\n}",
		"proconnect {\n\tallow siren 130025265\n\tdeny {\n\t\troles dirigeant\n\t\tnot mfa\n\t}\n\theaders X-P-\n\tlink a /b\n}",
		"proconnect {\n\toptional\n\tmfa\n\tallow email *@*.gouv.fr\n\torigin https://a.fr\n\tpath /p\n\tlogin auto\n\terrors caddy\n}",
		"proconnect admin/* {\n\tallow any\n}",
		"proconnect {\n\tallow any {\n\t}\n}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := caddyfile.Tokenize([]byte(text), "Caddyfile")
		h := new(Handler)
		if err != nil || h.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens)) != nil {
			return
		}
		allows := false
		for _, r := range h.Rules {
			allows = allows || r.Effect == rules.EffectAllow && (r.Any || len(r.Conditions) > 0)
		}
		h.setDefaults()
		if err := h.check(); err != nil || !allows {
			t.Fatalf("%q is read as %+v: %v", text, h, err)
		}
	})
}

// A client that is read without an error says which ProConnect it is of.
func FuzzUnmarshalClient(f *testing.F) {
	for _, s := range []string{
		"proconnect {\n\tenvironment sandbox\n}",
		"proconnect a {\n\tissuer https://a.fr/api/v2\n\tclient_id x\n\tclient_secret {env.X}\n\tsession {\n\t\tlifetime 8h\n\t\tsecret a b\n\t}\n}",
		"proconnect {\n\tenvironment production\n\tclient_id x\n\tclient_secret y\n\tscopes +phone\n\tclaims custom.a\n\tsigning_alg ES256\n}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := caddyfile.Tokenize([]byte(text), "Caddyfile")
		c, d := new(Client), caddyfile.NewDispenser(tokens)
		d.Next()
		if err != nil || c.unmarshalCaddyfile(d) != nil {
			return
		}
		if err := c.checkIssuer(); err != nil {
			t.Fatalf("%q is read as a client of no ProConnect: %v", text, err)
		}
	})
}
