package caddytest

import (
	"net/http"
	"strings"
)

// Cookies are what the browser keeps for its site, in a Cookie header.
func (b *Browser) Cookies() string {
	var pairs []string
	for _, c := range b.SiteCookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// SiteCookies are those that the browser sends to its site.
func (b *Browser) SiteCookies() []*http.Cookie {
	return b.Jar.Cookies(b.Home())
}

// Named is the name that a cookie of ours has at the browser's site: a port that is not
// the scheme's own is part of it. Other names stay.
func (b *Browser) Named(name string) string {
	m := ourCookie.FindStringSubmatch(name)
	if m == nil || b.Home().Port() == "" {
		return name
	}
	return m[1] + "_" + b.Home().Port() + m[2]
}

// Cookie is the value of one cookie of the browser's, by the name that it has without a
// port; empty if it has none.
func (b *Browser) Cookie(name string) string {
	for _, c := range b.SiteCookies() {
		if c.Name == b.Named(name) {
			return c.Value
		}
	}
	return ""
}

// FindSession returns the cookie of a session, of whichever client; nil if there is none.
func (b *Browser) FindSession() *http.Cookie {
	for _, c := range b.SiteCookies() {
		if sessionCookie.MatchString(c.Name) {
			return c
		}
	}
	return nil
}

// FindCookie returns the one cookie whose name holds a text; nil if there is none.
func (b *Browser) FindCookie(part string) *http.Cookie {
	for _, c := range b.SiteCookies() {
		if strings.Contains(c.Name, part) {
			return c
		}
	}
	return nil
}

// Plant puts a cookie into the browser, in the place of one of that name without a port.
func (b *Browser) Plant(name, value string) {
	name = b.Named(name)
	b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: strings.HasPrefix(name, "__")}})
}

// SetCookie gives the browser a cookie, or another browser's.
func (b *Browser) SetCookie(c *http.Cookie) {
	b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
}

// BrowserSecret is a cookie of a client's that names a browser, for requests that no
// Browser sends. The name is that of the cookie.
func BrowserSecret(name string) string { return name + "=" + strings.Repeat("A", 43) }
