package proconnect

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
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
//		report          { allow ...; deny ... }
//		mfa
//		acr             <value...>
//		login           page|auto|silent
//		optional
//		headers         [<prefix>] [percent]
//		origin          <url>
//		path            <prefix>
//		callback_path   <path>
//		logged_out_path <path>
//		after_logout    <path>|<url>
//		idp_hint        <idp_id>
//		siret_hint      <siret>
//		title           [fr|en] <text>
//		audience        [fr|en] <text>
//		contact         <text>
//		link            [fr|en] <text> <url>
//		logo            <file>
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
	if err := gateBlock().unmarshal(d, h); err != nil {
		return err
	}
	if d.Nesting() != 0 {
		return braceErr(d, "proconnect")
	}
	if err := rules.Check(h.Rules); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// strayArg says what to do about a word before the block. Passed
// over, it would take the block with it.
func strayArg(d *caddyfile.Dispenser, matched bool) error {
	word := d.Val()
	switch {
	case slices.Contains(gateBlock().names(), word):
		return d.Errf("proconnect: %s belongs in a block, on a line of its own: proconnect { … }", word)
	case matched:
		return d.Errf("proconnect: unexpected argument %q, since there is a matcher already: for several paths, name one with @gated path /a/* /b/*", word)
	}
	return d.Errf("proconnect: %q is no matcher: a path begins with a slash (/%s), a named matcher with @", word, word)
}

// checkSoFar checks what was read, so that a fault is reported on its line.
func checkSoFar(h *Handler) error {
	soFar := *h
	soFar.setDefaults()
	if err := soFar.check(); err != nil {
		return err
	}
	return rules.CheckEach(h.Rules)
}

// gateBlock is the grammar of the directive's block.
func gateBlock() block[Handler] {
	return block[Handler]{
		options: slices.Concat(
			[]option[Handler]{
				{name: "client", read: text(func(h *Handler) *string { return &h.Client })},
				{name: "allow", read: readGateRule, repeatable: true},
				{name: "deny", read: readGateRule, repeatable: true},
				{name: "report", read: unmarshalReport},
				{name: "mfa", read: unmarshalLevels},
				{name: "acr", read: unmarshalLevels},
				{name: "login", read: text(func(h *Handler) *string { return &h.Login })},
				{name: "optional", read: func(h *Handler, d *caddyfile.Dispenser) error {
					h.Optional = true
					return flag(d, d.Val())
				}},
				{name: "headers", read: unmarshalHeaders},
				{name: "origin", read: checked(text(func(h *Handler) *string { return &h.Origin }), func(h *Handler) error {
					_, err := origin.Parse(h.Origin)
					return err
				})},
				{name: "path", read: text(func(h *Handler) *string { return &h.Path })},
				{name: "callback_path", read: text(func(h *Handler) *string { return &h.CallbackPath })},
				{name: "logged_out_path", read: text(func(h *Handler) *string { return &h.LoggedOutPath })},
				{name: "after_logout", read: text(func(h *Handler) *string { return &h.AfterLogout })},
				{name: "idp_hint", read: text(func(h *Handler) *string { return &h.IDPHint })},
				{name: "siret_hint", read: text(func(h *Handler) *string { return &h.SiretHint })},
			},
			textsOptions(func(h *Handler) *Texts { return &h.Texts }),
			[]option[Handler]{{name: "errors", read: text(func(h *Handler) *string { return &h.Errors })}},
		),
		check:   checkSoFar,
		unknown: unknownGateOption,
	}
}

func readGateRule(h *Handler, d *caddyfile.Dispenser) error { return appendRule(&h.Rules, d) }

// unmarshalLevels reads mfa or acr, one of which may be there.
func unmarshalLevels(h *Handler, d *caddyfile.Dispenser) (err error) {
	other := h.ACR != nil
	if option := d.Val(); option == rules.WordMFA {
		h.ACR, err = rules.MFA, flag(d, option)
	} else {
		h.ACR, err = someArgs(d, option)
	}
	if err == nil && other {
		return d.Errf("mfa and acr: both say which levels are required: keep one")
	}
	return err
}

// unmarshalHeaders reads [<prefix>] [percent]. A prefix ends in a hyphen, so that one
// cannot be taken for the other.
func unmarshalHeaders(h *Handler, d *caddyfile.Dispenser) error {
	option := d.Val()
	h.Headers = upstream.DefaultPrefix
	if !d.NextArg() {
		return noBlock(d, option)
	}
	switch {
	case d.Val() == "":
		return noValue(d, option)
	case d.Val() == encodingPercent:
		return unmarshalEncoding(d, option, &h.HeadersEncoding)
	case rules.HoldsPlaceholder(d.Val()):
		return d.Errf("%s %q: %w", option, d.Val(), errLiteral)
	}
	if h.Headers = d.Val(); !d.NextArg() {
		return noBlock(d, option)
	}
	return unmarshalEncoding(d, option, &h.HeadersEncoding)
}

// unmarshalEncoding reads percent, the last argument of headers.
func unmarshalEncoding(d *caddyfile.Dispenser, option string, encoding *string) error {
	if d.Val() == encodingPercent && !d.NextArg() {
		*encoding = encodingPercent
		return noBlock(d, option)
	}
	if isWord(d, "}") {
		return braceErr(d, option)
	}
	return d.Errf("%s: unexpected argument %q: want headers [<prefix>] [percent]", option, d.Val())
}

// unknownGateOption says where a word belongs that is not an option of a gate, or which
// one was meant.
func unknownGateOption(d *caddyfile.Dispenser, option string) error {
	gate, client := gateBlock().names(), clientBlock().names()
	if slices.Contains(client, option) {
		return d.Errf("%s: it belongs in the global option proconnect { … } at the top of the Caddyfile", option)
	}
	if _, err := rules.LookupField(option); err == nil {
		return d.Errf("%s: a condition belongs after allow or deny: allow %s …", option, option)
	}
	meant := near.Word(option, gate)
	if missing := behindBlock(option, "proconnect", caddyDirectives); missing != "" && meant == "" {
		return d.Err(missing)
	}
	if other := near.Word(option, client); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? it belongs in the global option proconnect { … } at the top of the Caddyfile", option, other)
	}
	if other := near.Word(option, rules.Fields); meant == "" && other != "" {
		return d.Errf("unknown subdirective %q: did you mean %s? a condition belongs after allow or deny: allow %s …", option, other, other)
	}
	return d.Errf("unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, gate), strings.Join(gate, ", "))
}

// Interface guards
var _ caddyfile.Unmarshaler = (*Handler)(nil)
