package proconnect

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("proconnect", parseClient)
}

// parseClient reads the global option:
//
//	proconnect [<name>] {
//		environment          production|integration|production-rie|integration-rie|sandbox
//		issuer               <url>
//		client_id            <id>
//		client_secret        <secret>
//		signing_alg          RS256|ES256|HS256
//		userinfo_signing_alg RS256|ES256|HS256|none
//		scopes               <scope...> | <+scope...>
//		claims               <name...>
//		ca                   <file>
//		session {
//			lifetime    <duration>
//			secret      <key...>
//			cookie_name <name>
//			storage_down accept
//		}
//		title, audience, contact, link: as in the directive
//	}
//
// It may be given several times under different names.
func parseClient(d *caddyfile.Dispenser, existing any) (any, error) {
	app := App{Clients: make(map[string]*Client)}
	if before, ok := existing.(httpcaddyfile.App); ok {
		if err := json.Unmarshal(before.Value, &app); err != nil {
			return nil, d.WrapErr(err)
		}
	}
	d.Next()
	name := defaultClient
	if d.NextArg() {
		name = d.Val()
	}
	if err := tooMuch(d, "proconnect"); err != nil {
		return nil, err
	}
	if err := checkClientName(name); err != nil {
		return nil, d.Errf("proconnect: %w", err)
	}
	if app.Clients[name] != nil {
		return nil, d.Errf("proconnect: duplicate client %q: give one of them another name", name)
	}
	c := new(Client)
	if err := c.unmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	app.Clients[name] = c
	return httpcaddyfile.App{Name: "proconnect", Value: caddyconfig.JSON(app, nil)}, nil
}

func tooMuch(d *caddyfile.Dispenser, option string) error {
	if d.NextArg() {
		return d.Errf("%s: unexpected argument %q: want a name at most", option, d.Val())
	}
	return nil
}

func (c *Client) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	said := make(map[string]bool)
	for d.NextBlock(0) {
		option := d.Val()
		if said[option] && !repeatable[option] {
			return d.Errf("duplicate option %q: remove one", option)
		}
		said[option] = true
		if err := c.unmarshalOption(d, option); err != nil {
			return err
		}
		if err := c.Texts.check(); err != nil {
			return d.WrapErr(err)
		}
	}
	if d.Nesting() != 0 {
		return braceErr(d, "proconnect")
	}
	if err := c.checkIssuer(); err != nil {
		return d.WrapErr(err)
	}
	if c.Environment == sandboxEnvironment {
		return nil
	}
	for _, option := range []string{"client_id", "client_secret"} {
		if !said[option] {
			return d.Errf("%s is missing: ProConnect's partner portal gave it with the client", option)
		}
	}
	return nil
}

func (c *Client) unmarshalOption(d *caddyfile.Dispenser, option string) (err error) {
	switch option {
	case "environment":
		return checked(d, oneArg(d, option, &c.Environment), func() error { return checkEnvironment(c.Environment) })
	case "issuer":
		return checked(d, oneArg(d, option, &c.Issuer), func() error { return checkIssuer(c.Issuer) })
	case "client_id":
		return secretArg(d, option, &c.ClientID)
	case "client_secret":
		return secretArg(d, option, &c.ClientSecret)
	case "signing_alg":
		return checked(d, oneArg(d, option, &c.SigningAlg), func() error {
			return checkAlg(option, c.SigningAlg, rp.RS256, rp.ES256, rp.HS256)
		})
	case "userinfo_signing_alg":
		return checked(d, oneArg(d, option, &c.UserinfoSigningAlg), func() error {
			return checkAlg(option, c.UserinfoSigningAlg, rp.RS256, rp.ES256, rp.HS256, rp.None)
		})
	case "scopes":
		c.Scopes, err = someArgs(d, option)
		return checked(d, err, func() error { return checkScopes(c.Scopes) })
	case "claims":
		c.Claims, err = someArgs(d, option)
		return checked(d, err, func() error { return checkClaims(c.Claims) })
	case "ca":
		return oneArg(d, option, &c.CA)
	case "session":
		c.Session = new(Session)
		return c.Session.unmarshalCaddyfile(d)
	}
	if known, err := c.Texts.unmarshalOption(d, option); known {
		return err
	}
	return unknownClientOption(d, option)
}

// clientOptions are the options of a client, as messages list them.
var clientOptions = []string{
	"environment", "issuer", "client_id", "client_secret", "signing_alg", "userinfo_signing_alg", "scopes", "claims",
	"ca", "session", "title", "audience", "contact", "link",
}

// unknownClientOption says where a word belongs that is not an option of a client, or
// which one was meant.
func unknownClientOption(d *caddyfile.Dispenser, option string) error {
	if slices.Contains(gateOptions, option) {
		return d.Errf("%s: it belongs in the proconnect { … } of a site", option)
	}
	if slices.Contains(sessionOptions, option) {
		return d.Errf("%s: it belongs in session { … }", option)
	}
	meant := near.Word(option, clientOptions)
	if missing := behindBlock(option, "proconnect", caddyOptions, caddyDirectives); missing != "" && meant == "" {
		return d.Err(missing)
	}
	if other := near.Word(option, gateOptions); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? it belongs in the proconnect { … } of a site", option, other)
	}
	if other := near.Word(option, sessionOptions); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? it belongs in session { … }", option, other)
	}
	return d.Errf("unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, clientOptions), strings.Join(clientOptions, ", "))
}

// checked reports what was read and cannot work on its line.
func checked(d *caddyfile.Dispenser, err error, check func() error) error {
	if err != nil {
		return err
	}
	if err := check(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (s *Session) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := tooMuchForBlock(d); err != nil {
		return err
	}
	said := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if said[option] {
			return d.Errf("session: duplicate option %q: remove one", option)
		}
		said[option] = true
		if err := checked(d, s.unmarshalOption(d, option), s.check); err != nil {
			return err
		}
	}
	if len(said) == 0 {
		return d.Errf("session: nothing in it: want a block with %s", strings.Join(sessionOptions, ", "))
	}
	return nil
}

func tooMuchForBlock(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("session: unexpected argument %q: want a block", d.Val())
	}
	return nil
}

func (s *Session) unmarshalOption(d *caddyfile.Dispenser, option string) (err error) {
	switch option {
	case "lifetime":
		return duration(d, option, &s.Lifetime)
	case "secret":
		s.Secrets, err = someArgs(d, option)
		return err
	case "cookie_name":
		return oneArg(d, option, &s.CookieName)
	case "storage_down":
		return oneArg(d, option, &s.StorageDown)
	}
	if slices.Contains(clientOptions, option) {
		return d.Errf("%s: it belongs behind session { … }: is the closing brace missing above it?", option)
	}
	return d.Errf("session: unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, sessionOptions), strings.Join(sessionOptions, ", "))
}

// sessionOptions are the options of session, as messages list them.
var sessionOptions = []string{"lifetime", "secret", "cookie_name", "storage_down"}
