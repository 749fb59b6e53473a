package upstream

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/sandbox"
)

// Only our own cookies are hidden from the site, by the grammar of their names. An
// application that speaks ProConnect itself has names that begin alike.
func TestOnlyOwnCookiesAreHidden(t *testing.T) {
	ours := []string{"proconnect_sandbox"}
	for _, prefix := range []string{"", "__Host-", "__Secure-"} {
		for _, port := range []string{"", "_8443", "_1", "_65535"} {
			for _, suffix := range []string{"", "_id_token", "_logout", "_rounds", "_browser", "_busy", "_seen", "_entry"} {
				ours = append(ours, prefix+"proconnect"+port+suffix)
			}
		}
	}
	for _, name := range ours {
		for _, pair := range []string{name + "=v", name, " " + name + " = v", name + "\t=v"} {
			h := http.Header{"Cookie": {"a=1; " + pair + "; b=2"}}
			if HideCookies(h, "proconnect"); h.Get("Cookie") != "a=1; b=2" {
				t.Errorf("%q stays: %q", pair, h.Get("Cookie"))
			}
		}
	}
	for _, name := range []string{
		"proconnect_state", "proconnect-x", "__Host-proconnect_token", "__Secure-proconnect_session", "proconnect_login", "proconnect_login_0123456789", "proconnect_id_tokens",
		"proconnect_id_token_x", "proconnect_logout_url", "proconnect__seen", "proconnect_0", "proconnect_123456", "proconnect_8443x", "proconnect_8443_x",
		"proconnect_8443_8443", "proconnect8443", "proconnect_sandboxes", "Proconnect", "__Host-__Secure-proconnect", "__Host-__Host-proconnect",
		"__proconnect", "xproconnect", "proconnect.id_token", "proconnect-other", "proconnect-other_id_token", "__Host-proconnect_sandbox",
	} {
		h := http.Header{"Cookie": {"a=1; " + name + "=v; __Host-proconnect=ours; b=2"}}
		if HideCookies(h, "proconnect"); h.Get("Cookie") != "a=1; "+name+"=v; b=2" {
			t.Errorf("%s does not reach the site: %q", name, h.Get("Cookie"))
		}
	}
}

// Nothing that a client of ours sets is left out of the grammar.
func TestEveryCookieNameIsHidden(t *testing.T) {
	names, err := os.ReadFile("../session/testdata/cookie_names.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(names)) {
		h := http.Header{"Cookie": {name + "=v"}}
		if HideCookies(h, "proconnect-agents"); len(h) > 0 {
			t.Errorf("%s reaches the site", name)
		}
	}
}

// ownCookie is the grammar, written otherwise.
var ownCookie = regexp.MustCompile(`^(proconnect_sandbox|(__Host-|__Secure-)?proconnect(_[1-9][0-9]{0,4})?(|_id_token|_logout|_rounds|_browser|_busy|_seen|_entry))$`)

// eachPair calls yield with every cookie of some lines.
func eachPair(lines []string, yield func(name, value string)) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			yield(name, value)
		}
	}
}

func FuzzCookieHeader(f *testing.F) {
	f.Add("a=1; __Host-proconnect=v; b=2")
	f.Add(`a="; proconnect=x`)
	f.Add("__Secure-proconnect_8443_id_token=x;proconnect_state=y;\tproconnect_browser =z")
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		HideCookies(h, "proconnect")
		var want, got []string
		eachPair([]string{line}, func(name, value string) {
			if name = strings.TrimRight(name, " \t"); !ownCookie.MatchString(name) && name+value != "" {
				want = append(want, name+"="+value)
			}
		})
		eachPair(h["Cookie"], func(name, value string) {
			if name = strings.TrimRight(name, " \t"); name+value != "" {
				got = append(got, name+"="+value)
			}
		})
		if strings.Join(got, ";") != strings.Join(want, ";") {
			t.Errorf("of %q the site gets %q, want %q", line, got, want)
		}
	})
}

func TestHideCookies(t *testing.T) {
	for name, c := range map[string]struct{ lines, want []string }{
		"ours alone":       {[]string{"__Host-proconnect=v"}, nil},
		"ours among":       {[]string{"a=1; __Host-proconnect=v; b=2"}, []string{"a=1; b=2"}},
		"all of ours":      {[]string{"proconnect=1; __Host-proconnect_browser=2; __Secure-proconnect_id_token=3; proconnect_sandbox=4; c=5"}, []string{"c=5"}},
		"several lines":    {[]string{"a=1", "__Host-proconnect=v", "b=2; proconnect=w"}, []string{"a=1", "b=2"}},
		"none of ours":     {[]string{"a=1; proconnectx=2; proconnect-theme=dark"}, []string{"a=1; proconnectx=2; proconnect-theme=dark"}},
		"ours with spaces": {[]string{"a=1 ;  proconnect =v"}, []string{"a=1 "}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Cookie": slices.Clone(c.lines)}
			before := h["Cookie"]
			HideCookies(h, "proconnect")
			if !slices.Equal(h["Cookie"], c.want) {
				t.Errorf("got %q, want %q", h["Cookie"], c.want)
			}
			if !slices.Equal(before, c.lines) {
				t.Errorf("what the browser sent was changed to %q: the gate still reads it", before)
			}
		})
	}
}

// The name is written twice, because what may reach a site knows nothing of the sandbox.
func TestSandboxCookieIsHidden(t *testing.T) {
	if sandboxCookie != sandbox.CookieName {
		t.Errorf("the sandbox keeps %s, and %s is hidden", sandbox.CookieName, sandboxCookie)
	}
}
