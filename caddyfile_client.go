package proconnect

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

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
//		callback_origin      <url>
//		callback_hosts       <name...> | from <file...>
//		session {
//			lifetime    <duration>
//			idle        <duration>
//			renew       <duration>
//			persistent
//			secret      <key...>
//			cookie_name <name>
//			storage_down accept
//		}
//		audit {
//			claims <name...>
//			ip     off
//		}
//		title, audience, contact, link, logo: as in the directive
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
	if d.NextArg() {
		return nil, d.Errf("proconnect: unexpected argument %q: want a name at most", d.Val())
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

func (c *Client) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := clientBlock().unmarshal(d, c); err != nil {
		return err
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
	switch {
	case c.ClientID == "":
		return missingOption(d, "client_id")
	case c.ClientSecret == "":
		return missingOption(d, "client_secret")
	}
	return nil
}

func missingOption(d *caddyfile.Dispenser, option string) error {
	return d.Errf("%s is missing: ProConnect's partner portal gave it with the client", option)
}

// clientBlock is the grammar of the global option's block.
func clientBlock() block[Client] {
	return block[Client]{
		options: slices.Concat(
			[]option[Client]{
				{name: "environment", read: checked(text(func(c *Client) *string { return &c.Environment }), func(c *Client) error {
					return checkEnvironment(c.Environment)
				})},
				{name: "issuer", read: checked(text(func(c *Client) *string { return &c.Issuer }), func(c *Client) error {
					return checkIssuer(c.Issuer)
				})},
				{name: "client_id", read: secret(func(c *Client) *string { return &c.ClientID })},
				{name: "client_secret", read: secret(func(c *Client) *string { return &c.ClientSecret })},
				{name: "signing_alg", read: checked(text(func(c *Client) *string { return &c.SigningAlg }), (*Client).checkSigningAlg)},
				{name: "userinfo_signing_alg", read: checked(text(func(c *Client) *string { return &c.UserinfoSigningAlg }), (*Client).checkUserinfoAlg)},
				{name: "scopes", read: checked(list(func(c *Client) *[]string { return &c.Scopes }), func(c *Client) error {
					return checkScopes(c.Scopes)
				})},
				{name: "claims", read: checked(list(func(c *Client) *[]string { return &c.Claims }), func(c *Client) error {
					return checkClaims(c.Claims)
				})},
				{name: "ca", read: text(func(c *Client) *string { return &c.CA })},
				{name: "callback_origin", read: checked(text(func(c *Client) *string { return &c.CallbackOrigin }), (*Client).checkCallback)},
				{name: "callback_hosts", read: checked(readCallbackHosts, (*Client).checkCallback)},
				{name: "session", read: func(c *Client, d *caddyfile.Dispenser) error {
					c.Session = new(Session)
					return c.Session.unmarshalCaddyfile(d)
				}},
				{name: "audit", read: func(c *Client, d *caddyfile.Dispenser) error {
					c.Audit = new(Audit)
					return unmarshalInner(auditBlock(), d, c.Audit)
				}},
			},
			textsOptions(func(c *Client) *Texts { return &c.Texts }),
		),
		check:   func(c *Client) error { return c.Texts.check() },
		unknown: unknownClientOption,
	}
}

// unknownClientOption says where a word belongs that is not an option of a client, or
// which one was meant.
func unknownClientOption(d *caddyfile.Dispenser, option string) error {
	gate, client, session := gateBlock().names(), clientBlock().names(), sessionBlock().names()
	if slices.Contains(gate, option) {
		return d.Errf("%s: it belongs in the proconnect { … } of a site", option)
	}
	if slices.Contains(session, option) {
		return d.Errf("%s: it belongs in session { … }", option)
	}
	meant := near.Word(option, client)
	if missing := behindBlock(option, "proconnect", caddyOptions, caddyDirectives); missing != "" && meant == "" {
		return d.Err(missing)
	}
	if other := near.Word(option, gate); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? it belongs in the proconnect { … } of a site", option, other)
	}
	if other := near.Word(option, session); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? it belongs in session { … }", option, other)
	}
	return d.Errf("unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, client), strings.Join(client, ", "))
}

// unmarshalInner reads a block within the client's, in which some option has to be.
func unmarshalInner[T any](b block[T], d *caddyfile.Dispenser, into *T) error {
	if d.NextArg() {
		return d.Errf("%s: unexpected argument %q: want a block", b.name, d.Val())
	}
	known := b.names()
	b.unknown = func(d *caddyfile.Dispenser, option string) error {
		if slices.Contains(clientBlock().names(), option) {
			return d.Errf("%s: it belongs after %s { … }: is the closing brace missing above it?", option, b.name)
		}
		return d.Errf("%s: unknown subdirective %q: %swant one of %s", b.name, option, near.DidYouMean(option, known), strings.Join(known, ", "))
	}
	if err := b.unmarshal(d, into); err != nil {
		return err
	}
	if reflect.ValueOf(into).Elem().IsZero() {
		return d.Errf("%s: nothing in it: want a block with %s", b.name, strings.Join(known, ", "))
	}
	return nil
}
