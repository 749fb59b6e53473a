package pages

import (
	"net/mail"
	"net/url"
	"strings"
)

// Site is what a site says of itself on every page. All is optional but Title.
type Site struct {
	Title    Text
	Audience Text   // who may enter, in words; shown before login
	Contact  Text   // whom to ask: an email address, an https URL, or free text
	Links    []Link // accessibility, legal notice, personal data
	Banner   string // [BannerSandbox], [BannerIntegration] or empty
	Logo     *File  // beside the title; nil: none
	Files    string // the path of the site under which each [File] is, with its last slash
}

// Text is words of the operator's.
type Text struct {
	Text string
	Lang string // the language they are in; empty: nobody says so
}

// Banners of a [Site], for environments in which an identity proves nothing.
const (
	BannerSandbox     = "sandbox"     // ProConnect is simulated
	BannerIntegration = "integration" // anybody can be anybody
)

// Link is a link in the footer. Its URL is https, http or a path of the same
// site; with any other, or none, the text is there without a link.
type Link struct {
	Text Text
	URL  string
}

// siteData is a Site made safe to print.
type siteData struct {
	Title, Audience textData
	Contact         linkData
	Links           []linkData
	Banner, Logo    string
}

// textData is a text, and whether a screen reader must not read it as it reads the page:
// it is in another language, or nobody knows in which (WCAG 2.2 criterion 3.1.2).
type textData struct {
	Text, Lang string
	Foreign    bool
}

type linkData struct {
	textData
	URL string
}

func (s Site) data(lang string) siteData {
	d := siteData{
		Title:    s.Title.data(lang, maxShort),
		Audience: s.Audience.data(lang, maxLong),
		Contact:  contactLink(s.Contact, lang),
	}
	if s.Banner == BannerSandbox || s.Banner == BannerIntegration {
		d.Banner = s.Banner
	}
	if s.Logo != nil {
		d.Logo = s.Files + s.Logo.Name
	}
	for _, l := range s.Links {
		if data := (linkData{l.Text.data(lang, maxShort), safeURL(l.URL)}); data.Text != "" {
			d.Links = append(d.Links, data)
		}
	}
	return d
}

func (t Text) data(lang string, limit int) textData {
	d := textData{Text: plain(t.Text, limit), Foreign: t.Lang != lang}
	if IsLanguage(t.Lang) {
		d.Lang = t.Lang
	}
	return d
}

// contactLink makes a link of an email address or an URL, which are of no language, and
// leaves other text, a phone number or the name of an office, as it is.
func contactLink(contact Text, lang string) linkData {
	d := linkData{textData: contact.data(lang, maxLong)}
	switch u := safeURL(d.Text); {
	case isEmail(d.Text):
		d.URL = "mailto:" + d.Text
	case !strings.HasPrefix(u, "/"):
		d.URL = u
	}
	d.Foreign = d.Foreign && d.URL == ""
	return d
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
