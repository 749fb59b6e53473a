package proconnect

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

func init() {
	httpcaddyfile.RegisterDirective("proconnect", parseGate)
	// Before rewrite and try_files, so that the gate sees the path that the
	// browser asked for: at the usual place of authentication,
	// `try_files {path} /index.html` swallows the callback.
	httpcaddyfile.RegisterDirectiveOrder("proconnect", httpcaddyfile.After, "redir")
}

// parseGate reads the directive:
//
//	proconnect [<matcher>] {
//		client          <name>
//		allow           any | mfa | <field> <value...> | { ... }
//		deny            mfa | <field> <value...> | { ... }
//		mfa
//		acr             <value...>
//		login           page|auto
//		optional
//		headers         [<prefix>]
//		origin          <url>
//		path            <prefix>
//		callback_path   <path>
//		logged_out_path <path>
//		idp_hint        <idp_id>
//		siret_hint      <siret>
//		title           <text>
//		audience        <text>
//		contact         <text>
//		link            <text> <url>
//		errors          builtin|caddy
//	}
//
// The matcher goes into the handler, and the route has none: a gate sees every
// request of its site.
func parseGate(helper httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	helper.Next()
	matcher, err := helper.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	h := new(Handler)
	if matcher != nil {
		h.MatcherSetsRaw = append(h.MatcherSetsRaw, matcher)
	}
	if err := h.UnmarshalCaddyfile(helper.Dispenser); err != nil {
		return nil, err
	}
	return helper.NewRoute(nil, h), nil
}

// UnmarshalCaddyfile reads the directive without its matcher.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return strayArg(d, h.MatcherSetsRaw != nil)
	}
	said := make(map[string]bool)
	for d.NextBlock(0) {
		option := d.Val()
		if said[option] && !repeatable[option] {
			return d.Errf("duplicate option %q: remove one", option)
		}
		said[option] = true
		if err := h.unmarshalOption(d, option); err != nil {
			return err
		}
		if said["mfa"] && said["acr"] {
			return d.Errf("mfa and acr: both say which levels are required: keep one")
		}
		if err := h.checkSoFar(); err != nil {
			return d.WrapErr(err)
		}
	}
	if d.Nesting() != 0 {
		return braceErr(d, "proconnect")
	}
	if err := rules.Check(h.Rules); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// strayArg says what to do about a word that stands before the block. Passed
// over, it would take the block with it.
func strayArg(d *caddyfile.Dispenser, matched bool) error {
	word := d.Val()
	switch {
	case slices.Contains(gateOptions, word):
		return d.Errf("proconnect: %s belongs in a block, on a line of its own: proconnect { … }", word)
	case matched:
		return d.Errf("proconnect: unexpected argument %q, since there is a matcher already: for several paths, name one with @gated path /a/* /b/*", word)
	}
	return d.Errf("proconnect: %q is no matcher: a path begins with a slash (/%s), a named matcher with @", word, word)
}

// gateOptions are the options of a gate, as messages list them.
var gateOptions = []string{
	"client", "allow", "deny", "mfa", "acr", "login", "optional", "headers", "origin", "path", "callback_path",
	"logged_out_path", "idp_hint", "siret_hint", "title", "audience", "contact", "link", "errors",
}

// repeatable are the options that may be said more than once.
var repeatable = map[string]bool{"allow": true, "deny": true, "link": true}

// checkSoFar checks what was read, so that a fault is reported on its line.
func (h *Handler) checkSoFar() error {
	soFar := *h
	soFar.setDefaults()
	if err := soFar.check(); err != nil {
		return err
	}
	return rules.CheckEach(h.Rules)
}

func (h *Handler) unmarshalOption(d *caddyfile.Dispenser, option string) (err error) {
	switch option {
	case "allow", "deny":
		var rule rules.Rule
		if rule, err = unmarshalRule(d, option); err == nil {
			h.Rules = append(h.Rules, rule)
		}
		return err
	case "mfa":
		h.ACR = rules.MFA
		return flag(d, option)
	case "optional":
		h.Optional = true
		return flag(d, option)
	case "acr":
		h.ACR, err = someArgs(d, option)
		return err
	case "headers":
		if h.Headers = upstream.DefaultPrefix; !d.NextArg() {
			return noBlock(d, option)
		}
		d.Prev()
		return oneArg(d, option, &h.Headers)
	case "client":
		return oneArg(d, option, &h.Client)
	case "login":
		return oneArg(d, option, &h.Login)
	case "origin":
		if err := oneArg(d, option, &h.Origin); err != nil {
			return err
		}
		if _, err := origin.Parse(h.Origin); err != nil {
			return d.WrapErr(err)
		}
		return nil
	case "path":
		return oneArg(d, option, &h.Path)
	case "callback_path":
		return oneArg(d, option, &h.CallbackPath)
	case "logged_out_path":
		return oneArg(d, option, &h.LoggedOutPath)
	case "idp_hint":
		return oneArg(d, option, &h.IDPHint)
	case "siret_hint":
		return oneArg(d, option, &h.SiretHint)
	case "errors":
		return oneArg(d, option, &h.Errors)
	}
	if known, err := h.Texts.unmarshalOption(d, option); known {
		return err
	}
	return unknownGateOption(d, option)
}

// unknownGateOption says where a word belongs that is not an option of a gate, or which
// one was meant.
func unknownGateOption(d *caddyfile.Dispenser, option string) error {
	if slices.Contains(clientOptions, option) {
		return d.Errf("%s: it belongs in the global option proconnect { … } at the top of the Caddyfile", option)
	}
	if _, err := rules.LookupField(option); err == nil {
		return d.Errf("%s: a condition stands after allow or deny: allow %s …", option, option)
	}
	meant := near.Word(option, gateOptions)
	if missing := behindBlock(option, "proconnect", caddyDirectives); missing != "" && meant == "" {
		return d.Err(missing)
	}
	if other := near.Word(option, clientOptions); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? it belongs in the global option proconnect { … } at the top of the Caddyfile", option, other)
	}
	if other := near.Word(option, rules.Fields); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? a condition stands after allow or deny: allow %s …", option, other, other)
	}
	return d.Errf("unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, gateOptions), strings.Join(gateOptions, ", "))
}

// unmarshalOption reads what the pages say, in a gate or in a client.
func (t *Texts) unmarshalOption(d *caddyfile.Dispenser, option string) (known bool, err error) {
	switch option {
	case "title":
		return true, oneArg(d, option, &t.Title)
	case "audience":
		return true, oneArg(d, option, &t.Audience)
	case "contact":
		return true, oneArg(d, option, &t.Contact)
	case "link":
		args := d.RemainingArgs()
		if len(args) != 2 {
			return true, d.Errf("link: want a text, in quotes if it has spaces, and a URL")
		}
		t.Links = append(t.Links, Link{Text: args[0], URL: args[1]})
		return true, noBlock(d, option)
	}
	return false, nil
}

// Interface guards
var _ caddyfile.Unmarshaler = (*Handler)(nil)
