package pages

import (
	"net/mail"
	"net/url"
	"strings"
)

// Site is what a site says of itself on every page. All is optional but Title.
type Site struct {
	Title    string
	Audience string // who may enter, in words; shown before login
	Contact  string // whom to ask: an email address, an https URL, or free text
	Links    []Link // accessibility, legal notice, personal data
	Banner   string // [BannerSandbox], [BannerIntegration] or empty
	Files    string // the path of the site under which each [File] is, with its last slash
}

// Banners of a [Site], for environments in which an identity proves nothing.
const (
	BannerSandbox     = "sandbox"     // ProConnect is simulated
	BannerIntegration = "integration" // anybody can be anybody
)

// Link is a link in the footer. Its URL is https, http or a path of the same
// site; with any other, or none, the text is there without a link.
type Link struct{ Text, URL string }

// siteData is a Site made safe to print.
type siteData struct {
	Title, Audience string
	Contact         Link
	Links           []Link
	Banner          string
}

func (s Site) data() siteData {
	d := siteData{
		Title:    plain(s.Title, maxShort),
		Audience: plain(s.Audience, maxLong),
		Contact:  contactLink(s.Contact),
	}
	if s.Banner == BannerSandbox || s.Banner == BannerIntegration {
		d.Banner = s.Banner
	}
	for _, l := range s.Links {
		l = Link{plain(l.Text, maxShort), safeURL(l.URL)}
		if l.Text != "" {
			d.Links = append(d.Links, l)
		}
	}
	return d
}

// contactLink makes a link of an email address or an URL, and leaves other
// text, a phone number or the name of an office, as it is.
func contactLink(contact string) Link {
	text := plain(contact, maxLong)
	if isEmail(text) {
		return Link{text, "mailto:" + text}
	}
	if u := safeURL(text); !strings.HasPrefix(u, "/") {
		return Link{text, u}
	}
	return Link{Text: text}
}

// isEmail says whether s is one bare address. What could add fields to a mailto
// URL (RFC 6068 section 2) is no address here.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s && !strings.ContainsAny(s, " ?&%\"'<>(),:;\\")
}

// safeURL returns s if it is an absolute https or http URL or a path of the
// same origin, else nothing: javascript:, data: and the like never become a link.
func safeURL(s string) string {
	if isPath(s) {
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return s
}

// isPath says whether s is a path of the same origin, with or without a query.
// Browsers read a backslash as a slash and drop tabs and line breaks (WHATWG URL
// section 4.4), so that /\evil and /<tab>/evil leave the site like //evil.
func isPath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") {
		return false
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}
