package proconnect

import (
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
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
		return d.Errf("proconnect: %q is no matcher: a path begins with a slash (/%s), a named matcher with @",
			d.Val(), strings.TrimPrefix(d.Val(), "/"))
	}
	said := make(map[string]bool)
	for d.NextBlock(0) {
		option := d.Val()
		if said[option] && !repeatable[option] {
			return d.Errf("%s: it stands there twice", option)
		}
		said[option] = true
		if err := h.unmarshalOption(d, option); err != nil {
			return err
		}
		if err := h.checkSoFar(); err != nil {
			return d.WrapErr(err)
		}
	}
	if said["mfa"] && said["acr"] {
		return d.Errf("mfa and acr: both say which levels are required: keep one")
	}
	if err := checkRules(h.Rules); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// repeatable are the options that may be said more than once.
var repeatable = map[string]bool{"allow": true, "deny": true, "link": true}

// checkSoFar checks what was read, so that a fault is reported on its line.
func (h *Handler) checkSoFar() error {
	soFar := *h
	soFar.setDefaults()
	return soFar.check()
}

func (h *Handler) unmarshalOption(d *caddyfile.Dispenser, option string) (err error) {
	switch option {
	case "allow", "deny":
		var rule Rule
		if rule, err = unmarshalRule(d, option); err == nil {
			h.Rules = append(h.Rules, rule)
		}
		return err
	case "mfa":
		h.ACR = acrMFA
		return noArgs(d, option)
	case "optional":
		h.Optional = true
		return noArgs(d, option)
	case "acr":
		h.ACR, err = someArgs(d, option)
		return err
	case "headers":
		if h.Headers = defaultHeaderPrefix; d.NextArg() {
			h.Headers = d.Val()
		}
		return noArgs(d, option)
	case "client":
		return oneArg(d, option, &h.Client)
	case "login":
		return oneArg(d, option, &h.Login)
	case "origin":
		if err := oneArg(d, option, &h.Origin); err != nil {
			return err
		}
		if _, err := parseOrigin(h.Origin); err != nil {
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
	return d.Errf("unrecognized subdirective '%s'", option)
}

// unmarshalOption reads what the pages say, in a gate or in a link.
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
		return true, nil
	}
	return false, nil
}

// oneArg reads an option's only argument.
func oneArg(d *caddyfile.Dispenser, option string, into *string) error {
	if !d.NextArg() || d.Val() == "" {
		return d.Errf("%s: nothing after it", option)
	}
	*into = d.Val()
	return noArgs(d, option)
}

// someArgs reads an option's arguments, one at least.
func someArgs(d *caddyfile.Dispenser, option string) ([]string, error) {
	args := d.RemainingArgs()
	if len(args) == 0 {
		return nil, d.Errf("%s: nothing after it", option)
	}
	return args, noBlock(d, option)
}

// noArgs refuses a further argument, and a block, which Caddy would skip.
func noArgs(d *caddyfile.Dispenser, option string) error {
	if d.NextArg() {
		return d.Errf("%s: %q is too much: put a text with spaces in quotes", option, d.Val())
	}
	return noBlock(d, option)
}

func noBlock(d *caddyfile.Dispenser, option string) error {
	if opensBlock(d) {
		return d.Errf("%s: it takes no block", option)
	}
	return nil
}

// duration reads an option's only argument as a time span.
func duration(d *caddyfile.Dispenser, option string, into *caddy.Duration) error {
	var text string
	if err := oneArg(d, option, &text); err != nil {
		return err
	}
	span, err := caddy.ParseDuration(text)
	if err != nil || span <= 0 {
		return d.WrapErr(fmt.Errorf("%s %q: want a time span such as 12h", option, text))
	}
	*into = caddy.Duration(span)
	return nil
}

// Interface guards
var _ caddyfile.Unmarshaler = (*Handler)(nil)
