package proconnect

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Only our own cookies are hidden from the site, by the grammar of their names. An
// application that speaks ProConnect itself has names that begin alike.
func TestOnlyOwnCookiesAreHidden(t *testing.T) {
	ours := []string{"proconnect_sandbox"}
	for _, prefix := range []string{"", "__Host-", "__Secure-"} {
		for _, port := range []string{"", "_8443", "_1", "_65535"} {
			for _, suffix := range []string{"", "_id_token", "_logout", "_rounds", "_login_0123456789", "_login_a", "_browser", "_busy", "_seen"} {
				ours = append(ours, prefix+"proconnect"+port+suffix)
			}
		}
	}
	for _, name := range ours {
		for _, pair := range []string{name + "=v", name, " " + name + " = v", name + "\t=v"} {
			h := http.Header{"Cookie": {"a=1; " + pair + "; b=2"}}
			if hideCookies(h, "proconnect"); h.Get("Cookie") != "a=1; b=2" {
				t.Errorf("%q stays: %q", pair, h.Get("Cookie"))
			}
		}
	}
	for _, name := range []string{
		"proconnect_state", "proconnect-x", "__Host-proconnect_token", "__Secure-proconnect_session", "proconnect_login", "proconnect_id_tokens",
		"proconnect_id_token_x", "proconnect_logout_url", "proconnect__seen", "proconnect_0", "proconnect_123456", "proconnect_8443x", "proconnect_8443_x",
		"proconnect_8443_8443", "proconnect8443", "proconnect_sandboxes", "Proconnect", "__Host-__Secure-proconnect", "__Host-__Host-proconnect",
		"__proconnect", "xproconnect", "proconnect.id_token", "proconnect-other", "proconnect-other_id_token", "__Host-proconnect_sandbox",
	} {
		h := http.Header{"Cookie": {"a=1; " + name + "=v; __Host-proconnect=ours; b=2"}}
		if hideCookies(h, "proconnect"); h.Get("Cookie") != "a=1; "+name+"=v; b=2" {
			t.Errorf("%s does not reach the site: %q", name, h.Get("Cookie"))
		}
	}
}

// Nothing that a client of ours sets is left out of the grammar.
func TestEveryCookieNameIsHidden(t *testing.T) {
	for _, secure := range []bool{false, true} {
		n := newCookieNames("proconnect-agents", secure)
		for _, name := range []string{n.session, n.login + "0123456789", n.idToken, n.logout, n.rounds} {
			if !oursByName(name+"=v", "proconnect-agents") {
				t.Errorf("%s reaches the site", name)
			}
		}
	}
}

// ownCookie is the grammar, written otherwise.
var ownCookie = regexp.MustCompile(`^(proconnect_sandbox|(__Host-|__Secure-)?proconnect(_[1-9][0-9]{0,4})?(|_id_token|_logout|_rounds|_browser|_busy|_seen|_login_.*))$`)

func FuzzCookieHeader(f *testing.F) {
	f.Add("a=1; __Host-proconnect=v; b=2")
	f.Add(`a="; proconnect=x`)
	f.Add("__Secure-proconnect_8443_id_token=x;proconnect_state=y;\tproconnect_login_ =z")
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		hideCookies(h, "proconnect")
		var want, got []string
		eachCookie([]string{line}, "", func(name, value string) {
			if name = strings.TrimRight(name, " \t"); !ownCookie.MatchString(name) && name+value != "" {
				want = append(want, name+"="+value)
			}
		})
		eachCookie(h["Cookie"], "", func(name, value string) {
			if name = strings.TrimRight(name, " \t"); name+value != "" {
				got = append(got, name+"="+value)
			}
		})
		if strings.Join(got, ";") != strings.Join(want, ";") {
			t.Errorf("of %q the site gets %q, want %q", line, got, want)
		}
	})
}
