package origin

import (
	"strings"
	"testing"
)

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"docs.example.gouv.fr": true, "pr-1.preview.example.gouv.fr": true, "localhost": true, "xn--prfecture-b4a.fr": true, "1.example.fr": true,
		"": false, ".": false, "docs.example.gouv.fr.": false, ".example.fr": false, "docs..example.fr": false, "Docs.example.fr": false,
		"préfecture.fr": false, "docs_1.example.fr": false, "-docs.example.fr": false, "docs-.example.fr": false, "docs.example.fr:443": false,
		"127.0.0.1": false, "2130706433": false, "127.1": false, "0x7f.1": false, "0x7f000001": false, "[::1]": false, "::1": false, "example.0x7f": false,
		"evil%2f.example.fr": false, "a@b.example.fr": false, "a/b.fr": false, `a\b.fr`: false, "a;b.fr": false, "a b.fr": false, "a\nb.fr": false, "*.example.fr": false,
		strings.Repeat("a", 64) + ".fr": false, strings.Repeat("a", 63) + ".fr": true, strings.Repeat("a.", 126) + "fr": false,
	} {
		if got := IsName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][2]string{
		"https://docs.example.fr": {"docs.example.fr", "443"}, "https://docs.example.fr:8443": {"docs.example.fr", "8443"}, "http://localhost": {"localhost", "80"},
	} {
		o := Of(strings.SplitN(text, "//", 2)[1], strings.HasPrefix(text, "https"))
		if name, port, ok := o.Split(); !ok || name != want[0] || port != want[1] {
			t.Errorf("%s: %q %q %v", text, name, port, ok)
		}
	}
	for _, o := range []Origin{
		{Scheme: "https", Addr: "docs.example.fr:"},
		{Scheme: "https", Addr: "docs.example.fr:443"},
		{Scheme: "https", Addr: "docs.example.fr."},
		{Scheme: "https", Addr: "[::1]:8443"},
		{Scheme: "https", Addr: "user@docs.example.fr"},
		{Scheme: "https", Addr: "a:b:c"},
	} {
		if name, port, ok := o.Split(); ok {
			t.Errorf("%+v: %q %q", o, name, port)
		}
	}
}
