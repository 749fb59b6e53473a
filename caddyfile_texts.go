package proconnect

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// textsOptions are the options of what the pages say, in a gate or in a client:
//
//	title    [fr|en] <text>
//	audience [fr|en] <text>
//	contact  <text>
//	link     [fr|en] <text> <url>
//	logo     <file>
func textsOptions[T any](texts func(*T) *Texts) []option[T] {
	return []option[T]{
		{name: "title", read: func(t *T, d *caddyfile.Dispenser) error {
			return unmarshalText(d, &texts(t).Title, &texts(t).TitleIn)
		}, repeatable: true},
		{name: "audience", read: func(t *T, d *caddyfile.Dispenser) error {
			return unmarshalText(d, &texts(t).Audience, &texts(t).AudienceIn)
		}, repeatable: true},
		{name: "contact", read: text(func(t *T) *string { return &texts(t).Contact })},
		{name: "link", read: func(t *T, d *caddyfile.Dispenser) error { return texts(t).unmarshalLink(d) }, repeatable: true},
		{name: "logo", read: text(func(t *T) *string { return &texts(t).Logo })},
	}
}

// unmarshalText reads a text of the pages, for both languages or, after its name, for one.
func unmarshalText(d *caddyfile.Dispenser, both *string, in *map[string]string) error {
	option, lang := d.Val(), ""
	args := d.RemainingArgs()
	for range args {
		d.Prev()
	}
	if len(args) > 0 && pages.IsLanguage(args[0]) {
		lang = args[0]
		d.NextArg()
		option += " " + lang
	} else if len(args) == 2 && len(args[0]) == 2 && strings.ToLower(args[0]) == args[0] {
		return d.Errf("%s %s: the pages are in fr and en", option, args[0])
	}
	var text string
	if err := oneArg(d, option, &text); err != nil {
		return err
	}
	if *both != "" && lang == "" || (*in)[lang] != "" {
		return d.Errf("duplicate option %q: remove one", option)
	}
	if lang == "" {
		*both = text
		return nil
	}
	if *in == nil {
		*in = make(map[string]string)
	}
	(*in)[lang] = text
	return nil
}

func (t *Texts) unmarshalLink(d *caddyfile.Dispenser) error {
	args, lang := d.RemainingArgs(), ""
	if len(args) == 3 && pages.IsLanguage(args[0]) {
		lang, args = args[0], args[1:]
	}
	if len(args) != 2 {
		return d.Errf("link: want a text, in quotes if it has spaces, and a URL; fr or en may stand before them")
	}
	t.Links = append(t.Links, Link{Text: args[0], URL: args[1], Lang: lang})
	return noBlock(d, "link")
}
