package pages

import (
	"regexp"
	"strings"
	"testing"
)

func TestCSP(t *testing.T) {
	for _, view := range views {
		t.Run(view.pageName(), func(t *testing.T) {
			want := []string{"default-src 'none'", "style-src 'self'", "img-src 'self'", "base-uri 'none'", "form-action 'none'"}
			switch view.(type) {
			case Logout:
				want[4] = "form-action 'self'"
			case Leaving, LoggedOut, FormWithheld, PersonChanged:
			default:
				want = append(want, "script-src 'self'")
			}
			if _, framed := view.(Framed); !framed {
				want = append(want, "frame-ancestors 'none'")
			}
			if got := strings.Split(CSP(view), "; "); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// A form that the policy forbids is a button that does nothing; a script, a feature that
// is not there.
func TestPolicyFitsThePage(t *testing.T) {
	for _, view := range fullViews() {
		page, policy := render(t, "fr", testSite, "", view), CSP(view)
		if form, allowed := strings.Contains(page, "<form"), !strings.Contains(policy, "form-action 'none'"); form != allowed {
			t.Errorf("%s: has a form %v, may submit %v", view.pageName(), form, allowed)
		}
		if script, allowed := strings.Contains(page, "<script"), strings.Contains(policy, "script-src"); script != allowed {
			t.Errorf("%s: has a script %v, may run it %v", view.pageName(), script, allowed)
		}
	}
}

// Under a site's own `default-src 'self'; form-action 'self'` nothing works that stands in
// the page itself, that comes from elsewhere, or whose form leads elsewhere.
func TestPagesNeedNothingButTheSitesFiles(t *testing.T) {
	for _, view := range fullViews() {
		page := render(t, "fr", testSite, "", view)
		for name, pattern := range map[string]*regexp.Regexp{
			"a style of its own":     regexp.MustCompile(`<style|\sstyle=`),
			"a script of its own":    regexp.MustCompile(`<script>|<script\s[^>]*>[^<]|\son[a-z]+=|javascript:`),
			"data in an address":     regexp.MustCompile(`="data:`),
			"a file of elsewhere":    regexp.MustCompile(`<(link|script|img|iframe)[^>]*\s(href|src)="(https?:|//)`),
			"a file under no digest": regexp.MustCompile(`<(link|script|img)[^>]*\s(href|src)="(?:/\.proconnect/assets/[a-z]+-[0-9a-f]{16}\.)?[^/a-z]`),
			"a form to elsewhere":    regexp.MustCompile(`<form[^>]*\saction="(https?:|//)`),
			"a form that is a link":  regexp.MustCompile(`<form[^>]*\smethod="get"`),
		} {
			if m := pattern.FindString(page); m != "" {
				t.Errorf("%s: %s: %s", view.pageName(), name, m)
			}
		}
		for _, m := range loads.FindAllStringSubmatch(page, -1) {
			if name, ok := strings.CutPrefix(m[1], testSite.Files); !ok || FileNamed(name) == nil {
				t.Errorf("%s: loads %s, which is no file of ours", view.pageName(), m[1])
			}
		}
	}
}

// loads finds what a page loads.
var loads = regexp.MustCompile(`<(?:link|script|img)\b[^>]*\s(?:href|src)="([^"]*)"`)

// The name of a file changes with its bytes, so that it may be kept for ever; and opened by
// itself a file does nothing.
func TestFiles(t *testing.T) {
	if one, other := newFile("x", ".css", typeCSS, []byte("a")), newFile("x", ".css", typeCSS, []byte("b")); one.Name == other.Name {
		t.Errorf("two files are called %s", one.Name)
	}
	for name, f := range files {
		if f.Name != name || !regexp.MustCompile(`^[a-z]+-[0-9a-f]{16}\.(css|js|svg)$`).MatchString(name) || len(f.Body) == 0 {
			t.Errorf("%s: %+v", name, f.Name)
		}
		if !strings.Contains(f.CSP, "default-src 'none'") || !strings.HasSuffix(f.CSP, "; sandbox") {
			t.Errorf("%s: %s", name, f.CSP)
		}
	}
	for _, bad := range []string{"", ".", "..", "style.css", "style-.css", "../style.css", styleFile.Name + "x"} {
		if FileNamed(bad) != nil {
			t.Errorf("%q is a file", bad)
		}
	}
	for _, elsewhere := range []string{"@import", "url(", "</"} {
		if strings.Contains(string(styleCSS), elsewhere) {
			t.Errorf("the style holds %s", elsewhere)
		}
	}
}

// The official button keeps its label and its colours.
func TestOfficialButton(t *testing.T) {
	page := render(t, "en", testSite, "", Login{LoginURL: "/.proconnect/login?return_to=%2Fdocs%3Fa%3D1%26b%3D%22&x=2"})
	for _, want := range []string{
		`<a class="proconnect-button" href="/.proconnect/login?return_to=%2Fdocs%3Fa%3D1%26b%3D%22&amp;x=2">`,
		`<span class="label" lang="fr">S'identifier avec ProConnect</span>`,
		`fill="#000091"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("want %s in\n%s", want, page)
		}
	}
	if !strings.Contains(string(styleCSS), ".proconnect-button:hover .ground { fill: #1212ff; }") {
		t.Error("the button lost its colour under the pointer")
	}
}
